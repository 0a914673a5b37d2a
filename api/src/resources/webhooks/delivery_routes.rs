//! The operations of a webhook's deliveries: looking at them, and having them sent again.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, get, post};
use domain::Timestamp;
use domain::webhook::DeliveryState;
use persistence::webhooks;
use persistence::webhooks::DeliveryFilter;

use super::operations;
use super::wire::{
    DeliveryStateView, ReplayEvents, Replayed, WebhookDelivery, WebhookDeliveryLog, WebhookDeliveryPage, is_type,
};
use crate::access::{Change, Read};
use crate::app::App;
use crate::error::Error;
use crate::http::page::Paging;
use crate::http::params::{IdempotencyKeyHeader, PageQuery};
use crate::http::query::Query;
use crate::http::{Answer, Body, Caller, IdempotencyKey};
use crate::shown;

/// List deliveries
///
/// For owners: the events on their way to a webhook, those that it took and those that were given up, of the last 30 days.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "list_webhook_deliveries",
    params(
        ("webhook_id" = String, Path, description = "The id of the webhook.", example = "webhook_01h455vb4pex5vsknk084sn02q"),
        PageQuery,
        ("state" = Option<DeliveryStateView>, Query, description = "Only those in this state."),
        ("type" = Option<shown::CodeName>, Query, description = "Only those of events of this type.", example = "reseller.created"),
    ),
    responses((status = 200, description = "A page of deliveries.", body = WebhookDeliveryPage, headers(("Link" = String, description = "The next page, if there is one (RFC 8288).")))),
    security(("bearer" = []))
)]
#[get("/{webhook_id}/deliveries")]
pub(crate) async fn list_webhook_deliveries(
    app: Data<App>,
    caller: Caller<Read>,
    id: Path<String>,
    request: HttpRequest,
) -> Result<Answer, Error> {
    let (path, text) = (format!("/webhooks/{id}/deliveries"), request.query_string().to_owned());
    app.read_long(caller, move |tx, actor, _| {
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
/// For owners: what is sent, and every attempt with what came back.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "get_webhook_delivery",
    params(
        ("webhook_id" = String, Path, description = "The id of the webhook.", example = "webhook_01h455vb4pex5vsknk084sn02q"),
        ("delivery_id" = String, Path, description = "The id of the delivery.", example = "delivery_01h455vb4pex5vsknk084sn02q"),
    ),
    responses((status = 200, description = "The delivery with its attempts.", body = WebhookDeliveryLog)),
    security(("bearer" = []))
)]
#[get("/{webhook_id}/deliveries/{delivery_id}")]
pub(crate) async fn get_webhook_delivery(
    app: Data<App>,
    caller: Caller<Read>,
    path: Path<(String, String)>,
) -> Result<Answer, Error> {
    let (id, delivery) = path.into_inner();
    app.read(caller, move |tx, actor, _| {
        operations::may(actor)?;
        let webhook = operations::load(tx, actor, &id)?;
        let delivery = operations::reach_delivery(tx, &webhook, &delivery)?;
        let attempts = webhooks::attempts(tx, delivery.id)?;
        Answer::ok(&WebhookDeliveryLog::view(delivery, attempts))
    })
    .await
}

/// Send a delivery again
///
/// For owners: at once, whatever has become of it, with the same `webhook-id`.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "redeliver_webhook_delivery",
    params(
        ("webhook_id" = String, Path, description = "The id of the webhook.", example = "webhook_01h455vb4pex5vsknk084sn02q"),
        ("delivery_id" = String, Path, description = "The id of the delivery.", example = "delivery_01h455vb4pex5vsknk084sn02q"),
        IdempotencyKeyHeader,
    ),
    responses(
        (status = 200, description = "It is queued.", body = WebhookDelivery),
        (status = 409, description = "`webhook_disabled`: enable the webhook first. `idempotency_key_in_use`."),
        (status = 422, description = "`idempotency_key_reused`: use a new key for a new request."),
    ),
    security(("bearer" = []))
)]
#[post("/{webhook_id}/deliveries/{delivery_id}/redeliver")]
pub(crate) async fn redeliver_webhook_delivery(
    app: Data<App>,
    caller: Caller<Change>,
    path: Path<(String, String)>,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    let (id, delivery) = path.into_inner();
    let answer = app
        .write_once(caller, key.without_body(), move |tx, actor, now| {
            operations::may(actor)?;
            let webhook = operations::load(tx, actor, &id)?;
            let delivery = operations::reach_delivery(tx, &webhook, &delivery)?;
            Answer::ok(&WebhookDelivery::from(operations::redeliver(tx, &webhook, &delivery, now)?))
        })
        .await;
    app.deliveries_ready.notify_one();
    answer
}

/// Test a webhook
///
/// For owners: sends it a message of type `webhook.tested`, whatever types it wants. Look at the delivery to see what came back.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "test_webhook",
    params(("webhook_id" = String, Path, description = "The id of the webhook.", example = "webhook_01h455vb4pex5vsknk084sn02q"), IdempotencyKeyHeader),
    responses(
        (status = 200, description = "It is queued.", body = WebhookDelivery),
        (status = 409, description = "`webhook_disabled`: enable the webhook first. `idempotency_key_in_use`."),
        (status = 422, description = "`idempotency_key_reused`: use a new key for a new request."),
    ),
    security(("bearer" = []))
)]
#[post("/{webhook_id}/test")]
pub(crate) async fn test_webhook(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    let answer = app
        .write_once(caller, key.without_body(), move |tx, actor, now| {
            operations::may(actor)?;
            let account = actor.own_account(tx)?;
            let webhook = operations::load(tx, actor, &id)?;
            Answer::ok(&WebhookDelivery::from(operations::test(tx, actor, &account, &webhook, now)?))
        })
        .await;
    app.deliveries_ready.notify_one();
    answer
}

/// Send events again
///
/// For owners: whatever the webhook wants of what has happened since an instant of the last 30 days, at most 10,000 events, also what it
/// has taken. Each has the same `webhook-id` as before, by which a receiver knows what it has.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "replay_webhook_events",
    params(("webhook_id" = String, Path, description = "The id of the webhook.", example = "webhook_01h455vb4pex5vsknk084sn02q"), IdempotencyKeyHeader),
    request_body(content = ReplayEvents, example = json!({"since": "2026-11-24T00:00:00Z"})),
    responses(
        (status = 200, description = "They are queued.", body = Replayed),
        (status = 409, description = "`webhook_disabled`: enable the webhook first. `idempotency_key_in_use`."),
    ),
    security(("bearer" = []))
)]
#[post("/{webhook_id}/replay")]
pub(crate) async fn replay_webhook_events(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer, Error> {
    let since = body.parse::<ReplayEvents, Timestamp>();
    crate::events::publish::catch_up(&app, &caller).await?;
    let answer = app
        .write_once(caller, key.with_body(&body), move |tx, actor, now| {
            operations::may(actor)?;
            let account = actor.own_account(tx)?;
            let webhook = operations::load(tx, actor, &id)?;
            let queued = operations::replay(tx, actor, &account, &webhook, *since.get()?, now)?;
            Answer::ok(&Replayed { queued })
        })
        .await;
    app.deliveries_ready.notify_one();
    answer
}
