//! Queueing deliveries, and leasing them to workers. Any number of replicas may have workers (S5).

use std::time::Duration;

use chrono::TimeDelta;
use diesel::dsl::exists;
use diesel::prelude::*;
use domain::Timestamp;
use domain::id::{DeliveryId, EventId, WebhookId};
use domain::status::Status;
use domain::webhook::DeliveryState;
use uuid::Uuid;

use super::deliveries::Attempt;
use super::endpoints::secrets;
use crate::accounts::{MASTER, RESELLER};
use crate::schema::{accounts, webhook_attempts, webhook_deliveries as rows, webhooks};
use crate::store::connection::{StoreConnection, on};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::time::{Instant, column, instant};

/// How long a worker's lease of deliveries lasts. If the worker dies, other workers can take them over afterwards.
const LEASE: Duration = Duration::from_mins(4);

/// A delivery to be queued.
#[derive(Debug, Clone)]
pub struct NewDelivery<'a> {
    /// Its id.
    pub id: DeliveryId,
    /// The webhook that it is sent to.
    pub webhook: WebhookId,
    /// The event.
    pub event: EventId,
    /// The event's type.
    pub event_type: &'a str,
    /// The request body: JSON.
    pub payload: &'a str,
}

/// A delivery that is leased to a worker.
#[derive(Debug, Clone)]
pub struct Leased {
    /// Its id.
    pub id: DeliveryId,
    /// The event. Receivers recognise duplicates by its id.
    pub event: EventId,
    /// The request body: JSON.
    pub payload: String,
    /// Number of earlier attempts.
    pub attempts: i32,
}

/// The leased deliveries of one webhook, with what is needed to send them.
#[derive(Debug, Clone)]
pub struct Work {
    /// The target URL.
    pub url: String,
    /// Whether the last attempt to deliver to the webhook failed.
    pub failing: bool,
    /// The live signing secrets, newest first: their ids and the sealed secrets.
    pub secrets: Vec<(Uuid, Vec<u8>)>,
    /// The deliveries to send.
    pub deliveries: Vec<Leased>,
}

/// The result of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// The receiver accepted the delivery.
    Delivered,
    /// The attempt failed; try again at this time.
    Again(Timestamp),
    /// The last attempt failed.
    GivenUp,
}

/// Queues an event for a webhook. Returns `false` if it was already queued for this webhook.
pub fn queue(tx: &mut StoreConnection, delivery: &NewDelivery<'_>, now: Timestamp) -> Result<bool, Error> {
    let NewDelivery { id, webhook, event, event_type, payload } = delivery;
    let queued = on!(tx, connection => diesel::insert_into(rows::table)
        .values((
            rows::id.eq(Key::from(*id)),
            rows::webhook_id.eq(Key::from(*webhook)),
            rows::event_id.eq(Key::from(*event)),
            rows::event_type.eq(event_type),
            rows::payload.eq(payload),
            rows::state.eq(DeliveryState::Queued.as_str()),
            rows::attempts.eq(0),
            rows::due_at.eq(Some(column(now))),
            rows::created_at.eq(column(now)),
            rows::finished_at.eq(None::<Instant>),
        ))
        .on_conflict((rows::webhook_id, rows::event_id))
        .do_nothing()
        .execute(connection))?;
    Ok(queued == 1)
}

/// The enabled webhooks with due deliveries, each with whether its last attempt failed. Webhooks of accounts that are
/// not active, or are below one that is not, are skipped (R7).
pub fn due(tx: &mut StoreConnection, now: Timestamp) -> Result<Vec<(WebhookId, bool)>, Error> {
    let waiting = rows::table.filter(rows::webhook_id.eq(webhooks::id)).filter(rows::due_at.le(column(now)));
    let active = Status::Active.as_str();
    let master = MASTER.field(accounts::status).nullable();
    let reseller = RESELLER.field(accounts::status).nullable();
    let found: Vec<(Key, Option<Instant>)> = webhooks::table
        .inner_join(accounts::table.on(accounts::id.eq(webhooks::account_id)))
        .left_join(MASTER.on(MASTER.field(accounts::id).nullable().eq(accounts::master_reseller_id)))
        .left_join(RESELLER.on(RESELLER.field(accounts::id).nullable().eq(accounts::reseller_id)))
        .filter(webhooks::enabled.eq(true))
        .filter(webhooks::removed_at.is_null())
        .filter(accounts::status.eq(active))
        .filter(master.is_null().or(master.assume_not_null().eq(active)))
        .filter(reseller.is_null().or(reseller.assume_not_null().eq(active)))
        .filter(exists(waiting))
        .select((webhooks::id, webhooks::failing_since))
        .load(tx)?;
    Ok(found.into_iter().map(|(id, failing_since)| (id.id(), failing_since.is_some())).collect())
}

/// Leases due deliveries of a webhook to the calling worker: up to `limit`, or up to `limit_failing` if the last
/// attempt failed. Other workers don't get them until the lease expires. Returns `None` if the webhook is disabled or
/// removed.
pub fn lease(
    tx: &mut StoreConnection,
    webhook: WebhookId,
    limit: i64,
    limit_failing: i64,
    now: Timestamp,
) -> Result<Option<Work>, Error> {
    let live = webhooks::table
        .filter(webhooks::id.eq(Key::from(webhook)))
        .filter(webhooks::enabled.eq(true))
        .filter(webhooks::removed_at.is_null());
    let found: Option<(String, Option<Instant>)> =
        live.select((webhooks::url, webhooks::failing_since)).first(tx).optional()?;
    let Some((url, failing_since)) = found else { return Ok(None) };
    let failing = failing_since.is_some();
    let due = rows::table
        .filter(rows::webhook_id.eq(Key::from(webhook)))
        .filter(rows::due_at.le(column(now)))
        .order((rows::due_at, rows::id))
        .limit(if failing { limit_failing } else { limit })
        .select((rows::id, rows::event_id, rows::payload, rows::attempts));
    let due: Vec<(Key, Key, String, i32)> = match tx {
        StoreConnection::Postgresql(connection) => due.for_update().skip_locked().load(connection)?,
        StoreConnection::Sqlite(connection) => due.load(connection)?,
    };
    let until = column(now + TimeDelta::from_std(LEASE).unwrap_or_default());
    let mut deliveries = Vec::with_capacity(due.len());
    for (id, event, payload, attempts) in due {
        on!(tx, connection => diesel::update(rows::table.filter(rows::id.eq(id)))
            .set(rows::due_at.eq(Some(until)))
            .execute(connection))?;
        deliveries.push(Leased { id: id.id(), event: event.id(), payload, attempts });
    }
    Ok(Some(Work { url, failing, secrets: secrets(tx, webhook, now)?, deliveries }))
}

/// Records an attempt and updates the delivery. Returns when the webhook started to fail, taking this attempt into
/// account; `None` if the attempt succeeded.
pub fn conclude(
    tx: &mut StoreConnection,
    webhook: WebhookId,
    delivery: DeliveryId,
    attempt: &Attempt,
    conclusion: Conclusion,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let Attempt { started_at, milliseconds, status, error, request_headers, answer_headers, answer } = attempt;
    on!(tx, connection => diesel::insert_into(webhook_attempts::table)
        .values((
            webhook_attempts::delivery_id.eq(Key::from(delivery)),
            webhook_attempts::started_at.eq(column(*started_at)),
            webhook_attempts::milliseconds.eq(milliseconds),
            webhook_attempts::status.eq(status),
            webhook_attempts::error.eq(error),
            webhook_attempts::request_headers.eq(request_headers),
            webhook_attempts::answer_headers.eq(answer_headers),
            webhook_attempts::answer.eq(answer),
        ))
        .on_conflict_do_nothing()
        .execute(connection))?;
    let (state, due_at, finished_at) = match conclusion {
        Conclusion::Delivered => (DeliveryState::Delivered, None, Some(column(now))),
        Conclusion::Again(at) => (DeliveryState::Retrying, Some(column(at)), None),
        Conclusion::GivenUp => (DeliveryState::Failed, None, Some(column(now))),
    };
    // Another worker may have taken the delivery over and completed it.
    let own = rows::table.filter(rows::id.eq(Key::from(delivery)));
    on!(tx, connection => diesel::update(own.filter(rows::state.ne(DeliveryState::Delivered.as_str())))
        .set((
            rows::state.eq(state.as_str()),
            rows::attempts.eq(rows::attempts + 1),
            rows::due_at.eq(due_at),
            rows::finished_at.eq(finished_at),
        ))
        .execute(connection))?;
    let row = webhooks::table.filter(webhooks::id.eq(Key::from(webhook)));
    let since: Option<Option<Instant>> = row.select(webhooks::failing_since).first(tx).optional()?;
    let since = since.flatten();
    let failing_since = match conclusion {
        Conclusion::Delivered => None,
        Conclusion::Again(_) | Conclusion::GivenUp => Some(since.map_or(now, instant)),
    };
    if failing_since.map(column) != since {
        diesel::update(row).set(webhooks::failing_since.eq(failing_since.map(column))).execute(tx)?;
    }
    Ok(failing_since)
}
