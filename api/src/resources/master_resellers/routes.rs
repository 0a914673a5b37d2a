//! Handlers of `/master-resellers`.

use actix_web::{HttpRequest, delete, get, patch, post};

use super::wire::{MasterReseller, MasterResellerPage, PatchMasterReseller};
use crate::access::{Change, Read};
use crate::app::Call;
use crate::error::{BlockersView, Result};
use crate::http::params::{IdempotencyKeyHeader, IfMatch, IfNoneMatch, PageQuery};
use crate::http::{Answer, Body, Conditions, Id, IdempotencyKey};
use crate::resources::accounts::requests::{self, Step};
use crate::shown;

/// List master resellers
///
/// Lists the master resellers that you can see, sorted by creation time. A master reseller can see itself. Closed
/// master resellers are included unless you filter by `status`.
#[utoipa::path(
    params(
        PageQuery,
        ("q" = Option<shown::Search>, Query, description = "Only accounts whose name, e-mail address or billing reference contains this text (case-insensitive)."),
        ("status" = Option<crate::views::account::StatusView>, Query, description = "Only accounts with this status."),
        ("service" = Option<crate::views::account::ServiceView>, Query, description = "Only accounts with this service."),
    ),
    responses((status = 200, description = "A page of master resellers.", body = MasterResellerPage)),
)]
#[get("")]
pub(crate) async fn list_master_resellers(call: Call<Read>, request: HttpRequest) -> Result<Answer> {
    requests::list::<MasterReseller>(call, request.query_string().to_owned()).await
}

/// Read a master reseller
///
/// Returns one master reseller that you can see, with its `ETag`.
#[utoipa::path(params(IfNoneMatch), responses(
    (status = 200, description = "The master reseller.", body = MasterReseller),
))]
#[get("/{master_reseller_id}")]
pub(crate) async fn get_master_reseller(call: Call<Read>, id: Id, conditions: Conditions) -> Result<Answer> {
    requests::get::<MasterReseller>(call, id.into_inner(), conditions).await
}

/// Change a master reseller
///
/// Takes a JSON merge patch (RFC 7396): fields that you leave out keep their values. `email` can be changed only while
/// the account is pending.
#[utoipa::path(params(IfMatch), request_body(content = PatchMasterReseller, example = json!({"name": "Contoso Communications"})), responses(
    (status = 200, description = "The updated master reseller.", body = MasterReseller),
    (status = 409, description = "`email_taken`: another open account has the e-mail address. `email_change_needs_confirmation`: the account has been activated; use `POST /master-resellers/{master_reseller_id}/change-email`. `service_not_offered`: the service is not available to the account. `service_in_use`: a service cannot be removed because an account below uses it, see `blockers`. `account_closed`: the account is closed."),
    (status = 429, description = "`too_many_emails`: others have caused too many e-mails to this address today. `rate_limited`: too many requests. See `Retry-After`."),
))]
#[patch("/{master_reseller_id}")]
pub(crate) async fn update_master_reseller(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    body: Body,
) -> Result<Answer> {
    let command = body.parse_patch::<PatchMasterReseller, _>();
    requests::patch::<MasterReseller>(call, id.into_inner(), conditions, command).await
}

/// Suspend a master reseller
///
/// Suspends an active master reseller until it is resumed. Its members and API clients, and those of all accounts below
/// it, are refused from their next request on.
#[utoipa::path(params(IfMatch, IdempotencyKeyHeader), responses(
    (status = 200, description = "The updated master reseller.", body = MasterReseller),
    (status = 409, description = "`wrong_status`: the account is not active. `account_closed`: the account is closed."),
))]
#[post("/{master_reseller_id}/suspend")]
pub(crate) async fn suspend_master_reseller(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer> {
    requests::step::<MasterReseller>(call, id.into_inner(), conditions, key.without_body(), Step::Suspend).await
}

/// Resume a master reseller
///
/// Makes a suspended master reseller active again. Accounts below it work again unless they are suspended themselves.
#[utoipa::path(params(IfMatch, IdempotencyKeyHeader), responses(
    (status = 200, description = "The updated master reseller.", body = MasterReseller),
    (status = 409, description = "`wrong_status`: the account is not suspended. `account_closed`: the account is closed."),
))]
#[post("/{master_reseller_id}/resume")]
pub(crate) async fn resume_master_reseller(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer> {
    requests::step::<MasterReseller>(call, id.into_inner(), conditions, key.without_body(), Step::Resume).await
}

/// Send the activation e-mail again
///
/// Sends a new activation e-mail to a pending master reseller. The links in earlier e-mails stop working.
#[utoipa::path(params(IfMatch, IdempotencyKeyHeader), responses(
    (status = 200, description = "The updated master reseller.", body = MasterReseller),
    (status = 409, description = "`wrong_status`: the account has already been activated. `account_closed`: the account is closed."),
    (status = 429, description = "`too_many_emails`: others have caused too many e-mails to this address today. `rate_limited`: too many requests. See `Retry-After`."),
))]
#[post("/{master_reseller_id}/resend-activation")]
pub(crate) async fn resend_master_reseller_activation(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer> {
    requests::step::<MasterReseller>(call, id.into_inner(), conditions, key.without_body(), Step::ResendActivation)
        .await
}

/// List what blocks closing a master reseller
///
/// Returns the accounts below the master reseller that are not closed. All of them must be closed before the master
/// reseller can be closed.
#[utoipa::path(responses((status = 200, description = "The open accounts below it.", body = BlockersView)))]
#[get("/{master_reseller_id}/closing-blockers")]
pub(crate) async fn get_master_reseller_closing_blockers(call: Call<Read>, id: Id) -> Result<Answer> {
    requests::closing_blockers::<MasterReseller>(call, id.into_inner()).await
}

/// Close a master reseller
///
/// Closes the master reseller permanently: nobody can sign in to it, and its e-mail address can be used again. It can
/// still be read, and still appears in billing reports. Closing a closed master reseller changes nothing. All accounts
/// below it must be closed first.
#[utoipa::path(params(IfMatch), responses(
    (status = 204, description = "The master reseller is closed."),
    (status = 409, description = "`has_open_children`: accounts below it are open, see `blockers`."),
))]
#[delete("/{master_reseller_id}")]
pub(crate) async fn close_master_reseller(call: Call<Change>, id: Id, conditions: Conditions) -> Result<Answer> {
    requests::close::<MasterReseller>(call, id.into_inner(), conditions).await
}
