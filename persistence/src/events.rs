//! What happened, written in the transaction in which it happened (R16).

use diesel::prelude::*;
use domain::Timestamp;
use domain::id::{AccountId, EventId, MemberId};

use crate::connection::{StoreConnection, on};
use crate::error::Error;
use crate::key::Key;
use crate::schema::events;
use crate::time::column;

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A member who was signed in.
    Member(MemberId),
    /// Somebody who need not be signed in.
    Anonymous,
    /// The service itself.
    System,
}

/// An event to be recorded.
#[derive(Debug, Clone)]
pub struct NewEvent<'a> {
    /// Its id.
    pub id: EventId,
    /// When.
    pub now: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What, such as `reseller.created`.
    pub action: &'a str,
    /// The id of what it was done to, as text.
    pub subject: &'a str,
    /// The account that it belongs to, whose ancestors may read it.
    pub account: Option<AccountId>,
    /// The changed members before, as JSON, without secrets.
    pub before: Option<&'a str>,
    /// The changed members after, as JSON, without secrets.
    pub after: Option<&'a str>,
    /// The request that did it.
    pub request_id: &'a str,
    /// The network address that it came from.
    pub source_address: Option<&'a str>,
}

/// Records an event.
pub fn record(tx: &mut StoreConnection, event: &NewEvent<'_>) -> Result<(), Error> {
    let NewEvent { id, now, actor, action, subject, account, before, after, request_id, source_address } = event;
    let (kind, actor) = match actor {
        Actor::Member(member) => ("member", Some(Key::from(*member))),
        Actor::Anonymous => ("anonymous", None),
        Actor::System => ("system", None),
    };
    on!(tx, connection => diesel::insert_into(events::table)
        .values((
            events::id.eq(Key::from(*id)),
            events::occurred_at.eq(column(*now)),
            events::actor_kind.eq(kind),
            events::actor_id.eq(actor),
            events::action.eq(action),
            events::subject.eq(subject),
            events::account_id.eq(account.map(Key::from)),
            events::before.eq(before),
            events::after.eq(after),
            events::request_id.eq(request_id),
            events::source_address.eq(source_address),
        ))
        .execute(connection))?;
    Ok(())
}

/// The actions that were recorded about a subject, oldest first.
pub fn actions_of(tx: &mut StoreConnection, subject: &str) -> Result<Vec<String>, Error> {
    Ok(events::table.filter(events::subject.eq(subject)).order(events::id).select(events::action).load(tx)?)
}
