//! Sign-in sessions and their refresh tokens, and the caller that a session stands for.

use std::collections::HashMap;

use diesel::prelude::*;
use domain::Timestamp;
use domain::account::{Status, Tier};
use domain::authority::Role;
use domain::id::{AccountId, MemberId, SessionId};
use domain::principal::Principal;
use domain::session::RefreshFacts;

use crate::accounts::parse_status;
use crate::connection::{StoreConnection, on};
use crate::error::Error;
use crate::key::Key;
use crate::members::parse_role;
use crate::schema::{accounts, members, refresh_tokens, sessions};
use crate::time::{Instant, column, instant};

/// Who makes a request, as the database knows it at this moment.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub principal: Principal,
    /// What it may do.
    pub role: Role,
    /// The account that it signed in to.
    pub account: AccountId,
    /// That account's tier.
    pub tier: Tier,
    /// Whether that account and all above it are active.
    pub operates: bool,
    expires_at: Timestamp,
}

/// Who has which session, as it was found on one snapshot. A group of reads shares it, so that a caller with many
/// requests is looked up once.
#[derive(Debug, Default)]
pub struct Known(HashMap<SessionId, Option<SignedIn>>);

impl Known {
    /// Whoever has this session, unless it is over or its member was removed.
    pub fn signed_in(
        &mut self,
        tx: &mut StoreConnection,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<SignedIn>, Error> {
        let found = match self.0.get(&session) {
            Some(known) => known.clone(),
            None => self.0.entry(session).insert_entry(find(tx, session)?).get().clone(),
        };
        Ok(found.filter(|signed_in| signed_in.expires_at > now))
    }
}

/// Whoever has this session, unless it is over or its member was removed.
pub fn signed_in(tx: &mut StoreConnection, session: SessionId, now: Timestamp) -> Result<Option<SignedIn>, Error> {
    Known::default().signed_in(tx, session, now)
}

diesel::alias! {
    const MASTER: Alias<Master> = accounts as master;
    const RESELLER: Alias<Reseller> = accounts as reseller;
}

/// Whoever has this session, even if its time is over.
fn find(tx: &mut StoreConnection, session: SessionId) -> Result<Option<SignedIn>, Error> {
    type Row = (Key, String, Key, String, String, Option<String>, Option<String>, Instant);
    let found = sessions::table
        .inner_join(members::table.on(members::id.eq(sessions::member_id)))
        .inner_join(accounts::table.on(accounts::id.eq(members::account_id)))
        .left_join(MASTER.on(MASTER.field(accounts::id).nullable().eq(accounts::master_reseller_id)))
        .left_join(RESELLER.on(RESELLER.field(accounts::id).nullable().eq(accounts::reseller_id)))
        .filter(sessions::id.eq(Key::from(session)))
        .filter(sessions::ended_at.is_null())
        .filter(members::removed_at.is_null())
        .select((
            members::id,
            members::role,
            accounts::id,
            accounts::tier,
            accounts::status,
            MASTER.field(accounts::status).nullable(),
            RESELLER.field(accounts::status).nullable(),
            sessions::expires_at,
        ));
    let row: Option<Row> = on!(tx, connection => found.first(connection)).optional()?;
    let Some((member, role, account, tier, status, master, reseller, expires_at)) = row else { return Ok(None) };
    let active = Status::Active;
    let mut operates = parse_status(&status)? == active;
    for ancestor in [master, reseller].into_iter().flatten() {
        operates &= parse_status(&ancestor)? == active;
    }
    Ok(Some(SignedIn {
        principal: Principal::Member(member.id()),
        role: parse_role(&role)?,
        account: account.id(),
        tier: Tier::parse(&tier).ok_or_else(|| Error::Corrupt(format!("tier {tier:?}")))?,
        operates,
        expires_at: instant(expires_at),
    }))
}

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

/// A refresh token that was presented, and whose it is.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// Its session.
    pub session: SessionId,
    /// The session's member.
    pub member: MemberId,
    /// What the rules need to judge it.
    pub facts: RefreshFacts,
    /// What its successor was made with, if it has one.
    pub successor_salt: Option<Vec<u8>>,
}

/// The refresh token with this hash.
pub fn refresh_token(tx: &mut StoreConnection, hash: &[u8]) -> Result<Option<Refresh>, Error> {
    type Row = (Key, Key, Option<Instant>, Option<Instant>, Instant, Option<Vec<u8>>);
    let row: Option<Row> = refresh_tokens::table
        .inner_join(sessions::table.on(sessions::id.eq(refresh_tokens::session_id)))
        .filter(refresh_tokens::hash.eq(hash))
        .select((
            sessions::id,
            sessions::member_id,
            refresh_tokens::used_at,
            sessions::ended_at,
            sessions::expires_at,
            refresh_tokens::successor_salt,
        ))
        .first(tx)
        .optional()?;
    Ok(row.map(|(session, member, used_at, ended_at, expires_at, successor_salt)| Refresh {
        session: session.id(),
        member: member.id(),
        facts: RefreshFacts {
            used_at: used_at.map(instant),
            session_ended_at: ended_at.map(instant),
            session_expires_at: instant(expires_at),
        },
        successor_salt,
    }))
}

/// Exchanges a refresh token for its successor. `false` when another request did so first.
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

/// Ends every session of a member.
pub fn end_all(tx: &mut StoreConnection, member: MemberId, now: Timestamp) -> Result<(), Error> {
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
