//! The operations of `/api-clients`.

use actix_web::{HttpRequest, delete, get, patch, post};
use domain::api_client::{self, PreviousSecretSeconds};
use domain::authority::Target;
use persistence::api_clients;

use super::operations;
use super::wire::{ApiClient, ApiClientPage, CreateApiClient, PatchApiClient, RotateSecret};
use crate::access::{Change, Create, Read};
use crate::app::Call;
use crate::error::Result;
use crate::http::page::Paging;
use crate::http::params::{IfMatch, IfNoneMatch, PageQuery};
use crate::http::query::Query;
use crate::http::{Answer, Body, Conditions, Id};
use crate::security::secret_token::SecretToken;

const PATH: &str = "/api-clients";

/// Create an API client
///
/// Creates an API client in your own account and returns it with its secret. This is the only response that shows the
/// secret. An API client that creates another one can't grant more than it has itself: no later `expires_at` and no
/// `allowed_networks` beyond its own. `Idempotency-Key` is not supported, because the response is not stored. If you
/// lose the response, revoke the new API client, which is in the list, and create another one. Only owners may do this.
#[utoipa::path(
    request_body(content = CreateApiClient, example = json!({"name": "Billing export", "role": "billing", "allowed_networks": ["192.0.2.0/28"], "expires_at": "2030-01-01T00:00:00Z"})),
    responses(
        (status = 201, description = "The new API client with its secret.", body = ApiClient, headers(("Location" = String, description = "The URL of the new API client."))),
        (status = 409, description = "`too_many_api_clients`: an account can have at most 100 API clients."),
    ),
)]
#[post("")]
pub(crate) async fn create_api_client(call: Call<Create>, body: Body) -> Result<Answer> {
    let command = body.parse::<CreateApiClient, operations::CreateApiClient>();
    let secret = SecretToken::generate();
    call.write(move |tx, actor| {
        actor.may(Target::ApiClients)?;
        let command = command.get()?;
        let account = actor.own_account(tx)?;
        let client = operations::create(tx, actor, &account, command, &secret)?;
        let location = format!("{PATH}/{}", client.id);
        Ok(with_secret(client, &secret)?.created(location))
    })
    .await
}

/// List API clients
///
/// Lists the API clients of your own account, sorted by creation time. Only owners may do this.
#[utoipa::path(params(PageQuery), responses(
    (status = 200, description = "A page of API clients.", body = ApiClientPage),
))]
#[get("")]
pub(crate) async fn list_api_clients(call: Call<Read>, request: HttpRequest) -> Result<Answer> {
    let text = request.query_string().to_owned();
    call.read(move |tx, actor| {
        let now = tx.now;
        actor.may(Target::ApiClients)?;
        let mut query = Query::read(&text)?;
        let paging = Paging::from_query(PATH, &text, &mut query)?;
        query.finish()?;
        let caller = actor.name();
        let (after, limit) = (paging.after(&caller)?, paging.limit + 1);
        let found = api_clients::list(tx, actor.account(), after, paging.newest_first, limit, now)?;
        paging.answer(&caller, found, |client| client.id.uuid(), ApiClient::from)
    })
    .await
}

/// Read an API client
///
/// Returns one API client of your own account, with its `ETag`. Only the last four characters of its secrets are shown.
/// Only owners may do this.
#[utoipa::path(params(IfNoneMatch), responses((status = 200, description = "The API client.", body = ApiClient)))]
#[get("/{client_id}")]
pub(crate) async fn get_api_client(call: Call<Read>, id: Id, conditions: Conditions) -> Result<Answer> {
    call.read_if_changed(conditions, move |tx, actor| {
        actor.may(Target::ApiClients)?;
        answer(operations::load(tx, actor, &id)?)
    })
    .await
}

/// Change an API client
///
/// Changes an API client of your own account with a merge patch and returns it. The change takes effect with the API
/// client's next request, also for access tokens that it already has. Only owners may do this.
#[utoipa::path(params(IfMatch), request_body(content = PatchApiClient, example = json!({"role": "viewer", "expires_at": null})), responses(
    (status = 200, description = "The API client after the change.", body = ApiClient),
))]
#[patch("/{client_id}")]
pub(crate) async fn update_api_client(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    body: Body,
) -> Result<Answer> {
    let command = body.parse_patch::<PatchApiClient, operations::ChangeApiClient>();
    call.write(move |tx, actor| {
        actor.may(Target::ApiClients)?;
        let account = actor.own_account(tx)?;
        let client = operations::load(tx, actor, &id)?;
        let change = command.get()?;
        conditions.check_version(client.version)?;
        answer(operations::update(tx, actor, &account, client, change)?)
    })
    .await
}

/// Revoke an API client
///
/// Revokes an API client of your own account. Its secrets stop working, and its access tokens are refused from its next
/// request on. This can't be undone. Only owners may do this.
#[utoipa::path(params(IfMatch), responses((status = 204, description = "The API client was revoked.")))]
#[delete("/{client_id}")]
pub(crate) async fn revoke_api_client(call: Call<Change>, id: Id, conditions: Conditions) -> Result<Answer> {
    call.write(move |tx, actor| {
        actor.may(Target::ApiClients)?;
        let account = actor.own_account(tx)?;
        let client = operations::load(tx, actor, &id)?;
        conditions.check_version(client.version)?;
        operations::revoke(tx, actor, &account, &client)?;
        Ok(Answer::no_content())
    })
    .await
}

/// Rotate the secret of an API client
///
/// Creates a new secret and returns the API client with it. This is the only response that shows the secret. The
/// current secret remains valid for `previous_secret_expires_in` seconds, so that you can replace it without an
/// interruption. Any older secret stops working at once. Only owners may do this.
#[utoipa::path(params(IfMatch), request_body(content = Option<RotateSecret>, example = json!({"previous_secret_expires_in": 604_800})), responses(
    (status = 200, description = "The API client with its new secret.", body = ApiClient),
))]
#[post("/{client_id}/rotate-secret")]
pub(crate) async fn rotate_api_client_secret(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    body: Body,
) -> Result<Answer> {
    let command = body.parse_or_default::<RotateSecret, PreviousSecretSeconds>();
    let secret = SecretToken::generate();
    call.write(move |tx, actor| {
        actor.may(Target::ApiClients)?;
        let account = actor.own_account(tx)?;
        let client = operations::load(tx, actor, &id)?;
        let seconds = command.get()?.get();
        conditions.check_version(client.version)?;
        let client = operations::rotate_secret(tx, actor, &account, &client, seconds, &secret)?;
        with_secret(client, &secret)
    })
    .await
}

fn answer(client: api_client::ApiClient) -> Result<Answer> {
    let version = client.version;
    Answer::resource(&ApiClient::from(client), version)
}

/// The response body has the secret, but the `ETag` is the one that `GET` returns, so that it can be used in
/// `If-Match`.
fn with_secret(client: api_client::ApiClient, secret: &SecretToken) -> Result<Answer> {
    let etag = answer(client.clone())?.etag;
    let view = ApiClient { client_secret: Some(secret.expose_client_secret()), ..client.into() };
    Ok(Answer { etag, ..Answer::ok(&view)? })
}
