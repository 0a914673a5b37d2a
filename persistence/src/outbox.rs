//! Messages that leave the service after the commit, at least once each (S5).

use std::time::Duration;

use chrono::TimeDelta;
use diesel::dsl::{self, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use domain::Timestamp;
use domain::delivery::Delivery;
use domain::id::{AccountId, MessageId};

use crate::schema::outbox;
use crate::store::connection::{StoreConnection, on};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::prepared::Prepared;
use crate::store::time::{Instant, column};

/// How long a worker has a message to itself. One that dies leaves it to others after that.
pub const LEASE: Duration = Duration::from_mins(2);

/// A message that a worker has taken on.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its id, the same in every attempt.
    pub id: MessageId,
    /// What it says, sealed.
    pub payload: Vec<u8>,
    /// Attempts before this one.
    pub attempts: i32,
}

/// Puts a message into the outbox.
pub fn enqueue(
    tx: &mut StoreConnection,
    id: MessageId,
    account: AccountId,
    payload: &[u8],
    now: Timestamp,
) -> Result<(), Error> {
    on!(tx, connection => Prepared(diesel::insert_into(outbox::table)
        .values((
            outbox::id.eq(Key::from(id)),
            outbox::account_id.eq(Key::from(account)),
            outbox::state.eq(Delivery::Queued.as_str()),
            outbox::payload.eq(Some(payload)),
            outbox::attempts.eq(0),
            outbox::due_at.eq(column(now)),
            outbox::leased_until.eq(None::<Instant>),
            outbox::last_error.eq(None::<String>),
            outbox::created_at.eq(column(now)),
            outbox::sent_at.eq(None::<Instant>),
        )))
        .execute(connection))?;
    Ok(())
}

/// Takes back the messages of an account that have not left: their links are void.
pub fn withdraw(tx: &mut StoreConnection, account: AccountId, but: MessageId) -> Result<(), Error> {
    let unsent = outbox::table
        .filter(outbox::account_id.eq(Key::from(account)))
        .filter(outbox::id.ne(Key::from(but)))
        .filter(outbox::state.ne(Delivery::Sent.as_str()));
    diesel::delete(unsent).execute(tx)?;
    Ok(())
}

/// What the index of due messages holds, in its own words: SQLite finds them there only when nothing of this is bound.
const WAITS: &str = "outbox.state IN ('queued', 'retrying')";

/// Messages that are due and nobody's, the longest waiting first.
#[dsl::auto_type(no_type_alias)]
pub(crate) fn due(now: Instant, limit: i64) -> _ {
    let waits: SqlLiteral<Bool> = sql(WAITS);
    outbox::table
        .filter(waits)
        .filter(outbox::due_at.le(now))
        .filter(outbox::leased_until.is_null().or(outbox::leased_until.lt(now)))
        .order(outbox::due_at)
        .limit(limit)
        .select((outbox::id, outbox::payload, outbox::attempts))
}

/// Leases up to `limit` due messages to the calling worker. Others don't get them until the lease is over.
pub fn lease(tx: &mut StoreConnection, limit: i64, now: Timestamp) -> Result<Vec<Message>, Error> {
    let until = column(now + TimeDelta::from_std(LEASE).unwrap_or_default());
    let due = due(column(now), limit);
    let due: Vec<(Key, Option<Vec<u8>>, i32)> = match tx {
        StoreConnection::Postgresql(connection) => due.for_update().skip_locked().load(connection)?,
        StoreConnection::Sqlite(connection) => due.load(connection)?,
    };
    let mut leased = Vec::with_capacity(due.len());
    for (id, payload, attempts) in due {
        diesel::update(outbox::table.filter(outbox::id.eq(id))).set(outbox::leased_until.eq(until)).execute(tx)?;
        leased.push(Message { id: id.id(), payload: payload.unwrap_or_default(), attempts });
    }
    Ok(leased)
}

/// Notes that a message has left; what it said is not needed any more.
pub fn sent(tx: &mut StoreConnection, id: MessageId, now: Timestamp) -> Result<(), Error> {
    diesel::update(outbox::table.filter(outbox::id.eq(Key::from(id))))
        .set((
            outbox::state.eq(Delivery::Sent.as_str()),
            outbox::payload.eq(None::<Vec<u8>>),
            outbox::leased_until.eq(None::<Instant>),
            outbox::last_error.eq(None::<String>),
            outbox::sent_at.eq(Some(column(now))),
        ))
        .execute(tx)?;
    Ok(())
}

/// Notes that an attempt failed. Without a next one the message is set aside, from where [`replay`] takes it.
pub fn failed(
    tx: &mut StoreConnection,
    id: MessageId,
    attempts: i32,
    error: &str,
    next: Option<Timestamp>,
) -> Result<(), Error> {
    let state = if next.is_some() { Delivery::Retrying } else { Delivery::Failed };
    // Another worker may have taken it over and sent it.
    let message = outbox::table.filter(outbox::id.eq(Key::from(id))).filter(outbox::state.ne(Delivery::Sent.as_str()));
    diesel::update(message)
        .set((
            outbox::state.eq(state.as_str()),
            outbox::attempts.eq(attempts),
            outbox::leased_until.eq(None::<Instant>),
            outbox::last_error.eq(Some(error)),
        ))
        .execute(tx)?;
    if let Some(next) = next {
        diesel::update(message).set(outbox::due_at.eq(column(next))).execute(tx)?;
    }
    Ok(())
}

/// Queues every message that was set aside again, and says how many there were.
pub fn replay(tx: &mut StoreConnection, now: Timestamp) -> Result<usize, Error> {
    Ok(diesel::update(outbox::table.filter(outbox::state.eq(Delivery::Failed.as_str())))
        .set((outbox::state.eq(Delivery::Queued.as_str()), outbox::attempts.eq(0), outbox::due_at.eq(column(now))))
        .execute(tx)?)
}
