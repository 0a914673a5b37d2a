//! `Idempotency-Key` (W5): the response is stored in the transaction of the change and returned for repeated requests.

use std::future::{Ready, ready};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use aws_lc_rs::hmac;
use chrono::TimeDelta;
use domain::Timestamp;
use domain::authority::Role;
use domain::id::AccountId;
use domain::limits::{IDEMPOTENCY_HOURS, IDEMPOTENCY_KEY_MAX};
use domain::refusal::Refusal;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use persistence::idempotency::{Kept, NewKept};
use persistence::{StoreConnection, accounts, idempotency};

use super::answer::Answer;
use super::body::Body;
use super::names::is_name;
use crate::access::Actor;
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
    /// A request without an idempotency key.
    #[must_use]
    pub const fn without_key() -> Self {
        Self(None)
    }

    /// The key of one part of the request, for requests that are executed in several transactions.
    #[must_use]
    pub fn part(&self, number: usize) -> Self {
        Self(self.0.as_ref().map(|(key, fingerprint)| (format!("{key}#{number}"), fingerprint.clone())))
    }

    /// The key, if there is one.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.0.as_ref().map(|(key, _)| key.as_str())
    }

    /// The stored response of an earlier request with the same key, if there is one. Refused if the caller may not see
    /// it any more. Locks the key until the transaction ends.
    pub fn kept(&self, tx: &mut StoreConnection, caller: Caller<'_>, now: Timestamp) -> Result<Option<Answer>> {
        kept_all(tx, &[(self, caller)], now)?.pop().flatten().transpose()
    }

    /// Runs an operation and stores its response, or returns the response stored for `caller`. The operation returns,
    /// beside its response, the account that this is about. Only successful responses are stored: a refusal changes
    /// nothing, so a repetition is decided anew.
    pub fn carry_out(
        &self,
        tx: &mut StoreConnection,
        caller: Caller<'_>,
        now: Timestamp,
        operation: impl FnOnce(&mut StoreConnection) -> Result<(Answer, Option<AccountId>)>,
    ) -> Result<Answer> {
        if let Some(kept) = self.kept(tx, caller, now)? {
            return Ok(kept);
        }
        let (answer, account) = operation(tx)?;
        keep_all(tx, &[ToKeep { request: self, caller, answer: &answer, account, now }])?;
        Ok(answer)
    }
}

/// For each request: the stored response of an earlier one with the same key, the refusal to show it, or `None` if there is
/// none. Locks the keys until the transaction ends.
pub fn kept_all(
    tx: &mut StoreConnection,
    requests: &[(&IdempotentRequest, Caller<'_>)],
    now: Timestamp,
) -> Result<Vec<Option<Result<Answer>>>> {
    let mut answers: Vec<_> = requests.iter().map(|_| None).collect();
    let with_key = requests.iter().enumerate().filter_map(|(place, (request, caller))| {
        let (key, fingerprint) = request.0.as_ref()?;
        Some((place, (caller.name(), key), *caller, fingerprint))
    });
    let with_key: Vec<_> = with_key.collect();
    let keys: Vec<_> = with_key.iter().map(|(_, (name, key), ..)| (name.as_str(), key.as_str())).collect();
    let locked = idempotency::lock_all(tx, &keys)?;
    // What another transaction has locked may be changing, and is none of ours.
    let own: Vec<_> = keys.iter().zip(&locked).filter(|(_, locked)| **locked).map(|(key, _)| *key).collect();
    let mut kept = idempotency::find_all(tx, &own, now - TimeDelta::hours(IDEMPOTENCY_HOURS))?;
    let mut number = 0;
    for ((place, _, caller, fingerprint), locked) in with_key.iter().zip(locked) {
        if !locked {
            answers[*place] = Some(Err(Refusal::IdempotencyKeyInUse.into()));
            continue;
        }
        let kept = kept.remove(&number);
        answers[*place] = kept.map(|kept| caller.check_sees(tx, &kept).and_then(|()| replay(kept, fingerprint)));
        number += 1;
    }
    Ok(answers)
}

/// A response to be stored, if its request has a key.
#[derive(Debug, Clone, Copy)]
pub struct ToKeep<'a> {
    /// The request.
    pub request: &'a IdempotentRequest,
    /// Who sent it.
    pub caller: Caller<'a>,
    /// The response.
    pub answer: &'a Answer,
    /// The account that it is about.
    pub account: Option<AccountId>,
    /// When it was given.
    pub now: Timestamp,
}

/// Stores responses. Refused if one of the keys has one by now; the transaction must then be rolled back.
pub fn keep_all(tx: &mut StoreConnection, responses: &[ToKeep<'_>]) -> Result<()> {
    let kept = responses.iter().filter_map(|ToKeep { request, caller, answer, account, now }| {
        let (key, fingerprint) = request.0.as_ref()?;
        let kept = Kept {
            fingerprint: fingerprint.clone(),
            status: i16::try_from(answer.status).unwrap_or(i16::MAX),
            location: answer.location.clone(),
            etag: answer.etag.clone(),
            body: packed(&answer.body),
            account: *account,
            role: caller.role(),
        };
        Some((caller.name(), key, kept, *now))
    });
    let kept: Vec<_> = kept.collect();
    let rows: Vec<_> =
        kept.iter().map(|(name, key, kept, now)| NewKept { key: (name, key), kept, now: *now }).collect();
    if idempotency::keep_all(tx, &rows)? { Ok(()) } else { Err(Refusal::IdempotencyKeyInUse.into()) }
}

/// Whose idempotency key it is.
#[derive(Debug, Clone, Copy)]
pub enum Caller<'a> {
    /// A signed-in member or API client.
    Actor(&'a Actor),
    /// Somebody else, by name.
    Named(&'a str),
}

impl Caller<'_> {
    fn name(self) -> String {
        match self {
            Self::Actor(actor) => actor.name(),
            Self::Named(name) => name.to_owned(),
        }
    }

    fn role(self) -> Option<Role> {
        match self {
            Self::Actor(actor) => Some(actor.role()),
            Self::Named(_) => None,
        }
    }

    /// Refuses a stored response that the caller could not get today: one about an account that it can't see any more,
    /// or one for a role of which it has only a part now.
    fn check_sees(self, tx: &mut StoreConnection, kept: &Kept) -> Result<()> {
        let Self::Actor(actor) = self else { return Ok(()) };
        if let Some(account) = kept.account
            && !accounts::is_in_scope(tx, &actor.scope(), account)?
        {
            return Err(Refusal::NotFound.into());
        }
        if kept.role.is_some_and(|role| !actor.role().includes(role)) {
            return Err(Refusal::Forbidden.into());
        }
        Ok(())
    }
}

/// Bodies from this length on are stored compressed.
const PACKED_OCTETS: usize = 4096;
/// How a compressed body begins (RFC 1952). No JSON begins like that.
const GZIP: [u8; 2] = [0x1f, 0x8b];

fn packed(body: &[u8]) -> Vec<u8> {
    if body.len() < PACKED_OCTETS {
        return body.to_vec();
    }
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    let done = packer.write_all(body).and_then(|()| packer.finish());
    done.unwrap_or_else(|_| body.to_vec())
}

fn unpacked(body: Vec<u8>) -> Result<Vec<u8>> {
    if !body.starts_with(&GZIP) {
        return Ok(body);
    }
    let mut text = Vec::new();
    GzDecoder::new(body.as_slice()).read_to_end(&mut text).map_err(|error| {
        tracing::error!(%error, "a stored answer can't be read");
        Error::new(ErrorCode::Internal, "The service failed. Nothing was changed. Report the `request_id` to support.")
    })?;
    Ok(text)
}

fn replay(kept: Kept, fingerprint: &[u8]) -> Result<Answer> {
    if kept.fingerprint != fingerprint {
        return Err(Refusal::IdempotencyKeyReused.into());
    }
    let Kept { status, location, etag, body, fingerprint: _, account: _, role: _ } = kept;
    Ok(Answer {
        status: u16::try_from(status).unwrap_or(500),
        location,
        etag,
        link: None,
        body: unpacked(body)?.into(),
        replayed: true,
    })
}
