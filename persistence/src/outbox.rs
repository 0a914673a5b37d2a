//! The outbox: messages that are sent after the commit, each at least once (S5).

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use chrono::TimeDelta;
use diesel::dsl::{self, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use domain::Timestamp;
use domain::delivery::Delivery;
use domain::id::{AccountId, MessageId};

use crate::schema::{activations, outbox};
use crate::store::connection::{StoreConnection, on};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::rows;
use crate::store::time::{Instant, column, instant};

/// How long a worker's lease of a message lasts. If the worker dies, other workers can take over the message
/// afterwards.
pub const LEASE: Duration = Duration::from_mins(2);

/// A message that is leased to a worker.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its id, which is the same for every attempt.
    pub id: MessageId,
    /// Its sealed content.
    pub payload: Vec<u8>,
    /// Number of earlier attempts.
    pub attempts: i32,
}

/// A message to be sent.
#[derive(Debug, Clone)]
pub struct NewMessage<'a> {
    /// Its id.
    pub id: MessageId,
    /// The account that it is about.
    pub account: AccountId,
    /// Its sealed content.
    pub payload: &'a [u8],
    /// When it is to be sent.
    pub due_at: Timestamp,
    /// Who caused it; `None` for messages that are not limited.
    pub caused: Option<Caused<'a>>,
    /// When it is created.
    pub now: Timestamp,
}

/// The cause of a message that its recipient may not expect.
#[derive(Debug, Clone, Copy)]
pub struct Caused<'a> {
    /// The hash of the recipient's address.
    pub recipient_hash: &'a [u8],
    /// The account that caused it, and when its next message may follow; `None` if nobody was signed in.
    pub sender: Option<(AccountId, Timestamp)>,
}

/// Adds a message to the outbox.
pub fn enqueue(tx: &mut StoreConnection, message: &NewMessage<'_>) -> Result<(), Error> {
    enqueue_all(tx, std::slice::from_ref(message))
}

/// Adds messages to the outbox.
pub fn enqueue_all(tx: &mut StoreConnection, messages: &[NewMessage<'_>]) -> Result<(), Error> {
    let sender = |message: &NewMessage<'_>| message.caused.and_then(|caused| caused.sender);
    let columns = rows::columns!(messages;
        id: Keys = |message| Some(message.id.into()),
        account_id: Keys = |message| Some(message.account.into()),
        state: Texts = |_| Some(Delivery::Queued.as_str()),
        payload: Octets = |message| Some(message.payload),
        attempts: Integers = |_| Some(0),
        due_at: Instants = |message| Some(column(message.due_at)),
        created_at: Instants = |message| Some(column(message.now)),
        recipient_hash: Octets = |message| message.caused.map(|caused| caused.recipient_hash),
        sender_id: Keys = |message| sender(message).map(|(sender, _)| sender.into()),
        next_at: Instants = |message| sender(message).map(|(_, next_at)| column(next_at)),
    );
    rows::insert(tx, "outbox", columns)?;
    Ok(())
}

/// What others have caused to a recipient: how many messages, and when the first of them was created.
pub type CausedTo = HashMap<Vec<u8>, (i64, Timestamp)>;

/// The messages that others have caused to recipients since an instant. Recipients without any are left out.
pub fn caused_to(tx: &mut StoreConnection, recipients: &[&[u8]], since: Timestamp) -> Result<CausedTo, Error> {
    type Row = (Option<Vec<u8>>, i64, Option<Instant>);
    let caused = outbox::table.filter(outbox::created_at.gt(column(since))).group_by(outbox::recipient_hash);
    let columns = (outbox::recipient_hash, dsl::count_star(), dsl::min(outbox::created_at));
    let rows: Vec<Row> = match tx {
        _ if recipients.is_empty() => Vec::new(),
        StoreConnection::Postgresql(connection) => {
            let to_these = caused.filter(outbox::recipient_hash.eq_any(recipients.to_vec()));
            to_these.select(columns).load(connection)?
        }
        StoreConnection::Sqlite(connection) => {
            let mut rows = Vec::new();
            for recipient in recipients {
                let to_this = caused.filter(outbox::recipient_hash.eq(*recipient)).select(columns);
                rows.extend(to_this.get_result(connection).optional()?);
            }
            rows
        }
    };
    Ok(rows.into_iter().filter_map(|(hash, count, first)| Some((hash?, (count, instant(first?))))).collect())
}

/// When a message of each of these senders may follow the ones that it has caused so far.
pub fn next_at(
    tx: &mut StoreConnection,
    senders: &BTreeSet<AccountId>,
) -> Result<HashMap<AccountId, Timestamp>, Error> {
    let mut next = HashMap::new();
    for sender in senders {
        // The last entry of the index; of several senders at once, all entries would be read.
        let own = outbox::table.filter(outbox::sender_id.eq(Key::from(*sender))).select(dsl::max(outbox::next_at));
        let last: Option<Instant> = on!(tx, connection => own.get_result(connection))?;
        next.extend(last.map(|last| (*sender, instant(last))));
    }
    Ok(next)
}

/// Withdraws a message that was not sent. One that a worker is sending stays, because it counts for its recipient.
pub(crate) fn withdraw_one(tx: &mut StoreConnection, message: Key) -> Result<(), Error> {
    let unsent = outbox::table.filter(outbox::id.eq(message)).filter(outbox::state.ne(Delivery::Sent.as_str()));
    diesel::delete(unsent.filter(outbox::leased_until.is_null())).execute(tx)?;
    diesel::update(unsent)
        .set((
            outbox::state.eq(Delivery::Sent.as_str()),
            outbox::payload.eq(None::<Vec<u8>>),
            outbox::leased_until.eq(None::<Instant>),
        ))
        .execute(tx)?;
    Ok(())
}

/// The condition of the partial index of due messages. It must be written literally, because SQLite only uses the index
/// if no part of the condition is a bound value.
const WAITS: &str = "outbox.state IN ('queued', 'retrying')";

/// Messages that are due and not leased, the longest waiting first.
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

/// Leases up to `limit` due messages to the calling worker. Other workers don't get them until the lease expires.
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

/// Records that a message was sent, and deletes its content.
pub fn sent(tx: &mut StoreConnection, id: MessageId, now: Timestamp) -> Result<(), Error> {
    note_activation(tx, id, Delivery::Sent, Some(now))?;
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

/// Records at an activation link what became of its e-mail, if a message is one and was not sent already. The link is locked
/// before the message, as by everybody else.
fn note_activation(
    tx: &mut StoreConnection,
    message: MessageId,
    delivery: Delivery,
    sent_at: Option<Timestamp>,
) -> Result<(), Error> {
    let account = outbox::table.filter(outbox::id.eq(Key::from(message))).select(outbox::account_id).single_value();
    let link = activations::table.filter(activations::account_id.nullable().eq(account));
    let unsent = activations::delivery.ne(Delivery::Sent.as_str());
    diesel::update(link.filter(activations::message_id.eq(Key::from(message))).filter(unsent))
        .set((activations::delivery.eq(delivery.as_str()), activations::sent_at.eq(sent_at.map(column))))
        .execute(tx)?;
    Ok(())
}

/// Records that an attempt failed. If there is no next attempt, the message is marked as failed; [`replay`] can queue
/// it again.
pub fn failed(
    tx: &mut StoreConnection,
    id: MessageId,
    attempts: i32,
    error: &str,
    next: Option<Timestamp>,
) -> Result<(), Error> {
    let state = if next.is_some() { Delivery::Retrying } else { Delivery::Failed };
    // Another worker may have taken the message over and sent it.
    let message = outbox::table.filter(outbox::id.eq(Key::from(id))).filter(outbox::state.ne(Delivery::Sent.as_str()));
    note_activation(tx, id, state, None)?;
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

/// Queues all failed messages again and returns their number.
pub fn replay(tx: &mut StoreConnection, now: Timestamp) -> Result<usize, Error> {
    let (failed, queued) = (Delivery::Failed.as_str(), Delivery::Queued.as_str());
    diesel::update(activations::table.filter(activations::delivery.eq(failed)))
        .set(activations::delivery.eq(queued))
        .execute(tx)?;
    Ok(diesel::update(outbox::table.filter(outbox::state.eq(failed)))
        .set((outbox::state.eq(queued), outbox::attempts.eq(0), outbox::due_at.eq(column(now))))
        .execute(tx)?)
}
