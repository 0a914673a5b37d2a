//! Reading events in commit order.

use chrono::TimeDelta;
use diesel::prelude::*;
use domain::Timestamp;
use domain::account::{Ancestry, Scope, Tier};
use domain::event::{TypePattern, shows_actor};
use domain::id::EventId;
use domain::principal::Principal;
use uuid::Uuid;

use super::record::{Actor, principal_key};
use crate::schema::events;
use crate::store::connection::{MultiBackend, StoreConnection};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::page::page;
use crate::store::time::{Instant, column, instant};

/// How far the order of timestamps can differ from the order of positions. An event that happened at least this much
/// later has a higher position, because changes don't wait long and the clocks of replicas differ only slightly.
const DISORDER: TimeDelta = TimeDelta::minutes(5);

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its position in the commit order of all events.
    pub position: i64,
    /// Its id.
    pub id: EventId,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Who caused it.
    pub actor: Actor,
    /// What happened: the name of a [`domain::event::EventType`].
    pub action: String,
    /// The id of the changed object, as text.
    pub subject: String,
    /// The place in the account tree that the event's account had at that time.
    pub ancestry: Ancestry,
    /// The changed fields before the change, as JSON.
    pub before: Option<String>,
    /// The changed fields after the change, as JSON.
    pub after: Option<String>,
    /// The id of the request that caused it.
    pub request_id: String,
    /// The id that the caller gave the request.
    pub client_request_id: Option<String>,
    /// The network address that the request came from.
    pub source_address: Option<String>,
}

/// Filter and page of a list of events.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only events of these types; an empty list means all types.
    pub types: Vec<TypePattern>,
    /// Only events about the object with this id.
    pub subject: Option<String>,
    /// Only events caused by this principal, as far as the reader may know who caused them.
    pub actor: Option<Principal>,
    /// Only events at or after this instant.
    pub since: Option<Timestamp>,
    /// Only events before this instant.
    pub until: Option<Timestamp>,
    /// Newest first instead of oldest first.
    pub newest_first: bool,
    /// The cursor: only events after this position in the sort order.
    pub after: Option<i64>,
    /// Most events to return.
    pub limit: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = events)]
struct Row {
    id: Key,
    occurred_at: Instant,
    actor_kind: String,
    actor_id: Option<Key>,
    action: String,
    subject: String,
    before: Option<String>,
    after: Option<String>,
    request_id: String,
    source_address: Option<String>,
    actor_tier: Option<String>,
    master_reseller_id: Option<Key>,
    reseller_id: Option<Key>,
    enterprise_id: Option<Key>,
    position: Option<i64>,
    client_request_id: Option<String>,
}

/// The events of a scope that match a filter.
pub fn list(tx: &mut StoreConnection, scope: Scope, filter: &Filter) -> Result<Vec<Event>, Error> {
    let Filter { types, subject, actor, since, until, newest_first, after, limit } = filter;
    let mut found = in_scope(scope);
    if !types.is_empty() {
        let names = types.iter().flat_map(TypePattern::types).map(|kind| kind.name);
        found = found.filter(events::action.eq_any(names.collect::<Vec<_>>()));
    }
    if let Some(subject) = subject {
        found = found.filter(events::subject.eq(subject.clone()));
    }
    if let Some(actor) = actor {
        let known = Tier::ALL.into_iter().filter(|tier| shows_actor(scope.tier(), Some(*tier))).map(Tier::as_str);
        found = found.filter(events::actor_id.eq(principal_key(*actor)));
        found = found.filter(events::actor_tier.eq_any(known.collect::<Vec<_>>()));
    }
    if let Some(since) = since {
        found = found.filter(events::occurred_at.ge(column(*since)));
        let earlier = events::table.filter(events::id.lt(first_id(*since - DISORDER))).order(events::id.desc());
        if let Some(position) = nearest(tx, earlier.select(events::position).into_boxed())? {
            found = found.filter(events::position.gt(position));
        }
    }
    if let Some(until) = until {
        found = found.filter(events::occurred_at.lt(column(*until)));
        let later = events::table.filter(events::id.ge(first_id(*until + DISORDER))).order(events::id);
        if let Some(position) = nearest(tx, later.select(events::position).into_boxed())? {
            found = found.filter(events::position.lt(position));
        }
    }
    found = match (newest_first, after) {
        (false, None) => found.order(events::position),
        (false, Some(after)) => found.filter(events::position.gt(after)).order(events::position),
        (true, None) => found.order(events::position.desc()),
        (true, Some(after)) => found.filter(events::position.lt(after)).order(events::position.desc()),
    };
    page(found, *limit, tx)?.into_iter().map(event).collect()
}

/// The event with this id, if it is in the scope and has a position.
pub fn by_id(tx: &mut StoreConnection, scope: Scope, id: EventId) -> Result<Option<Event>, Error> {
    let row: Option<Row> = in_scope(scope).filter(events::id.eq(Key::from(id))).first(tx).optional()?;
    row.map(event).transpose()
}

/// The types of all events about an object, oldest first. Takes no scope.
pub fn of_subject(tx: &mut StoreConnection, subject: &str) -> Result<Vec<String>, Error> {
    Ok(events::table.filter(events::subject.eq(subject)).order(events::id).select(events::action).load(tx)?)
}

/// The events of all accounts after a position, oldest first.
pub(super) fn events_after(tx: &mut StoreConnection, position: i64, limit: i64) -> Result<Vec<Event>, Error> {
    let found = in_scope(Scope::Platform).filter(events::position.gt(position)).order(events::position);
    page(found, limit, tx)?.into_iter().map(event).collect()
}

type Boxed<'a> = diesel::dsl::IntoBoxed<
    'a,
    diesel::dsl::Select<events::table, diesel::dsl::AsSelect<Row, MultiBackend>>,
    MultiBackend,
>;

/// The events that belong to a scope and have a position.
fn in_scope<'a>(scope: Scope) -> Boxed<'a> {
    let found = events::table.select(Row::as_select()).into_boxed().filter(events::position.is_not_null());
    match scope {
        Scope::Platform => found,
        Scope::MasterReseller(id) => found.filter(events::master_reseller_id.eq(Key::from(id))),
        Scope::Reseller(id) => found.filter(events::reseller_id.eq(Key::from(id))),
        Scope::Enterprise(id) => found.filter(events::enterprise_id.eq(Key::from(id))),
    }
}

type Positions<'a> = events::BoxedQuery<'a, MultiBackend, diesel::sql_types::Nullable<diesel::sql_types::BigInt>>;

/// The first non-null position that a query finds.
fn nearest(tx: &mut StoreConnection, query: Positions<'_>) -> Result<Option<i64>, Error> {
    let found: Option<Option<i64>> = query.filter(events::position.is_not_null()).first(tx).optional()?;
    Ok(found.flatten())
}

/// The lowest possible id at an instant. Event ids are UUIDs of version 7, which start with the time (RFC 9562 section
/// 5.7).
fn first_id(at: Timestamp) -> Key {
    let milliseconds = u128::try_from(at.timestamp_millis()).unwrap_or_default();
    Key::from(Uuid::from_u128(milliseconds << 80))
}

fn event(row: Row) -> Result<Event, Error> {
    let Row {
        id,
        occurred_at,
        actor_kind,
        actor_id,
        action,
        subject,
        before,
        after,
        request_id,
        source_address,
        actor_tier,
        master_reseller_id,
        reseller_id,
        enterprise_id,
        position,
        client_request_id,
    } = row;
    let tier = actor_tier.as_deref().map(|tier| Tier::parse(tier).unwrap_or(Tier::Platform));
    let actor = match (actor_kind.as_str(), actor_id, tier) {
        ("member", Some(id), Some(tier)) => Actor::Principal(Principal::Member(id.id()), tier),
        ("client", Some(id), Some(tier)) => Actor::Principal(Principal::Client(id.id()), tier),
        ("anonymous", None, None) => Actor::Anonymous,
        ("system", None, None) => Actor::System,
        _ => return Err(Error::Corrupt(format!("actor {actor_kind:?}"))),
    };
    Ok(Event {
        position: position.ok_or_else(|| Error::Corrupt("an event without a position".to_owned()))?,
        id: id.id(),
        occurred_at: instant(occurred_at),
        actor,
        action,
        subject,
        ancestry: Ancestry {
            master_reseller: master_reseller_id.map(Key::id),
            reseller: reseller_id.map(Key::id),
            enterprise: enterprise_id.map(Key::id),
        },
        before,
        after,
        request_id,
        client_request_id,
        source_address,
    })
}
