//! Reading deliveries and their attempts, and redelivering them.

use diesel::prelude::*;
use domain::Timestamp;
use domain::id::{DeliveryId, EventId, WebhookId};
use domain::webhook::DeliveryState;
use uuid::Uuid;

use crate::schema::{webhook_attempts, webhook_deliveries as rows};
use crate::store::connection::{MultiBackend, StoreConnection};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::page::page;
use crate::store::time::{Instant, column, instant};

/// A delivery of an event to a webhook.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The event.
    pub event: EventId,
    /// The event's type.
    pub event_type: String,
    /// The request body: JSON.
    pub payload: String,
    /// Its state.
    pub state: DeliveryState,
    /// Number of attempts since it was last queued.
    pub attempts: i32,
    /// When the next attempt is due; `None` if there is none.
    pub due_at: Option<Timestamp>,
    /// When it was first queued.
    pub created_at: Timestamp,
    /// When it was delivered or failed; `None` while attempts are outstanding.
    pub finished_at: Option<Timestamp>,
}

/// Filter and page of a list of deliveries.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Only deliveries in this state.
    pub state: Option<DeliveryState>,
    /// Only deliveries of events of this type.
    pub event_type: Option<String>,
    /// Newest first instead of oldest first.
    pub newest_first: bool,
    /// The cursor: only deliveries after this id in the sort order.
    pub after: Option<Uuid>,
    /// Most deliveries to return.
    pub limit: i64,
}

/// An attempt to deliver an event.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, in milliseconds.
    pub milliseconds: i32,
    /// The HTTP status of the response; `None` if there was no response.
    pub status: Option<i32>,
    /// Why it failed; `None` if it succeeded.
    pub error: Option<String>,
    /// The request headers, as a JSON object.
    pub request_headers: String,
    /// The response headers, as a JSON object.
    pub answer_headers: Option<String>,
    /// The start of the response body.
    pub answer: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = rows)]
struct Row {
    id: Key,
    event_id: Key,
    event_type: String,
    payload: String,
    state: String,
    attempts: i32,
    due_at: Option<Instant>,
    created_at: Instant,
    finished_at: Option<Instant>,
}

fn read(row: Row) -> Result<Delivery, Error> {
    let Row { id, event_id, event_type, payload, state, attempts, due_at, created_at, finished_at } = row;
    Ok(Delivery {
        id: id.id(),
        event: event_id.id(),
        event_type,
        payload,
        state: DeliveryState::parse(&state).ok_or_else(|| Error::Corrupt(format!("delivery {state:?}")))?,
        attempts,
        due_at: due_at.map(instant),
        created_at: instant(created_at),
        finished_at: finished_at.map(instant),
    })
}

/// The deliveries of a webhook that match a filter.
pub fn deliveries(
    tx: &mut StoreConnection,
    webhook: WebhookId,
    filter: &DeliveryFilter,
) -> Result<Vec<Delivery>, Error> {
    let DeliveryFilter { state, event_type, newest_first, after, limit } = filter;
    let mut wanted = rows::table
        .filter(rows::webhook_id.eq(Key::from(webhook)))
        .select(Row::as_select())
        .into_boxed::<MultiBackend>();
    if let Some(state) = state {
        wanted = wanted.filter(rows::state.eq(state.as_str()));
    }
    if let Some(event_type) = event_type {
        wanted = wanted.filter(rows::event_type.eq(event_type.clone()));
    }
    wanted = match (newest_first, after.map(Key::from)) {
        (false, None) => wanted.order(rows::id.asc()),
        (false, Some(after)) => wanted.filter(rows::id.gt(after)).order(rows::id.asc()),
        (true, None) => wanted.order(rows::id.desc()),
        (true, Some(after)) => wanted.filter(rows::id.lt(after)).order(rows::id.desc()),
    };
    page(wanted, *limit, tx)?.into_iter().map(read).collect()
}

/// The delivery of a webhook with this id; `None` if there is none.
pub fn delivery(tx: &mut StoreConnection, webhook: WebhookId, id: DeliveryId) -> Result<Option<Delivery>, Error> {
    let own = rows::table.filter(rows::webhook_id.eq(Key::from(webhook))).filter(rows::id.eq(Key::from(id)));
    own.select(Row::as_select()).first(tx).optional()?.map(read).transpose()
}

/// The attempts of a delivery, oldest first.
pub fn attempts(tx: &mut StoreConnection, id: DeliveryId) -> Result<Vec<Attempt>, Error> {
    type Columns = (Instant, i32, Option<i32>, Option<String>, String, Option<String>, Option<String>);
    let found: Vec<Columns> = webhook_attempts::table
        .filter(webhook_attempts::delivery_id.eq(Key::from(id)))
        .order(webhook_attempts::started_at)
        .select((
            webhook_attempts::started_at,
            webhook_attempts::milliseconds,
            webhook_attempts::status,
            webhook_attempts::error,
            webhook_attempts::request_headers,
            webhook_attempts::answer_headers,
            webhook_attempts::answer,
        ))
        .load(tx)?;
    let attempt = |(started_at, milliseconds, status, error, request_headers, answer_headers, answer)| Attempt {
        started_at: instant(started_at),
        milliseconds,
        status,
        error,
        request_headers,
        answer_headers,
        answer,
    };
    Ok(found.into_iter().map(attempt).collect())
}

/// Queues a delivery again, regardless of its state.
pub fn redeliver(tx: &mut StoreConnection, id: DeliveryId, now: Timestamp) -> Result<(), Error> {
    diesel::update(rows::table.filter(rows::id.eq(Key::from(id)))).set(queued(now)).execute(tx)?;
    Ok(())
}

/// Queues the delivery of an event to a webhook again. Returns `false` if there is no such delivery.
pub fn replay(tx: &mut StoreConnection, webhook: WebhookId, event: EventId, now: Timestamp) -> Result<bool, Error> {
    let own = rows::table.filter(rows::webhook_id.eq(Key::from(webhook))).filter(rows::event_id.eq(Key::from(event)));
    Ok(diesel::update(own).set(queued(now)).execute(tx)? == 1)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn queued(now: Timestamp) -> _ {
    let due_at: Option<Instant> = Some(column(now));
    let finished_at: Option<Instant> = None;
    let state: &'static str = DeliveryState::Queued.as_str();
    (rows::state.eq(state), rows::attempts.eq(0_i32), rows::due_at.eq(due_at), rows::finished_at.eq(finished_at))
}
