//! The operations of `/webhooks`.

use actix_web::{HttpRequest, delete, get, patch, post};
use domain::api_client::PreviousSecretSeconds;
use domain::webhook;
use persistence::webhooks;

use super::operations;
use super::wire::{CreateWebhook, PatchWebhook, Webhook, WebhookPage};
use crate::access::{Change, Create, Read};
use crate::app::Call;
use crate::error::Result;
use crate::http::page::Paging;
use crate::http::params::{IfMatch, IfNoneMatch, PageQuery};
use crate::http::query::Query;
use crate::http::{Answer, Body, Conditions, Id};
use crate::resources::api_clients::wire::RotateSecret;
use crate::webhook_client::sign;

const PATH: &str = "/webhooks";

/// Create a webhook
///
/// Creates a webhook in your own account and returns it with its signing secret. This is the only response that shows
/// the secret. From then on, events of your account and of all accounts below it are sent to the URL as they occur,
/// signed as in the Standard Webhooks specification. `Idempotency-Key` is not supported, because the response is not
/// stored. If you lose the response, remove the new webhook, which is in the list, and create another one. Only owners
/// may do this.
#[utoipa::path(
    request_body(content = CreateWebhook, example = json!({"url": "https://hooks.contoso.example/teammate", "event_types": ["reseller.*"], "description": "Order system"})),
    responses(
        (status = 201, description = "The new webhook with its signing secret.", body = Webhook, headers(("Location" = String, description = "The URL of the new webhook."))),
        (status = 403, description = "`limited_api_client`: the API client has an expiry or allowed networks, which a webhook would outlive. `forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
        (status = 409, description = "`too_many_webhooks`: an account can have at most 50 webhooks."),
    ),
)]
#[post("")]
pub(crate) async fn create_webhook(call: Call<Create>, body: Body) -> Result<Answer> {
    let settings = body.parse_with::<CreateWebhook, webhook::Settings>(&call.app.settings);
    let secret = sign::generate();
    call.write(move |tx, actor| {
        operations::may(actor)?;
        let settings = settings.get()?;
        let account = actor.own_account(tx)?;
        let webhook = operations::create(tx, &account, settings, &secret)?;
        let location = format!("{PATH}/{}", webhook.id);
        Ok(with_secret(webhook, &secret)?.created(location))
    })
    .await
}

/// List webhooks
///
/// Lists the webhooks of your own account, sorted by creation time. Only owners may do this.
#[utoipa::path(params(PageQuery), responses((status = 200, description = "A page of webhooks.", body = WebhookPage)))]
#[get("")]
pub(crate) async fn list_webhooks(call: Call<Read>, request: HttpRequest) -> Result<Answer> {
    let text = request.query_string().to_owned();
    call.read(move |tx, actor| {
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
/// Returns one webhook of your own account, with its `ETag`. Only owners may do this.
#[utoipa::path(params(IfNoneMatch), responses((status = 200, description = "The webhook.", body = Webhook)))]
#[get("/{webhook_id}")]
pub(crate) async fn get_webhook(call: Call<Read>, id: Id, conditions: Conditions) -> Result<Answer> {
    call.read_if_changed(conditions, move |tx, actor| {
        operations::may(actor)?;
        answer(operations::load(tx, actor, &id)?)
    })
    .await
}

/// Change a webhook
///
/// Changes a webhook of your own account with a merge patch and returns it. If you change `url`, pending deliveries go
/// to the new URL. If you enable a disabled webhook, it gets the deliveries that were pending when it was disabled, and
/// new events. It does not get the events that occurred while it was disabled; replay them with `POST
/// /webhooks/{webhook_id}/replay`. Only owners may do this.
#[utoipa::path(params(IfMatch), request_body(content = PatchWebhook, example = json!({"enabled": true})), responses(
    (status = 200, description = "The webhook after the change.", body = Webhook),
    (status = 403, description = "`limited_api_client`: the API client has an expiry or allowed networks, which a webhook would outlive. `forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
))]
#[patch("/{webhook_id}")]
pub(crate) async fn update_webhook(call: Call<Change>, id: Id, conditions: Conditions, body: Body) -> Result<Answer> {
    let command = body.parse_patch_with::<PatchWebhook, operations::ChangeWebhook>(&call.app.settings);
    call.write(move |tx, actor| {
        operations::may(actor)?;
        let account = actor.own_account(tx)?;
        let webhook = operations::load(tx, actor, &id)?;
        let change = command.get()?;
        conditions.check_version(webhook.version)?;
        answer(operations::update(tx, &account, webhook, change)?)
    })
    .await
}

/// Remove a webhook
///
/// Removes a webhook of your own account. Pending deliveries are dropped. This can't be undone. Only owners may do
/// this.
#[utoipa::path(params(IfMatch), responses(
    (status = 204, description = "The webhook was removed."),
    (status = 403, description = "`limited_api_client`: the API client has an expiry or allowed networks, which a webhook would outlive. `forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
))]
#[delete("/{webhook_id}")]
pub(crate) async fn delete_webhook(call: Call<Change>, id: Id, conditions: Conditions) -> Result<Answer> {
    call.write(move |tx, actor| {
        operations::may(actor)?;
        let account = actor.own_account(tx)?;
        let webhook = operations::load(tx, actor, &id)?;
        conditions.check_version(webhook.version)?;
        operations::remove(tx, &account, &webhook)?;
        Ok(Answer::no_content())
    })
    .await
}

/// Rotate the signing secret of a webhook
///
/// Creates a new signing secret and returns the webhook with it. This is the only response that shows the secret. For
/// `previous_secret_expires_in` seconds, deliveries are signed with both secrets, so that the receiver can switch to
/// the new one without rejecting any. Only owners may do this.
#[utoipa::path(params(IfMatch), request_body(content = Option<RotateSecret>, example = json!({"previous_secret_expires_in": 604_800})), responses(
    (status = 200, description = "The webhook with its new secret.", body = Webhook),
    (status = 403, description = "`limited_api_client`: the API client has an expiry or allowed networks, which a webhook would outlive. `forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
))]
#[post("/{webhook_id}/rotate-secret")]
pub(crate) async fn rotate_webhook_secret(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    body: Body,
) -> Result<Answer> {
    let command = body.parse_or_default::<RotateSecret, PreviousSecretSeconds>();
    let secret = sign::generate();
    call.write(move |tx, actor| {
        operations::may(actor)?;
        let account = actor.own_account(tx)?;
        let webhook = operations::load(tx, actor, &id)?;
        let seconds = command.get()?.get();
        conditions.check_version(webhook.version)?;
        let webhook = operations::rotate_secret(tx, &account, &webhook, seconds, &secret)?;
        with_secret(webhook, &secret)
    })
    .await
}

fn answer(webhook: webhook::Webhook) -> Result<Answer> {
    let version = webhook.version;
    Answer::resource(&Webhook::from(webhook), version)
}

/// The response body has the secret, but the `ETag` is the one that `GET` returns, so that it can be used in
/// `If-Match`.
fn with_secret(webhook: webhook::Webhook, secret: &[u8]) -> Result<Answer> {
    let etag = answer(webhook.clone())?.etag;
    let view = Webhook { signing_secret: Some(sign::expose(secret)), ..webhook.into() };
    Ok(Answer { etag, ..Answer::ok(&view)? })
}
