//! `Idempotency-Key` (W5): the first answer is kept in the transaction of the change, and given again.

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
use crate::error::{Error, ErrorCode};
use crate::security::key_files;

const KIND: &str = "fingerprint";

/// The key of fingerprints: bodies can hold passwords, which a plain hash would let anybody guess who has a copy of the
/// database.
pub type Fingerprints = Arc<hmac::Key>;

/// Reads the key of fingerprints from the data directory, and makes it if there is none.
pub fn open_fingerprints(data_dir: &Path, now: Timestamp) -> io::Result<Fingerprints> {
    if key_files::read(data_dir, KIND)?.is_empty() {
        key_files::add_random(data_dir, KIND, now)?;
    }
    let oldest = key_files::read(data_dir, KIND)?.into_iter().next();
    let octets = oldest.map(|file| file.octets).ok_or_else(|| io::Error::other("the key just made is gone"))?;
    Ok(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, &octets)))
}

/// The name of the header.
pub const HEADER: &str = "Idempotency-Key";

/// Whether and how a request wants to be carried out once.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    key: Option<String>,
    line: String,
    secret: Fingerprints,
}

impl IdempotencyKey {
    /// Ties the wish to a body: the same key with another body is another request.
    #[must_use]
    pub fn with_body(self, body: &Body) -> IdempotentRequest {
        self.with_octets(body.octets())
    }

    /// The same for a request whose meaning depends on its query as well.
    #[must_use]
    pub fn with_query(mut self, query: &str, octets: &[u8]) -> IdempotentRequest {
        self.line = format!("{}?{query}", self.line);
        self.with_octets(octets)
    }

    /// The same for a request without a body.
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
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let line = format!("{} {}", request.method(), request.path());
        let Some(secret) = request.app_data::<Fingerprints>().cloned() else {
            return ready(Err(Error::new(ErrorCode::Internal, "This is our fault. Nothing was changed.")));
        };
        let Some(value) = request.headers().get(HEADER) else { return ready(Ok(Self { key: None, line, secret })) };
        let key = value.to_str().ok().filter(|key| is_name(key, IDEMPOTENCY_KEY_MAX));
        ready(key.map(|key| Self { key: Some(key.to_owned()), line, secret }).ok_or_else(|| {
            let detail = format!("`{HEADER}` takes 1–{IDEMPOTENCY_KEY_MAX} visible ASCII characters.");
            Error::new(ErrorCode::InvalidHeader, detail)
        }))
    }
}

/// A request that can be recognised when it comes again: its key and its fingerprint, if it has a key.
#[derive(Debug, Clone)]
pub struct IdempotentRequest(Option<(String, Vec<u8>)>);

impl IdempotentRequest {
    /// A part of the request, which is carried out by itself.
    #[must_use]
    pub fn part(&self, number: usize) -> Self {
        Self(self.0.as_ref().map(|(key, fingerprint)| (format!("{key}#{number}"), fingerprint.clone())))
    }

    /// The answer that the request got the first time, if it did. Until the transaction ends, its key is nobody else's.
    pub fn kept(&self, tx: &mut StoreConnection, caller: &str, now: Timestamp) -> Result<Option<Answer>, Error> {
        let Some((key, fingerprint)) = &self.0 else { return Ok(None) };
        let since = now - TimeDelta::hours(IDEMPOTENCY_HOURS);
        if !idempotency::lock(tx, caller, key)? {
            return Err(Refusal::IdempotencyKeyInUse.into());
        }
        idempotency::find(tx, caller, key, since)?.map(|kept| replay(kept, fingerprint)).transpose()
    }

    /// Carries out an operation, or gives the answer that it gave `caller` the first time. Only success is kept: a
    /// refusal changed nothing, so it is decided anew.
    pub fn carry_out(
        &self,
        tx: &mut StoreConnection,
        caller: &str,
        now: Timestamp,
        operation: impl FnOnce(&mut StoreConnection) -> Result<Answer, Error>,
    ) -> Result<Answer, Error> {
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
