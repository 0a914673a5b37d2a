//! Stored responses to requests with an idempotency key (W5).

use diesel::dsl::sum;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use domain::Timestamp;
use domain::authority::Role;
use domain::id::AccountId;

use crate::members::parse_role;
use crate::schema::idempotency_keys;
use crate::store::connection::{StoreConnection, on};
use crate::store::error::{Error, inserted};
use crate::store::key::Key;
use crate::store::prepared::Prepared;
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

/// Locks a caller's idempotency key until the transaction ends. Returns `false` if another transaction has locked it.
/// No lock is needed on SQLite, which has only one writer.
pub fn lock(tx: &mut StoreConnection, caller: &str, key: &str) -> Result<bool, Error> {
    let StoreConnection::Postgresql(connection) = tx else { return Ok(true) };
    let number = advisory_number(caller, key);
    let locked =
        diesel::select(diesel::dsl::sql::<Bool>("pg_try_advisory_xact_lock(").bind::<BigInt, _>(number).sql(")"));
    Ok(locked.get_result(connection)?)
}

/// The response stored for a caller's key since an instant. An older response is deleted, so that the key can be used
/// again.
pub fn find(tx: &mut StoreConnection, caller: &str, key: &str, since: Timestamp) -> Result<Option<Kept>, Error> {
    type Row = (Vec<u8>, i16, Option<String>, Option<String>, Vec<u8>, Option<Key>, Option<String>, Instant);
    let of_key =
        idempotency_keys::table.filter(idempotency_keys::caller.eq(caller)).filter(idempotency_keys::key.eq(key));
    let found = of_key.select((
        idempotency_keys::fingerprint,
        idempotency_keys::status,
        idempotency_keys::location,
        idempotency_keys::etag,
        idempotency_keys::body,
        idempotency_keys::account_id,
        idempotency_keys::role,
        idempotency_keys::created_at,
    ));
    let row: Option<Row> = on!(tx, connection => Prepared(found).get_result(connection)).optional()?;
    let Some((fingerprint, status, location, etag, body, account, role, created_at)) = row else { return Ok(None) };
    if instant(created_at) <= since {
        diesel::delete(of_key).execute(tx)?;
        return Ok(None);
    }
    let (account, role) = (account.map(Key::id), role.as_deref().map(parse_role).transpose()?);
    Ok(Some(Kept { fingerprint, status, location, etag, body, account, role }))
}

/// Stores a response. Returns `false` if the key already has one; the transaction must then be rolled back.
pub fn keep(tx: &mut StoreConnection, caller: &str, key: &str, answer: &Kept, now: Timestamp) -> Result<bool, Error> {
    let Kept { fingerprint, status, location, etag, body, account, role } = answer;
    inserted(on!(tx, connection => Prepared(diesel::insert_into(idempotency_keys::table)
            .values((
                idempotency_keys::caller.eq(caller),
                idempotency_keys::key.eq(key),
                idempotency_keys::fingerprint.eq(fingerprint),
                idempotency_keys::status.eq(status),
                idempotency_keys::location.eq(location),
                idempotency_keys::etag.eq(etag),
                idempotency_keys::body.eq(body),
                idempotency_keys::account_id.eq(account.map(Key::from)),
                idempotency_keys::role.eq(role.map(Role::as_str)),
                idempotency_keys::created_at.eq(column(now)),
            )))
        .execute(connection)))
}

/// How many octets the bodies take that were stored for the parts of a caller's imports since an instant. Their keys have
/// a number behind `#`.
pub fn octets_kept(tx: &mut StoreConnection, caller: &str, since: Timestamp) -> Result<i64, Error> {
    let kept = idempotency_keys::table
        .filter(idempotency_keys::caller.eq(caller))
        .filter(idempotency_keys::key.like("%#%"))
        .filter(idempotency_keys::created_at.gt(column(since)));
    let octets: Option<i64> = kept.select(sum(length(idempotency_keys::body))).get_result(tx)?;
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
