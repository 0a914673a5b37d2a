//! The operations of `/master-resellers`.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, delete, get, patch, post};

use super::wire::{MasterReseller, MasterResellerPage, PatchMasterReseller};
use crate::access::{Change, Read};
use crate::app::App;
use crate::error::{BlockersView, Error};
use crate::http::params::{IdempotencyKeyHeader, IfMatch, IfNoneMatch, PageQuery};
use crate::http::{Answer, Body, Caller, Conditions, IdempotencyKey};
use crate::resources::accounts::requests;
use crate::resources::accounts::requests::Step;
use crate::shown;

/// List master resellers
///
/// The master resellers that you see, by the time of their creation. A master reseller sees itself. Closed ones are listed too,
/// unless you filter by `status`.
#[utoipa::path(
    tag = "Master resellers",
    operation_id = "list_master_resellers",
    params(
        PageQuery,
        ("q" = Option<shown::Search>, Query, description = "Only those with this text in name, e-mail address or billing reference, in any case."),
        ("status" = Option<crate::views::account::StatusView>, Query, description = "Only those with this status."),
        ("service" = Option<crate::views::account::ServiceView>, Query, description = "Only those with this service."),
    ),
    responses((status = 200, description = "A page of master resellers.", body = MasterResellerPage, headers(("Link" = String, description = "The next page, if there is one (RFC 8288).")))),
    security(("bearer" = []))
)]
#[get("")]
pub(crate) async fn list_master_resellers(
    app: Data<App>,
    caller: Caller<Read>,
    request: HttpRequest,
) -> Result<Answer, Error> {
    requests::list::<MasterReseller>(&app, caller, request.query_string().to_owned()).await
}

/// Read a master reseller
///
/// One master reseller that you see, with its `ETag`.
#[utoipa::path(
    tag = "Master resellers",
    operation_id = "get_master_reseller",
    params(("master_reseller_id" = String, Path, description = "The id of the master reseller.", example = "master_reseller_01h455vb4pex5vsknk084sn02q"), IfNoneMatch),
    responses(
        (status = 200, description = "The master reseller.", body = MasterReseller, headers(("ETag" = String, description = "For `If-Match` and `If-None-Match`."))),
        (status = 304, description = "It is what you have."),
    ),
    security(("bearer" = []))
)]
#[get("/{master_reseller_id}")]
pub(crate) async fn get_master_reseller(
    app: Data<App>,
    caller: Caller<Read>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    requests::get::<MasterReseller>(&app, caller, id.into_inner(), conditions).await
}

/// Change a master reseller
///
/// Takes a merge patch: members that you leave out stay as they are.
#[utoipa::path(
    tag = "Master resellers",
    operation_id = "update_master_reseller",
    params(("master_reseller_id" = String, Path, description = "The id of the master reseller.", example = "master_reseller_01h455vb4pex5vsknk084sn02q"), IfMatch),
    request_body(content((PatchMasterReseller = "application/merge-patch+json", example = json!({"name": "Contoso Communications"})), (PatchMasterReseller = "application/json", example = json!({"name": "Contoso Communications"})))),
    responses(
        (status = 200, description = "The master reseller after the change.", body = MasterReseller, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`email_taken`, `email_change_needs_confirmation`: the account has been activated. `service_not_offered`, `service_in_use`: something below uses it, see `blockers`. `account_closed`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
    ),
    security(("bearer" = []))
)]
#[patch("/{master_reseller_id}")]
pub(crate) async fn update_master_reseller(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    body: Body,
) -> Result<Answer, Error> {
    let command = body.parse_patch::<PatchMasterReseller, _>();
    requests::patch::<MasterReseller>(&app, caller, id.into_inner(), conditions, command).await
}

/// Suspend a master reseller
///
/// Stops the account and with it all that is below, from their next request on, until it is resumed.
#[utoipa::path(
    tag = "Master resellers",
    operation_id = "suspend_master_reseller",
    params(("master_reseller_id" = String, Path, description = "The id of the master reseller.", example = "master_reseller_01h455vb4pex5vsknk084sn02q"), IfMatch, IdempotencyKeyHeader),
    responses(
        (status = 200, description = "The master reseller after that.", body = MasterReseller, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`wrong_status`: it is not active. `account_closed`. `idempotency_key_in_use`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
        (status = 422, description = "`idempotency_key_reused`: the key came with another request before."),
    ),
    security(("bearer" = []))
)]
#[post("/{master_reseller_id}/suspend")]
pub(crate) async fn suspend_master_reseller(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    requests::step::<MasterReseller>(&app, caller, id.into_inner(), conditions, key.without_body(), Step::Suspend).await
}

/// Resume a master reseller
///
/// Lets a suspended account go on, and with it just what its suspension stopped.
#[utoipa::path(
    tag = "Master resellers",
    operation_id = "resume_master_reseller",
    params(("master_reseller_id" = String, Path, description = "The id of the master reseller.", example = "master_reseller_01h455vb4pex5vsknk084sn02q"), IfMatch, IdempotencyKeyHeader),
    responses(
        (status = 200, description = "The master reseller after that.", body = MasterReseller, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`wrong_status`: it is not suspended. `account_closed`. `idempotency_key_in_use`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
        (status = 422, description = "`idempotency_key_reused`: the key came with another request before."),
    ),
    security(("bearer" = []))
)]
#[post("/{master_reseller_id}/resume")]
pub(crate) async fn resume_master_reseller(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    requests::step::<MasterReseller>(&app, caller, id.into_inner(), conditions, key.without_body(), Step::Resume).await
}

/// Send the activation e-mail again
///
/// Sends a new activation e-mail to a pending account. The links of earlier ones stop working.
#[utoipa::path(
    tag = "Master resellers",
    operation_id = "resend_master_reseller_activation",
    params(("master_reseller_id" = String, Path, description = "The id of the master reseller.", example = "master_reseller_01h455vb4pex5vsknk084sn02q"), IfMatch, IdempotencyKeyHeader),
    responses(
        (status = 200, description = "The master reseller after that.", body = MasterReseller, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`wrong_status`: it has been activated. `account_closed`. `idempotency_key_in_use`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
        (status = 422, description = "`idempotency_key_reused`: the key came with another request before."),
    ),
    security(("bearer" = []))
)]
#[post("/{master_reseller_id}/resend-activation")]
pub(crate) async fn resend_master_reseller_activation(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    requests::step::<MasterReseller>(
        &app,
        caller,
        id.into_inner(),
        conditions,
        key.without_body(),
        Step::ResendActivation,
    )
    .await
}

/// See what keeps a master reseller from closing
///
/// The open accounts below it: all of them have to be closed first.
#[utoipa::path(
    tag = "Master resellers",
    operation_id = "get_master_reseller_closing_blockers",
    params(("master_reseller_id" = String, Path, description = "The id of the master reseller.", example = "master_reseller_01h455vb4pex5vsknk084sn02q")),
    responses((status = 200, description = "What is open below it.", body = BlockersView)),
    security(("bearer" = []))
)]
#[get("/{master_reseller_id}/closing-blockers")]
pub(crate) async fn get_master_reseller_closing_blockers(
    app: Data<App>,
    caller: Caller<Read>,
    id: Path<String>,
) -> Result<Answer, Error> {
    requests::closing_blockers::<MasterReseller>(&app, caller, id.into_inner()).await
}

/// Close a master reseller
///
/// Ends the account for good: nobody can sign in to it, and its e-mail address is free again. It stays readable, for
/// reports. Closing a closed one again changes nothing.
#[utoipa::path(
    tag = "Master resellers",
    operation_id = "close_master_reseller",
    params(("master_reseller_id" = String, Path, description = "The id of the master reseller.", example = "master_reseller_01h455vb4pex5vsknk084sn02q"), IfMatch),
    responses(
        (status = 204, description = "Closed."),
        (status = 409, description = "`has_open_children`: see `blockers`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
    ),
    security(("bearer" = []))
)]
#[delete("/{master_reseller_id}")]
pub(crate) async fn close_master_reseller(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    requests::close::<MasterReseller>(&app, caller, id.into_inner(), conditions).await
}
