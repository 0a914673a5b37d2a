//! Recording events.

use domain::Timestamp;
use domain::account::{Ancestry, Tier};
use domain::id::EventId;
use domain::principal::Principal;

use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::rows;
use crate::store::time::column;

/// Who caused an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in member or API client, with the tier of its account.
    Principal(Principal, Tier),
    /// A caller of an operation that needs no sign-in.
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

    fn principal(self) -> Option<Principal> {
        match self {
            Self::Principal(principal, _) => Some(principal),
            Self::Anonymous | Self::System => None,
        }
    }

    fn tier(self) -> Option<Tier> {
        match self {
            Self::Principal(_, tier) => Some(tier),
            Self::Anonymous | Self::System => None,
        }
    }
}

/// The id of a principal as a column value.
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
    /// When it happened.
    pub now: Timestamp,
    /// Who caused it.
    pub actor: Actor,
    /// What happened: the name of a [`domain::event::EventType`].
    pub action: &'a str,
    /// The id of the changed object, as text.
    pub subject: &'a str,
    /// The place of the event's account in the account tree. The accounts on the path can read the event.
    pub ancestry: Ancestry,
    /// The changed fields before the change, as JSON, without secrets.
    pub before: Option<&'a str>,
    /// The changed fields after the change, as JSON, without secrets.
    pub after: Option<&'a str>,
    /// The id of the request that caused it.
    pub request_id: &'a str,
    /// The id that the caller gave the request.
    pub client_request_id: Option<&'a str>,
    /// The network address that the request came from.
    pub source_address: Option<&'a str>,
}

/// Records events in the transaction of their changes.
pub fn record_all(tx: &mut StoreConnection, all: &[EventRow<'_>]) -> Result<(), Error> {
    let columns = rows::columns!(all;
        id: Keys = |event| Some(event.id.into()),
        occurred_at: Instants = |event| Some(column(event.now)),
        actor_kind: Texts = |event| Some(event.actor.kind()),
        actor_id: Keys = |event| event.actor.principal().map(principal_key),
        action: Texts = |event| Some(event.action),
        subject: Texts = |event| Some(event.subject),
        before: Texts = |event| event.before,
        after: Texts = |event| event.after,
        request_id: Texts = |event| Some(event.request_id),
        source_address: Texts = |event| event.source_address,
        client_request_id: Texts = |event| event.client_request_id,
        actor_tier: Texts = |event| event.actor.tier().map(Tier::as_str),
        master_reseller_id: Keys = |event| event.ancestry.master_reseller.map(Key::from),
        reseller_id: Keys = |event| event.ancestry.reseller.map(Key::from),
        enterprise_id: Keys = |event| event.ancestry.enterprise.map(Key::from),
    );
    rows::insert(tx, "events", columns)?;
    Ok(())
}
