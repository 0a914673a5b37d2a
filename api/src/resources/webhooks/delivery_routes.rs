//! The operations of a webhook's deliveries: listing, reading, sending again, testing and replaying.

use actix_web::web::Path;
use actix_web::{HttpRequest, get, post};
use domain::Timestamp;
use domain::webhook::DeliveryState;
use persistence::webhooks::{self, DeliveryFilter};

use super::operations;
use super::wire::{
    DeliveryStateView, ReplayEvents, Replayed, WebhookDelivery, WebhookDeliveryLog, WebhookDeliveryPage, is_type,
};
use crate::access::{Change, Read};
use crate::app::Call;
use crate::error::Result;
use crate::http::page::Paging;
use crate::http::params::{IdempotencyKeyHeader, PageQuery};
use crate::http::query::Query;
use crate::http::{Answer, Body, Id, IdempotencyKey};
use crate::shown;

/// List deliveries
///
/// Lists the deliveries of a webhook from the last 30 days, sorted by creation time: those that are queued or retried,
/// those that were delivered, and those that failed for good. Only owners may do this.
#[utoipa::path(
    params(
        PageQuery,
        ("state" = Option<DeliveryStateView>, Query, description = "Only deliveries in this state."),
        ("type" = Option<shown::CodeName>, Query, description = "Only deliveries of events of this type.", example = "reseller.created"),
    ),
    responses((status = 200, description = "A page of deliveries.", body = WebhookDeliveryPage)),
)]
#[get("/{webhook_id}/deliveries")]
pub(crate) async fn list_webhook_deliveries(call: Call<Read>, id: Id, request: HttpRequest) -> Result<Answer> {
    let (path, text) = (format!("/webhooks/{id}/deliveries"), request.query_string().to_owned());
    call.read_long(move |tx, actor| {
        operations::may(actor)?;
        let webhook = operations::load(tx, actor, &id)?;
        let mut query = Query::read(&text)?;
        let paging = Paging::from_query(path.clone(), &text, &mut query)?;
        let caller = actor.name();
        let filter = DeliveryFilter {
            state: query.parameter("state", "queued, retrying, delivered or failed", DeliveryState::parse)?,
            event_type: query.parameter("type", "a type of event", is_type)?,
            newest_first: paging.newest_first,
            after: paging.after(&caller)?,
            limit: paging.limit + 1,
        };
        query.finish()?;
        let found = webhooks::deliveries(tx, webhook.id, &filter)?;
        paging.answer(&caller, found, |delivery| delivery.id.uuid(), WebhookDelivery::from)
    })
    .await
}

/// Read a delivery
///
/// Returns one delivery of a webhook with its request body and every attempt, with the receiver's responses. Only
/// owners may do this.
#[utoipa::path(responses((status = 200, description = "The delivery with its attempts.", body = WebhookDeliveryLog)))]
#[get("/{webhook_id}/deliveries/{delivery_id}")]
pub(crate) async fn get_webhook_delivery(call: Call<Read>, path: Path<(String, String)>) -> Result<Answer> {
    let (id, delivery) = path.into_inner();
    call.read(move |tx, actor| {
        operations::may(actor)?;
        let webhook = operations::load(tx, actor, &id)?;
        let delivery = operations::reach_delivery(tx, &webhook, &delivery)?;
        let attempts = webhooks::attempts(tx, delivery.id)?;
        Answer::ok(&WebhookDeliveryLog::view(delivery, attempts))
    })
    .await
}

/// Redeliver a delivery
///
/// Queues a delivery to be sent again immediately, whatever its state, and returns it. The `webhook-id` stays the same.
/// Only owners may do this.
#[utoipa::path(params(IdempotencyKeyHeader), responses(
    (status = 200, description = "The queued delivery.", body = WebhookDelivery),
    (status = 409, description = "`webhook_disabled`: the webhook is disabled; enable it first."),
))]
#[post("/{webhook_id}/deliveries/{delivery_id}/redeliver")]
pub(crate) async fn redeliver_webhook_delivery(
    call: Call<Change>,
    path: Path<(String, String)>,
    key: IdempotencyKey,
) -> Result<Answer> {
    let (id, delivery) = path.into_inner();
    let answer = call
        .write_once(key.without_body(), move |tx, actor| {
            operations::may(actor)?;
            let webhook = operations::load(tx, actor, &id)?;
            let delivery = operations::reach_delivery(tx, &webhook, &delivery)?;
            Answer::ok(&WebhookDelivery::from(operations::redeliver(tx, &webhook, &delivery)?))
        })
        .await;
    call.app.deliveries_ready.notify_one();
    answer
}

/// Test a webhook
///
/// Queues an event of type `webhook.tested` for a webhook, whatever its `event_types` are, and returns the delivery.
/// Read the delivery to see the receiver's response. Only owners may do this.
#[utoipa::path(params(IdempotencyKeyHeader), responses(
    (status = 200, description = "The queued delivery.", body = WebhookDelivery),
    (status = 409, description = "`webhook_disabled`: the webhook is disabled; enable it first."),
))]
#[post("/{webhook_id}/test")]
pub(crate) async fn test_webhook(call: Call<Change>, id: Id, key: IdempotencyKey) -> Result<Answer> {
    let answer = call
        .write_once(key.without_body(), move |tx, actor| {
            operations::may(actor)?;
            let account = actor.own_account(tx)?;
            let webhook = operations::load(tx, actor, &id)?;
            Answer::ok(&WebhookDelivery::from(operations::test(tx, actor, &account, &webhook)?))
        })
        .await;
    call.app.deliveries_ready.notify_one();
    answer
}

/// Replay events
///
/// Queues all events since a given time that match the webhook's `event_types`, including those that were already
/// delivered. The time must be within the last 30 days, and there can be at most 10,000 events. Each event keeps its
/// `webhook-id`, so that a receiver can recognise events that it already has. Only owners may do this.
#[utoipa::path(params(IdempotencyKeyHeader), request_body(content = ReplayEvents, example = json!({"since": "2026-11-24T00:00:00Z"})), responses(
    (status = 200, description = "The number of events that were queued.", body = Replayed),
    (status = 409, description = "`webhook_disabled`: the webhook is disabled; enable it first."),
))]
#[post("/{webhook_id}/replay")]
pub(crate) async fn replay_webhook_events(
    call: Call<Change>,
    id: Id,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer> {
    let since = body.parse::<ReplayEvents, Timestamp>();
    crate::events::publish::catch_up(&call).await?;
    let answer = call
        .write_once(key.with_body(&body), move |tx, actor| {
            operations::may(actor)?;
            let account = actor.own_account(tx)?;
            let webhook = operations::load(tx, actor, &id)?;
            let queued = operations::replay(tx, actor, &account, &webhook, *since.get()?)?;
            Answer::ok(&Replayed { queued })
        })
        .await;
    call.app.deliveries_ready.notify_one();
    answer
}
