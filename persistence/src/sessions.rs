//! Sign-in sessions of members, and their refresh tokens.

use diesel::prelude::*;
use domain::Timestamp;
use domain::id::{MemberId, SessionId};
use domain::session::RefreshFacts;

use crate::authorization_codes;
use crate::schema::{refresh_tokens, sessions};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::time::{Instant, column, instant};

/// Starts a session with its first refresh token.
pub fn start(
    tx: &mut StoreConnection,
    session: SessionId,
    member: MemberId,
    token_hash: &[u8],
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), Error> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(Key::from(session)),
            sessions::member_id.eq(Key::from(member)),
            sessions::created_at.eq(column(now)),
            sessions::expires_at.eq(column(expires_at)),
            sessions::ended_at.eq(None::<Instant>),
        ))
        .execute(tx)?;
    add_token(tx, session, token_hash, now)
}

/// A refresh token that was presented.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// The session that it belongs to.
    pub session: SessionId,
    /// The member that the session belongs to.
    pub member: MemberId,
    /// The facts for [`domain::session::judge_refresh`].
    pub facts: RefreshFacts,
    /// The salt from which its successor was derived; `None` if it has none.
    pub successor_salt: Option<Vec<u8>>,
}

/// The refresh token with this hash; `None` if it is unknown.
pub fn refresh_token(tx: &mut StoreConnection, hash: &[u8]) -> Result<Option<Refresh>, Error> {
    type Row = (Key, Key, Instant, Option<Instant>, Option<Instant>, Instant, Option<Vec<u8>>);
    let row: Option<Row> = refresh_tokens::table
        .inner_join(sessions::table.on(sessions::id.eq(refresh_tokens::session_id)))
        .filter(refresh_tokens::hash.eq(hash))
        .select((
            sessions::id,
            sessions::member_id,
            refresh_tokens::created_at,
            refresh_tokens::used_at,
            sessions::ended_at,
            sessions::expires_at,
            refresh_tokens::successor_salt,
        ))
        .first(tx)
        .optional()?;
    Ok(row.map(|(session, member, issued_at, used_at, ended_at, expires_at, successor_salt)| Refresh {
        session: session.id(),
        member: member.id(),
        facts: RefreshFacts {
            issued_at: instant(issued_at),
            used_at: used_at.map(instant),
            session_ended_at: ended_at.map(instant),
            session_expires_at: instant(expires_at),
        },
        successor_salt,
    }))
}

/// Exchanges a refresh token for its successor. Returns `false` if another request did so first.
pub fn rotate(
    tx: &mut StoreConnection,
    session: SessionId,
    old_hash: &[u8],
    salt: &[u8],
    new_hash: &[u8],
    now: Timestamp,
) -> Result<bool, Error> {
    let unused =
        refresh_tokens::table.filter(refresh_tokens::hash.eq(old_hash)).filter(refresh_tokens::used_at.is_null());
    let used = diesel::update(unused)
        .set((refresh_tokens::used_at.eq(column(now)), refresh_tokens::successor_salt.eq(salt)))
        .execute(tx)?;
    if used == 1 {
        add_token(tx, session, new_hash, now)?;
    }
    Ok(used == 1)
}

/// Ends a session.
pub fn end(tx: &mut StoreConnection, session: SessionId, now: Timestamp) -> Result<(), Error> {
    diesel::update(sessions::table.filter(sessions::id.eq(Key::from(session))).filter(sessions::ended_at.is_null()))
        .set(sessions::ended_at.eq(column(now)))
        .execute(tx)?;
    Ok(())
}

/// A session that has not ended.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// Its id.
    pub id: SessionId,
    /// When the member signed in.
    pub started_at: Timestamp,
    /// When it was last continued with a refresh token, or started.
    pub refreshed_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// The sessions of a member that were continued since an instant and have neither ended nor expired, newest first.
pub fn open(
    tx: &mut StoreConnection,
    member: MemberId,
    now: Timestamp,
    since: Timestamp,
) -> Result<Vec<OpenSession>, Error> {
    let rows: Vec<(Key, Instant, Instant, Instant)> = sessions::table
        .inner_join(refresh_tokens::table.on(refresh_tokens::session_id.eq(sessions::id)))
        .filter(sessions::member_id.eq(Key::from(member)))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(column(now)))
        .filter(refresh_tokens::used_at.is_null())
        .filter(refresh_tokens::created_at.gt(column(since)))
        .order(sessions::id.desc())
        .select((sessions::id, sessions::created_at, refresh_tokens::created_at, sessions::expires_at))
        .load(tx)?;
    let session = |(id, started_at, refreshed_at, expires_at): (Key, Instant, Instant, Instant)| OpenSession {
        id: id.id(),
        started_at: instant(started_at),
        refreshed_at: instant(refreshed_at),
        expires_at: instant(expires_at),
    };
    Ok(rows.into_iter().map(session).collect())
}

/// Ends all sessions of a member except one, and deletes its unused authorization codes.
pub fn end_others(tx: &mut StoreConnection, member: MemberId, but: SessionId, now: Timestamp) -> Result<(), Error> {
    authorization_codes::withdraw(tx, member)?;
    let own = sessions::table.filter(sessions::member_id.eq(Key::from(member))).filter(sessions::ended_at.is_null());
    diesel::update(own.filter(sessions::id.ne(Key::from(but)))).set(sessions::ended_at.eq(column(now))).execute(tx)?;
    Ok(())
}

/// Ends all sessions of a member, and deletes its unused authorization codes.
pub fn end_all(tx: &mut StoreConnection, member: MemberId, now: Timestamp) -> Result<(), Error> {
    authorization_codes::withdraw(tx, member)?;
    diesel::update(
        sessions::table.filter(sessions::member_id.eq(Key::from(member))).filter(sessions::ended_at.is_null()),
    )
    .set(sessions::ended_at.eq(column(now)))
    .execute(tx)?;
    Ok(())
}

fn add_token(tx: &mut StoreConnection, session: SessionId, hash: &[u8], now: Timestamp) -> Result<(), Error> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::hash.eq(hash),
            refresh_tokens::session_id.eq(Key::from(session)),
            refresh_tokens::created_at.eq(column(now)),
            refresh_tokens::used_at.eq(None::<Instant>),
            refresh_tokens::successor_salt.eq(None::<Vec<u8>>),
        ))
        .execute(tx)?;
    Ok(())
}
