//! Stored responses to requests with an idempotency key (W5).

use std::collections::HashMap;

use diesel::dsl::{self, sum};
use diesel::prelude::*;
use diesel::query_builder::Query;
use diesel::sql_types::{Array, BigInt, Bool};
use domain::Timestamp;
use domain::authority::Role;
use domain::id::AccountId;

use crate::members::parse_role;
use crate::schema::idempotency_keys as rows;
use crate::store::connection::StoreConnection;
use crate::store::error::{Error, inserted};
use crate::store::key::Key;
use crate::store::rows::{Find, columns, insert};
use crate::store::text::length;
use crate::store::time::{Instant, column, instant};

/// The first response to a request with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The SHA-256 hash of the method, path and body of the request.
    pub fingerprint: Vec<u8>,
    /// The status code of the response.
    pub status: i16,
    /// The `Location` header of the response.
    pub location: Option<String>,
    /// The `ETag` header of the response.
    pub etag: Option<String>,
    /// The body of the response.
    pub body: Vec<u8>,
    /// The account that the response is about; `None` if it is about none below the platform.
    pub account: Option<AccountId>,
    /// The role that the caller had; `None` if it was not signed in.
    pub role: Option<Role>,
}

/// Whose idempotency key it is, and the key.
pub type OwnKey<'a> = (&'a str, &'a str);

/// Locks idempotency keys of callers until the transaction ends. Returns for each if it could be locked: another
/// transaction may have locked it. No locks are needed on SQLite, which has only one writer.
pub fn lock_all(tx: &mut StoreConnection, keys: &[OwnKey<'_>]) -> Result<Vec<bool>, Error> {
    let StoreConnection::Postgresql(connection) = tx else { return Ok(vec![true; keys.len()]) };
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let numbers: Vec<i64> = keys.iter().map(|(caller, key)| advisory_number(caller, key)).collect();
    let locks = dsl::sql::<Bool>("pg_try_advisory_xact_lock(unnest(").bind::<Array<BigInt>, _>(numbers).sql("))");
    Ok(diesel::select(locks).load(connection)?)
}

/// The responses stored for keys of callers since an instant, with the places of the keys among those that are asked
/// for. Older responses are deleted, so that their keys can be used again.
pub fn find_all(
    tx: &mut StoreConnection,
    keys: &[OwnKey<'_>],
    since: Timestamp,
) -> Result<HashMap<usize, Kept>, Error> {
    let rows: Vec<Row> = match tx {
        _ if keys.is_empty() => Vec::new(),
        StoreConnection::Postgresql(connection) => {
            let own = columns!(keys; caller: Texts = |(caller, _)| Some(*caller), key: Texts = |(_, key)| Some(*key));
            Find::<<found as Query>::SqlType>::new(FOUND, "idempotency_keys", own).load(connection)?
        }
        StoreConnection::Sqlite(connection) => {
            let mut stored = Vec::new();
            for (caller, key) in keys {
                let found = found().filter(rows::caller.eq(*caller)).filter(rows::key.eq(*key));
                stored.extend(found.get_result::<Row>(connection).optional()?);
            }
            stored
        }
    };
    let mut kept = HashMap::new();
    for ((caller, key), fingerprint, status, location, etag, body, account, role, created_at) in rows {
        let Some(place) = keys.iter().position(|own| *own == (caller.as_str(), key.as_str())) else { continue };
        if instant(created_at) <= since {
            let old = rows::table.filter(rows::caller.eq(caller)).filter(rows::key.eq(key));
            diesel::delete(old.filter(rows::created_at.le(column(since)))).execute(tx)?;
            continue;
        }
        let (account, role) = (account.map(Key::id), role.as_deref().map(parse_role).transpose()?);
        kept.insert(place, Kept { fingerprint, status, location, etag, body, account, role });
    }
    Ok(kept)
}

/// What [`found()`] selects.
const FOUND: &str = "one.caller, one.key, one.fingerprint, one.status, one.location, one.etag, one.body, one.account_id, \
    one.role, one.created_at";

type Row =
    ((String, String), Vec<u8>, i16, Option<String>, Option<String>, Vec<u8>, Option<Key>, Option<String>, Instant);

#[dsl::auto_type]
fn found() -> _ {
    rows::table.select((
        (rows::caller, rows::key),
        rows::fingerprint,
        rows::status,
        rows::location,
        rows::etag,
        rows::body,
        rows::account_id,
        rows::role,
        rows::created_at,
    ))
}

/// A response to be stored for a key.
#[derive(Debug, Clone, Copy)]
pub struct NewKept<'a> {
    /// Whose key it is, and the key.
    pub key: OwnKey<'a>,
    /// The response.
    pub kept: &'a Kept,
    /// When it was given.
    pub now: Timestamp,
}

/// Stores responses. Returns `false` if one of the keys already has one; the transaction must then be rolled back.
pub fn keep_all(tx: &mut StoreConnection, answers: &[NewKept<'_>]) -> Result<bool, Error> {
    let columns = columns!(answers;
        caller: Texts = |answer| Some(answer.key.0),
        key: Texts = |answer| Some(answer.key.1),
        fingerprint: Octets = |answer| Some(answer.kept.fingerprint.as_slice()),
        status: Shorts = |answer| answer.kept.status,
        location: Texts = |answer| answer.kept.location.as_deref(),
        etag: Texts = |answer| answer.kept.etag.as_deref(),
        body: Octets = |answer| Some(answer.kept.body.as_slice()),
        account_id: Keys = |answer| answer.kept.account.map(Key::from),
        role: Texts = |answer| answer.kept.role.map(Role::as_str),
        created_at: Instants = |answer| Some(column(answer.now)),
    );
    inserted(insert(tx, "idempotency_keys", columns))
}

/// How many octets the bodies take that were stored for the parts of a caller's imports since an instant. Their keys have
/// a number behind `#`.
pub fn octets_kept(tx: &mut StoreConnection, caller: &str, since: Timestamp) -> Result<i64, Error> {
    let kept = rows::table
        .filter(rows::caller.eq(caller))
        .filter(rows::key.like("%#%"))
        .filter(rows::created_at.gt(column(since)));
    let octets: Option<i64> = kept.select(sum(length(rows::body))).get_result(tx)?;
    Ok(octets.unwrap_or_default())
}

/// The number of the PostgreSQL advisory lock of a key: FNV-1a over both texts. A collision only causes a 409 response,
/// which goes away on a retry.
fn advisory_number(caller: &str, key: &str) -> i64 {
    let octets = caller.bytes().chain([0]).chain(key.bytes());
    let hash =
        octets.fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3));
    i64::from_ne_bytes(hash.to_ne_bytes())
}
