//! Request bodies: read within limits, then parsed so that every fault is named at once (W1, W2).

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use domain::fault::Fault;
use domain::limits;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};

use crate::error::{Error, ErrorCode, ValueError, value_error};

/// The octets of a request body. It is parsed after the caller was found to be allowed to send it.
#[derive(Debug, Clone)]
pub struct Body {
    octets: Bytes,
    is_json: bool,
}

impl Body {
    /// The octets.
    #[must_use]
    pub fn octets(&self) -> &Bytes {
        &self.octets
    }

    /// The same for an operation that needs no body: without one, no member is given.
    pub fn json_or_nothing<T: DeserializeOwned + Default>(&self) -> Result<T, Error> {
        if self.octets.is_empty() { Ok(T::default()) } else { self.json() }
    }

    /// Parses a JSON object. What is wrong with single members is for `T`'s [`Field`]s to keep.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        if !self.is_json {
            return Err(Error::new(
                ErrorCode::UnsupportedMediaType,
                "Send the body as `Content-Type: application/json` (a change may be `application/merge-patch+json` too).",
            ));
        }
        serde_json::from_slice(&self.octets).map_err(|error| {
            // A body that is JSON but no object is a wrong value; all else is no JSON that we can take.
            if error.is_data() && error.to_string().starts_with("invalid type") {
                let fault = Fault::new("wrong_type", "Send one JSON object.");
                return Error::validation(vec![value_error("", fault)]);
            }
            Error::new(
                ErrorCode::MalformedJson,
                format!("Line {}, column {}: {}", error.line(), error.column(), reason(&error)),
            )
        })
    }
}

/// What is wrong, without the place, which the message has already, and without quoting the body.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rfind(" at line ").map_or(text.as_str(), |end| &text[..end]);
    format!("{text}.")
}

impl FromRequest for Body {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_json = media == "application/json" || media == "application/merge-patch+json";
        let announced =
            request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let mut payload = payload.take();
        Box::pin(async move {
            if announced.is_some_and(|length: u64| length > limits::BODY_MAX as u64) {
                return Err(too_large());
            }
            let read = tokio::time::timeout(Duration::from_secs(limits::BODY_SECONDS), collect(&mut payload)).await;
            let octets = read.unwrap_or_else(|_| {
                let detail = format!("The body has to arrive within {} seconds.", limits::BODY_SECONDS);
                Err(Error::new(ErrorCode::RequestTimeout, detail))
            })?;
            Ok(Self { octets, is_json })
        })
    }
}

async fn collect(payload: &mut Payload) -> Result<Bytes, Error> {
    let mut octets = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Error::new(ErrorCode::BadRequest, "The body could not be read to its end."))?;
        if octets.len() + chunk.len() > limits::BODY_MAX {
            return Err(too_large());
        }
        octets.extend_from_slice(&chunk);
    }
    Ok(octets.freeze())
}

fn too_large() -> Error {
    Error::new(ErrorCode::BodyTooLarge, format!("Send at most {} bytes.", limits::BODY_MAX))
}

/// A member of a body: absent, `null`, of a wrong type, or a value. Reading one never fails, so that a wrong member
/// does not hide the others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// The member is not there.
    #[default]
    Absent,
    /// The member is `null`.
    Null,
    /// The member is of another type.
    WrongType,
    /// The member has a value.
    Value(T),
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::Null => Self::Null,
            value => serde_json::from_value(whole(value)).map_or(Self::WrongType, Self::Value),
        })
    }
}

/// `12.0` is a whole number in JSON Schema, and some languages write all their numbers like that.
fn whole(value: Value) -> Value {
    /// Up to here every whole number has a double of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value.as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and exact")]
        Some(number) if value.is_f64() && number.fract() == 0.0 && number.abs() <= EXACT => Value::from(number as i64),
        _ => value,
    }
}

/// The names of members that the operation does not know, each of which is a fault (W1).
#[derive(Debug, Clone, Default)]
pub struct Unknown(Vec<String>);

impl<'de> Deserialize<'de> for Unknown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = BTreeMap::<String, IgnoredAny>::deserialize(deserializer)?;
        Ok(Self(members.into_keys().collect()))
    }
}

/// What a member's raw type is called in messages.
pub trait Raw: Borrow<Self::Borrowed> {
    /// As what a parser sees it.
    type Borrowed: ?Sized;
    /// With its article.
    const NAME: &'static str;
}

impl Raw for String {
    type Borrowed = str;
    const NAME: &'static str = "a string";
}

impl Raw for Vec<String> {
    type Borrowed = [String];
    const NAME: &'static str = "a list of strings";
}

impl Raw for bool {
    type Borrowed = bool;
    const NAME: &'static str = "true or false";
}

impl Raw for i64 {
    type Borrowed = i64;
    const NAME: &'static str = "a whole number";
}

/// Parses the members of a body and collects what is wrong with them.
#[derive(Debug)]
pub struct Members {
    errors: Vec<ValueError>,
}

impl Members {
    /// Starts with the members that are not known.
    #[must_use]
    pub fn new(Unknown(unknown): Unknown) -> Self {
        let errors = unknown
            .into_iter()
            .map(|name| {
                let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
                let pointer = pointer.chars().take(100).collect::<String>();
                value_error(pointer, Fault::new("unknown_member", "This operation has no such member. Remove it."))
            })
            .take(50)
            .collect();
        Self { errors }
    }

    /// A member that must have a value.
    pub fn required<T: Raw, U>(
        &mut self,
        pointer: &str,
        field: Field<T>,
        parse: impl FnOnce(&T::Borrowed) -> Result<U, Fault>,
    ) -> Option<U> {
        match field {
            Field::Absent => self.fault(pointer, Fault::required()),
            field => self.given(pointer, field, parse),
        }
    }

    /// A member that must have a value where something is created, and may be absent where it is changed.
    pub fn needed<T: Raw, U>(
        &mut self,
        creates: bool,
        pointer: &str,
        field: Field<T>,
        parse: impl FnOnce(&T::Borrowed) -> Result<U, Fault>,
    ) -> Option<U> {
        if creates { self.required(pointer, field, parse) } else { self.optional(pointer, field, parse) }
    }

    /// A list that may be absent, with a pointer of its own for each wrong item of it.
    pub fn list<U>(
        &mut self,
        pointer: &str,
        field: Field<Vec<String>>,
        parse: impl FnOnce(&[String]) -> Result<U, Vec<(Option<usize>, Fault)>>,
    ) -> Option<U> {
        let texts = self.optional(pointer, field, |texts| Ok(texts.to_vec()))?;
        self.selection(pointer, parse(&texts))
    }

    /// A member that may be absent, but not `null`.
    pub fn optional<T: Raw, U>(
        &mut self,
        pointer: &str,
        field: Field<T>,
        parse: impl FnOnce(&T::Borrowed) -> Result<U, Fault>,
    ) -> Option<U> {
        match field {
            Field::Absent => None,
            field => self.given(pointer, field, parse),
        }
    }

    /// A member that may be absent, or `null` to be without: `Some(None)`.
    pub fn nullable<T: Raw, U>(
        &mut self,
        pointer: &str,
        field: Field<T>,
        parse: impl FnOnce(&T::Borrowed) -> Result<U, Fault>,
    ) -> Option<Option<U>> {
        match field {
            Field::Null => Some(None),
            field => self.optional(pointer, field, parse).map(Some),
        }
    }

    fn given<T: Raw, U>(
        &mut self,
        pointer: &str,
        field: Field<T>,
        parse: impl FnOnce(&T::Borrowed) -> Result<U, Fault>,
    ) -> Option<U> {
        match field {
            Field::Value(value) => match parse(value.borrow()) {
                Ok(parsed) => Some(parsed),
                Err(fault) => self.fault(pointer, fault),
            },
            Field::Null => self.fault(pointer, Fault::new("null", format!("Give {}; null is not allowed.", T::NAME))),
            Field::WrongType => self.fault(pointer, Fault::new("wrong_type", format!("Give {}.", T::NAME))),
            Field::Absent => None,
        }
    }

    /// A member that is a selection, with a pointer of its own for each wrong item of it.
    pub fn selection<U>(&mut self, pointer: &str, parsed: Result<U, Vec<(Option<usize>, Fault)>>) -> Option<U> {
        let faults = match parsed {
            Ok(selection) => return Some(selection),
            Err(faults) => faults,
        };
        for (index, fault) in faults.into_iter().take(20) {
            let pointer = index.map_or_else(|| pointer.to_owned(), |index| format!("{pointer}/{index}"));
            self.fault::<()>(&pointer, fault);
        }
        None
    }

    /// Notes a fault; gives `None`, so that it can stand where a value is expected.
    pub fn fault<U>(&mut self, pointer: &str, fault: Fault) -> Option<U> {
        self.errors.push(value_error(pointer, fault));
        None
    }

    /// The command, if nothing was wrong.
    pub fn finish<U>(self, command: Option<U>) -> Result<U, Error> {
        match command {
            Some(command) if self.errors.is_empty() => Ok(command),
            _ => Err(Error::validation(self.errors)),
        }
    }
}

/// Refuses a body that changes nothing because it names no member.
pub fn refuse_empty(is_empty: bool) -> Result<(), Error> {
    if is_empty {
        let fault = Fault::new("empty", "Name at least one member to change.");
        return Err(Error::validation(vec![value_error("", fault)]));
    }
    Ok(())
}

/// The schema of a request that creates: that of the one that changes, of which it needs some members.
#[must_use]
pub fn needing(schema: RefOr<Schema>, members: &[&str], description: &str) -> RefOr<Schema> {
    let RefOr::T(Schema::Object(mut object)) = schema else { return schema };
    object.required = members.iter().map(ToString::to_string).collect();
    object.description = Some(description.to_owned());
    RefOr::T(Schema::Object(object))
}
