//! `Idempotency-Key` (W5): the first answer is kept in the transaction of the change, and given again.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use aws_lc_rs::digest;
use chrono::TimeDelta;
use domain::Timestamp;
use domain::limits::{IDEMPOTENCY_HOURS, IDEMPOTENCY_KEY_MAX};
use domain::refusal::Refusal;
use persistence::StoreConnection;
use persistence::idempotency::{self, Kept};

use super::answer::Answer;
use super::body::Body;
use super::error::Error;
use super::error_code::ErrorCode;

/// The name of the header.
pub const HEADER: &str = "Idempotency-Key";

/// Whether and how a request wants to be carried out once.
#[derive(Debug, Clone)]
pub struct Once {
    key: Option<String>,
    line: String,
}

impl Once {
    /// Ties the wish to a body: the same key with another body is another request.
    #[must_use]
    pub fn over(self, body: &Body) -> Repeatable {
        self.over_octets(body.octets())
    }

    /// The same for a request without a body.
    #[must_use]
    pub fn bare(self) -> Repeatable {
        self.over_octets(&[])
    }

    fn over_octets(self, octets: &[u8]) -> Repeatable {
        let key = self.key.map(|key| {
            let mut fingerprint = digest::Context::new(&digest::SHA256);
            fingerprint.update(self.line.as_bytes());
            fingerprint.update(&[0]);
            fingerprint.update(octets);
            (key, fingerprint.finish().as_ref().to_vec())
        });
        Repeatable(key)
    }
}

impl FromRequest for Once {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let line = format!("{} {}", request.method(), request.path());
        let Some(value) = request.headers().get(HEADER) else { return ready(Ok(Self { key: None, line })) };
        let key = value.to_str().ok().filter(|key| !key.is_empty() && key.len() <= IDEMPOTENCY_KEY_MAX);
        ready(key.map(|key| Self { key: Some(key.to_owned()), line }).ok_or_else(|| {
            let detail = format!("`{HEADER}` takes 1–{IDEMPOTENCY_KEY_MAX} visible ASCII characters.");
            Error::new(ErrorCode::InvalidHeader, detail)
        }))
    }
}

/// A request that can be recognised when it comes again: its key and its fingerprint, if it has a key.
#[derive(Debug, Clone)]
pub struct Repeatable(Option<(String, Vec<u8>)>);

impl Repeatable {
    /// Carries out an operation, or gives the answer that it gave `caller` the first time. Only success is kept: a
    /// refusal changed nothing, so it is decided anew.
    pub fn carry_out(
        &self,
        tx: &mut StoreConnection,
        caller: &str,
        now: Timestamp,
        operation: impl FnOnce(&mut StoreConnection) -> Result<Answer, Error>,
    ) -> Result<Answer, Error> {
        let Some((key, fingerprint)) = &self.0 else { return operation(tx) };
        let since = now - TimeDelta::hours(IDEMPOTENCY_HOURS);
        if !idempotency::lock(tx, caller, key)? {
            return Err(Refusal::IdempotencyKeyInUse.into());
        }
        if let Some(kept) = idempotency::find(tx, caller, key, since)? {
            return replay(kept, fingerprint);
        }
        let answer = operation(tx)?;
        let kept = Kept {
            fingerprint: fingerprint.clone(),
            status: i16::try_from(answer.status).unwrap_or(i16::MAX),
            location: answer.location.clone(),
            etag: answer.etag.clone(),
            body: answer.body.to_vec(),
        };
        if !idempotency::keep(tx, caller, key, &kept, now, since)? {
            return Err(Refusal::IdempotencyKeyInUse.into());
        }
        Ok(answer)
    }
}

fn replay(kept: Kept, fingerprint: &[u8]) -> Result<Answer, Error> {
    if kept.fingerprint != fingerprint {
        return Err(Refusal::IdempotencyKeyReused.into());
    }
    let Kept { status, location, etag, body, fingerprint: _ } = kept;
    Ok(Answer {
        status: u16::try_from(status).unwrap_or(500),
        location,
        etag,
        link: None,
        body: body.into(),
        replayed: true,
    })
}
