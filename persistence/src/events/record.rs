//! Writing events.

use diesel::prelude::*;
use domain::Timestamp;
use domain::account::{Ancestry, Tier};
use domain::id::EventId;
use domain::principal::Principal;

use crate::schema::events;
use crate::store::connection::{StoreConnection, on};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::prepared::Prepared;
use crate::store::time::column;

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Somebody who was signed in to an account of a tier.
    Principal(Principal, Tier),
    /// Somebody who need not be signed in.
    Anonymous,
    /// The service itself.
    System,
}

impl Actor {
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Principal(Principal::Member(_), _) => "member",
            Self::Principal(Principal::Client(_), _) => "client",
            Self::Anonymous => "anonymous",
            Self::System => "system",
        }
    }
}

/// The key of somebody who is signed in, whatever it is.
pub(super) fn principal_key(principal: Principal) -> Key {
    match principal {
        Principal::Member(id) => id.into(),
        Principal::Client(id) => id.into(),
    }
}

/// An event to be recorded.
#[derive(Debug, Clone)]
pub struct EventRow<'a> {
    /// Its id.
    pub id: EventId,
    /// When.
    pub now: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What: the name of a [`domain::event::EventType`].
    pub action: &'a str,
    /// The id of what it was done to, as text.
    pub subject: &'a str,
    /// Where the account stands that it belongs to: those on the way may read it.
    pub ancestry: Ancestry,
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
pub fn record(tx: &mut StoreConnection, event: &EventRow<'_>) -> Result<(), Error> {
    let EventRow { id, now, actor, action, subject, ancestry, before, after, request_id, source_address } = event;
    let (principal, tier) = match actor {
        Actor::Principal(principal, tier) => (Some(principal_key(*principal)), Some(tier.as_str())),
        Actor::Anonymous | Actor::System => (None, None),
    };
    let Ancestry { master_reseller, reseller, enterprise } = ancestry;
    on!(tx, connection => Prepared(diesel::insert_into(events::table)
        .values((
            events::id.eq(Key::from(*id)),
            events::occurred_at.eq(column(*now)),
            events::actor_kind.eq(actor.kind()),
            events::actor_id.eq(principal),
            events::action.eq(action),
            events::subject.eq(subject),
            events::before.eq(before),
            events::after.eq(after),
            events::request_id.eq(request_id),
            events::source_address.eq(source_address),
            events::actor_tier.eq(tier),
            events::master_reseller_id.eq(master_reseller.map(Key::from)),
            events::reseller_id.eq(reseller.map(Key::from)),
            events::enterprise_id.eq(enterprise.map(Key::from)),
        )))
        .execute(connection))?;
    Ok(())
}
