//! Request bodies: read within limits, then parsed so that every fault is named at once (W1, W2).

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use domain::fault::Fault;
use domain::limits;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::PartialSchema;
use validator::ValidateArgs;

use super::validation::{Valid, validate};
use crate::error::{Error, ErrorCode, value_error};

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

    /// Reads a request into the command that it stands for. What is wrong with it waits until the caller's authority is known.
    #[must_use]
    pub fn parse<R, C>(&self) -> Parsed<C>
    where
        R: DeserializeOwned + PartialSchema + for<'a> ValidateArgs<'a, Args = ()>,
        C: From<Valid<R>>,
    {
        Parsed(self.json::<R>().and_then(|request| validate(request, ())).map(C::from))
    }

    /// Reads a request whose rules depend on what is configured.
    #[must_use]
    pub fn parse_with<'a, R, C>(&self, context: R::Args) -> Parsed<C>
    where
        R: DeserializeOwned + PartialSchema + ValidateArgs<'a>,
        C: From<Valid<R>>,
    {
        Parsed(self.json::<R>().and_then(|request| validate(request, context)).map(C::from))
    }

    /// Reads a merge patch, which names at least one member.
    #[must_use]
    pub fn parse_patch<R, C>(&self) -> Parsed<C>
    where
        R: DeserializeOwned + PartialSchema + for<'a> ValidateArgs<'a, Args = ()>,
        C: From<Valid<R>>,
    {
        self.parse_patch_with::<R, C>(())
    }

    /// Reads a merge patch whose rules depend on what is configured.
    #[must_use]
    pub fn parse_patch_with<'a, R, C>(&self, context: R::Args) -> Parsed<C>
    where
        R: DeserializeOwned + PartialSchema + ValidateArgs<'a>,
        C: From<Valid<R>>,
    {
        let named = self.json::<Map<String, Value>>().and_then(|named| refuse_empty(named.is_empty()));
        Parsed(named.and_then(|()| self.parse_with::<R, C>(context).0))
    }

    /// Reads a request that may be left out altogether.
    #[must_use]
    pub fn parse_or_default<R, C>(&self) -> Parsed<C>
    where
        R: DeserializeOwned + Default + PartialSchema + for<'a> ValidateArgs<'a, Args = ()>,
        C: From<Valid<R>>,
    {
        Parsed(self.json_or_nothing::<R>().and_then(|request| validate(request, ())).map(C::from))
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

/// What a body was read into, or everything that is wrong with it. Authority comes before validation (R8): an operation asks for it
/// once it knows that the caller may do what the body says.
#[derive(Debug)]
pub struct Parsed<T>(Result<T, Error>);

impl<T> Parsed<T> {
    /// What was read. It can be asked for again, because an operation may run again.
    pub fn get(&self) -> Result<&T, Error> {
        self.0.as_ref().map_err(Error::clone)
    }

    /// What was read, for those who need no authority.
    pub fn into_inner(self) -> Result<T, Error> {
        self.0
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

/// Refuses a body that changes nothing because it names no member.
pub fn refuse_empty(is_empty: bool) -> Result<(), Error> {
    if is_empty {
        let fault = Fault::new("empty", "Name at least one member to change.");
        return Err(Error::validation(vec![value_error("", fault)]));
    }
    Ok(())
}
