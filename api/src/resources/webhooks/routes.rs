//! The operations of `/webhooks`.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, delete, get, patch, post};
use domain::api_client::PreviousSecretSeconds;
use domain::webhook;
use persistence::webhooks;

use super::operations;
use super::wire::{CreateWebhook, PatchWebhook, Webhook, WebhookPage};
use crate::access::{Change, Create, Read};
use crate::app::App;
use crate::error::Error;
use crate::http::page::Paging;
use crate::http::params::{IfMatch, IfNoneMatch, PageQuery};
use crate::http::query::Query;
use crate::http::{Answer, Body, Caller, Conditions};
use crate::resources::api_clients::wire::RotateSecret;
use crate::webhook_client::sign;

const PATH: &str = "/webhooks";

/// Make a webhook
///
/// For owners. From now on, events of your account and all below it are sent to the URL as they happen, signed after the Standard
/// Webhooks specification. The answer shows the signing secret, this once. Because the answer is not kept, there is no `Idempotency-Key`: if
/// it was lost, remove the webhook that is listed and make another.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "create_webhook",
    request_body(content = CreateWebhook, example = json!({"url": "https://hooks.contoso.example/teammate", "event_types": ["reseller.*"], "description": "Order system"})),
    responses(
        (status = 201, description = "Made.", body = Webhook, headers(("Location" = String, description = "Where the webhook is."), ("ETag" = String, description = "For `If-Match`."))),
        (status = 403, description = "`limited_api_client`: the API client has limits that a webhook would outlive. `forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
        (status = 409, description = "`too_many_webhooks`: an account has at most 50."),
    ),
    security(("bearer" = []))
)]
#[post("")]
pub(crate) async fn create_webhook(app: Data<App>, caller: Caller<Create>, body: Body) -> Result<Answer, Error> {
    let settings = body.parse_with::<CreateWebhook, webhook::Settings>(&app.settings);
    let (secret, seal) = (sign::generate(), Arc::clone(&app.seal));
    app.write(caller, move |tx, actor, now| {
        operations::may(actor)?;
        let settings = settings.get()?;
        let account = actor.own_account(tx)?;
        let webhook = operations::create(tx, actor, &account, settings, &secret, now, &seal)?;
        let location = format!("{PATH}/{}", webhook.id);
        Ok(with_secret(webhook, &secret)?.created(location))
    })
    .await
}

/// List webhooks
///
/// For owners: those of your own account, by the time of their making.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "list_webhooks",
    params(PageQuery),
    responses((status = 200, description = "A page of webhooks.", body = WebhookPage, headers(("Link" = String, description = "The next page, if there is one (RFC 8288).")))),
    security(("bearer" = []))
)]
#[get("")]
pub(crate) async fn list_webhooks(app: Data<App>, caller: Caller<Read>, request: HttpRequest) -> Result<Answer, Error> {
    let text = request.query_string().to_owned();
    app.read(caller, move |tx, actor, _| {
        operations::may(actor)?;
        let mut query = Query::read(&text)?;
        let paging = Paging::from_query(PATH, &text, &mut query)?;
        query.finish()?;
        let caller = actor.name();
        let (after, limit) = (paging.after(&caller)?, paging.limit + 1);
        let found = webhooks::list(tx, actor.account(), after, paging.newest_first, limit)?;
        paging.answer(&caller, found, |webhook| webhook.id.uuid(), Webhook::from)
    })
    .await
}

/// Read a webhook
///
/// For owners: one of your own account, with its `ETag`.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "get_webhook",
    params(("webhook_id" = String, Path, description = "The id of the webhook.", example = "webhook_01h455vb4pex5vsknk084sn02q"), IfNoneMatch),
    responses(
        (status = 200, description = "The webhook.", body = Webhook, headers(("ETag" = String, description = "For `If-Match` and `If-None-Match`."))),
        (status = 304, description = "It is what you have."),
    ),
    security(("bearer" = []))
)]
#[get("/{webhook_id}")]
pub(crate) async fn get_webhook(
    app: Data<App>,
    caller: Caller<Read>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    let answer = app
        .read(caller, move |tx, actor, _| {
            operations::may(actor)?;
            answer(operations::load(tx, actor, &id)?)
        })
        .await?;
    Ok(conditions.answer(answer))
}

/// Change a webhook
///
/// For owners. Takes a merge patch. What is on its way goes to the new URL. One that is enabled again gets what waited for it, and what has
/// happened since; have the rest sent again.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "update_webhook",
    params(("webhook_id" = String, Path, description = "The id of the webhook.", example = "webhook_01h455vb4pex5vsknk084sn02q"), IfMatch),
    request_body(content((PatchWebhook = "application/merge-patch+json", example = json!({"enabled": true})), (PatchWebhook = "application/json", example = json!({"enabled": true})))),
    responses(
        (status = 200, description = "The webhook after the change.", body = Webhook, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 403, description = "`limited_api_client`: the API client has limits that a webhook would outlive. `forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
    ),
    security(("bearer" = []))
)]
#[patch("/{webhook_id}")]
pub(crate) async fn update_webhook(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    body: Body,
) -> Result<Answer, Error> {
    let command = body.parse_patch_with::<PatchWebhook, operations::ChangeWebhook>(&app.settings);
    app.write(caller, move |tx, actor, now| {
        operations::may(actor)?;
        let account = actor.own_account(tx)?;
        let webhook = operations::load(tx, actor, &id)?;
        let change = command.get()?;
        conditions.check_version(webhook.version)?;
        answer(operations::update(tx, actor, &account, webhook, change, now)?)
    })
    .await
}

/// Remove a webhook
///
/// For owners, and for good. What was on its way goes nowhere any more.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "delete_webhook",
    params(("webhook_id" = String, Path, description = "The id of the webhook.", example = "webhook_01h455vb4pex5vsknk084sn02q"), IfMatch),
    responses(
        (status = 204, description = "Removed."),
        (status = 403, description = "`limited_api_client`: the API client has limits that a webhook would outlive. `forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
    ),
    security(("bearer" = []))
)]
#[delete("/{webhook_id}")]
pub(crate) async fn delete_webhook(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    app.write(caller, move |tx, actor, now| {
        operations::may(actor)?;
        let account = actor.own_account(tx)?;
        let webhook = operations::load(tx, actor, &id)?;
        conditions.check_version(webhook.version)?;
        operations::remove(tx, actor, &account, &webhook, now)?;
        Ok(Answer::no_content())
    })
    .await
}

/// Exchange the signing secret of a webhook
///
/// For owners. The answer shows the new secret, this once. For as long as you say, deliveries are signed with both, so that none is turned away
/// while the receiver learns the new one.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "rotate_webhook_secret",
    params(("webhook_id" = String, Path, description = "The id of the webhook.", example = "webhook_01h455vb4pex5vsknk084sn02q"), IfMatch),
    request_body(content = Option<RotateSecret>, example = json!({"previous_secret_expires_in": 604_800})),
    responses(
        (status = 200, description = "The webhook with its new secret.", body = Webhook, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 403, description = "`limited_api_client`: the API client has limits that a webhook would outlive. `forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
    ),
    security(("bearer" = []))
)]
#[post("/{webhook_id}/rotate-secret")]
pub(crate) async fn rotate_webhook_secret(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    body: Body,
) -> Result<Answer, Error> {
    let command = body.parse_or_default::<RotateSecret, PreviousSecretSeconds>();
    let (secret, seal) = (sign::generate(), Arc::clone(&app.seal));
    app.write(caller, move |tx, actor, now| {
        operations::may(actor)?;
        let account = actor.own_account(tx)?;
        let webhook = operations::load(tx, actor, &id)?;
        let seconds = command.get()?.get();
        conditions.check_version(webhook.version)?;
        let webhook = operations::rotate_secret(tx, actor, &account, &webhook, seconds, &secret, now, &seal)?;
        with_secret(webhook, &secret)
    })
    .await
}

fn answer(webhook: webhook::Webhook) -> Result<Answer, Error> {
    let version = webhook.version;
    Answer::resource(&Webhook::from(webhook), version)
}

/// The entity tag is that of the webhook as it is read.
fn with_secret(webhook: webhook::Webhook, secret: &[u8]) -> Result<Answer, Error> {
    let etag = answer(webhook.clone())?.etag;
    let view = Webhook { signing_secret: Some(sign::expose(secret)), ..webhook.into() };
    Ok(Answer { etag, ..Answer::ok(&view)? })
}
