//! Request bodies: read within limits, then parsed so that all faults are reported at once (W1, W2).

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use domain::fault::Fault;
use domain::limits;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};
use utoipa::PartialSchema;
use validator::ValidateArgs;

use super::validation::{Received, Valid, validate};
use crate::error::{Error, ErrorCode, Result, value_error};

/// The octets of a request body. Faults are reported only after the caller's authority was checked.
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

    /// Parses the body into a command. Faults are kept until the caller's authority was checked.
    #[must_use]
    pub fn parse<R, C>(&self) -> Parsed<C>
    where
        R: DeserializeOwned + PartialSchema + for<'a> ValidateArgs<'a, Args = ()>,
        C: From<Valid<R>>,
    {
        Parsed(self.json::<R>().and_then(|request| validate(request, ())).map(C::from))
    }

    /// Parses a body whose rules depend on the configuration.
    #[must_use]
    pub fn parse_with<'a, R, C>(&self, context: R::Args) -> Parsed<C>
    where
        R: DeserializeOwned + PartialSchema + ValidateArgs<'a>,
        C: From<Valid<R>>,
    {
        Parsed(self.json::<R>().and_then(|request| validate(request, context)).map(C::from))
    }

    /// Parses a merge patch, which must have at least one field.
    #[must_use]
    pub fn parse_patch<R, C>(&self) -> Parsed<C>
    where
        R: DeserializeOwned + PartialSchema + for<'a> ValidateArgs<'a, Args = ()>,
        C: From<Valid<R>>,
    {
        self.parse_patch_with::<R, C>(())
    }

    /// Parses a merge patch whose rules depend on the configuration.
    #[must_use]
    pub fn parse_patch_with<'a, R, C>(&self, context: R::Args) -> Parsed<C>
    where
        R: DeserializeOwned + PartialSchema + ValidateArgs<'a>,
        C: From<Valid<R>>,
    {
        let names_nothing = |named: Map<String, Value>| named.is_empty();
        let is_empty = self.is_json && serde_json::from_slice(&self.octets).is_ok_and(names_nothing);
        Parsed(refuse_empty(is_empty).and_then(|()| self.parse_with::<R, C>(context).0))
    }

    /// Parses a body that may be absent; an absent body counts as an empty object.
    #[must_use]
    pub fn parse_or_default<R, C>(&self) -> Parsed<C>
    where
        R: DeserializeOwned + Default + PartialSchema + for<'a> ValidateArgs<'a, Args = ()>,
        C: From<Valid<R>>,
    {
        Parsed(self.json_or_nothing::<R>().and_then(|request| validate(request, ())).map(C::from))
    }

    /// Reads a JSON object. An absent body counts as an empty object.
    pub fn json_or_nothing<R: DeserializeOwned + Default>(&self) -> Result<Received<R>> {
        if self.octets.is_empty() { Ok(Received::default()) } else { self.json() }
    }

    /// Reads a JSON object. The [`Field`](crate::http::field::Field)s of `R` keep the faults of single fields.
    pub fn json<R: DeserializeOwned>(&self) -> Result<Received<R>> {
        if !self.is_json {
            return Err(Error::new(
                ErrorCode::UnsupportedMediaType,
                "Send the body with `Content-Type: application/json` (or, for changes, \
                 `application/merge-patch+json`).",
            ));
        }
        let mut json = serde_json::Deserializer::from_slice(&self.octets);
        // Serde would read a list as the fields of a struct.
        if !self.octets.trim_ascii_start().starts_with(b"{") {
            str::from_utf8(&self.octets).map_err(|_| Error::new(ErrorCode::MalformedJson, "The body is not UTF-8."))?;
            IgnoredAny::deserialize(&mut json).and_then(|_| json.end()).map_err(|error| malformed(&error))?;
            return Err(Error::validation(vec![value_error("", Fault::new("wrong_type", "Send one JSON object."))]));
        }
        let read = Received::read(&mut json);
        read.and_then(|request| json.end().map(|()| request)).map_err(|error| malformed(&error))
    }
}

/// A parsed body, or all its faults. Authority comes before validation (R8): an operation unwraps it only after
/// checking that the caller may do what it asks.
#[derive(Debug)]
pub struct Parsed<T>(Result<T>);

impl<T> Parsed<T> {
    /// Borrows the parsed body, because an operation may run more than once. Fails if the body has faults.
    pub fn get(&self) -> Result<&T> {
        self.0.as_ref().map_err(Error::clone)
    }

    /// Returns the parsed body, for operations that need no authority. Fails if the body has faults.
    pub fn into_inner(self) -> Result<T> {
        self.0
    }
}

fn malformed(error: &serde_json::Error) -> Error {
    let detail = format!("Line {}, column {}: {}", error.line(), error.column(), reason(error));
    Error::new(ErrorCode::MalformedJson, detail)
}

/// The error without its position, which the caller adds, and without quotations from the body.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rfind(" at line ").map_or(text.as_str(), |end| &text[..end]);
    format!("{text}.")
}

impl FromRequest for Body {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

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
                let detail = format!("The body did not arrive within {} seconds.", limits::BODY_SECONDS);
                Err(Error::new(ErrorCode::RequestTimeout, detail))
            })?;
            Ok(Self { octets, is_json })
        })
    }
}

async fn collect(payload: &mut Payload) -> Result<Bytes> {
    let mut octets = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Error::new(ErrorCode::BadRequest, "The body is incomplete."))?;
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

/// Refuses a change that has no fields.
pub fn refuse_empty(is_empty: bool) -> Result<()> {
    if is_empty {
        let fault = Fault::new("empty", "Give at least one field to change.");
        return Err(Error::validation(vec![value_error("", fault)]));
    }
    Ok(())
}
