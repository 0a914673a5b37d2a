//! `Idempotency-Key` (W5): the response is stored in the transaction of the change and returned for repeated requests.

use std::future::{Ready, ready};
use std::io;
use std::path::Path;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use aws_lc_rs::hmac;
use chrono::TimeDelta;
use domain::Timestamp;
use domain::limits::{IDEMPOTENCY_HOURS, IDEMPOTENCY_KEY_MAX};
use domain::refusal::Refusal;
use persistence::idempotency::Kept;
use persistence::{StoreConnection, idempotency};

use super::answer::Answer;
use super::body::Body;
use super::names::is_name;
use crate::error::{Error, ErrorCode, Result};
use crate::security::key_files;

const KIND: &str = "fingerprint";

/// The HMAC key of request fingerprints. Bodies can contain passwords, which could be guessed from plain hashes by
/// somebody with a copy of the database.
pub type Fingerprints = Arc<hmac::Key>;

/// Loads the fingerprint key from the data directory. Creates it if there is none.
pub fn open_fingerprints(data_dir: &Path, now: Timestamp) -> io::Result<Fingerprints> {
    if key_files::read(data_dir, KIND)?.is_empty() {
        key_files::add_random(data_dir, KIND, now)?;
    }
    let oldest = key_files::read(data_dir, KIND)?.into_iter().next();
    let octets = oldest.map(|file| file.octets).ok_or_else(|| io::Error::other("the key just made is gone"))?;
    Ok(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, &octets)))
}

/// The name of the request header.
pub const HEADER: &str = "Idempotency-Key";

/// The idempotency key of a request, if it has one, before it is bound to the body.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    key: Option<String>,
    line: String,
    secret: Fingerprints,
}

impl IdempotencyKey {
    /// Binds the key to a body: the same key with another body is a different request.
    #[must_use]
    pub fn with_body(self, body: &Body) -> IdempotentRequest {
        self.with_octets(body.octets())
    }

    /// Binds the key to a body and a query string, for requests whose meaning depends on both.
    #[must_use]
    pub fn with_query(mut self, query: &str, octets: &[u8]) -> IdempotentRequest {
        self.line = format!("{}?{query}", self.line);
        self.with_octets(octets)
    }

    /// Binds the key to a request without a body.
    #[must_use]
    pub fn without_body(self) -> IdempotentRequest {
        self.with_octets(&[])
    }

    fn with_octets(self, octets: &[u8]) -> IdempotentRequest {
        let key = self.key.map(|key| {
            let mut fingerprint = hmac::Context::with_key(&self.secret);
            fingerprint.update(self.line.as_bytes());
            fingerprint.update(&[0]);
            fingerprint.update(octets);
            (key, fingerprint.sign().as_ref().to_vec())
        });
        IdempotentRequest(key)
    }
}

impl FromRequest for IdempotencyKey {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let line = format!("{} {}", request.method(), request.path());
        let Some(secret) = request.app_data::<Fingerprints>().cloned() else {
            return ready(Err(Error::new(
                ErrorCode::Internal,
                "The service failed. Nothing was changed. Report the `request_id` to support.",
            )));
        };
        let Some(value) = request.headers().get(HEADER) else { return ready(Ok(Self { key: None, line, secret })) };
        let key = value.to_str().ok().filter(|key| is_name(key, IDEMPOTENCY_KEY_MAX));
        ready(key.map(|key| Self { key: Some(key.to_owned()), line, secret }).ok_or_else(|| {
            let detail = format!("`{HEADER}` must have 1–{IDEMPOTENCY_KEY_MAX} visible ASCII characters.");
            Error::new(ErrorCode::InvalidHeader, detail)
        }))
    }
}

/// The idempotency key and fingerprint of a request, by which a repetition is recognised; empty if it has no key.
#[derive(Debug, Clone)]
pub struct IdempotentRequest(Option<(String, Vec<u8>)>);

impl IdempotentRequest {
    /// The key of one part of the request, for requests that are executed in several transactions.
    #[must_use]
    pub fn part(&self, number: usize) -> Self {
        Self(self.0.as_ref().map(|(key, fingerprint)| (format!("{key}#{number}"), fingerprint.clone())))
    }

    /// The stored response of an earlier request with the same key, if there is one. Locks the key until the
    /// transaction ends.
    pub fn kept(&self, tx: &mut StoreConnection, caller: &str, now: Timestamp) -> Result<Option<Answer>> {
        let Some((key, fingerprint)) = &self.0 else { return Ok(None) };
        let since = now - TimeDelta::hours(IDEMPOTENCY_HOURS);
        if !idempotency::lock(tx, caller, key)? {
            return Err(Refusal::IdempotencyKeyInUse.into());
        }
        idempotency::find(tx, caller, key, since)?.map(|kept| replay(kept, fingerprint)).transpose()
    }

    /// Runs an operation and stores its response, or returns the response stored for `caller`. Only successful
    /// responses are stored: a refusal changes nothing, so a repetition is decided anew.
    pub fn carry_out(
        &self,
        tx: &mut StoreConnection,
        caller: &str,
        now: Timestamp,
        operation: impl FnOnce(&mut StoreConnection) -> Result<Answer>,
    ) -> Result<Answer> {
        if let Some(kept) = self.kept(tx, caller, now)? {
            return Ok(kept);
        }
        let Some((key, fingerprint)) = &self.0 else { return operation(tx) };
        let answer = operation(tx)?;
        let kept = Kept {
            fingerprint: fingerprint.clone(),
            status: i16::try_from(answer.status).unwrap_or(i16::MAX),
            location: answer.location.clone(),
            etag: answer.etag.clone(),
            body: answer.body.to_vec(),
        };
        if !idempotency::keep(tx, caller, key, &kept, now)? {
            return Err(Refusal::IdempotencyKeyInUse.into());
        }
        Ok(answer)
    }
}

fn replay(kept: Kept, fingerprint: &[u8]) -> Result<Answer> {
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
