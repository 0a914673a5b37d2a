//! The operations of `/resellers`.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, delete, get, patch, post};
use domain::account::Tier;
use domain::authority::Target;

use super::wire::{CreateReseller, PatchReseller, Reseller, ResellerPage};
use crate::access::{Change, Create, Read};
use crate::app::App;
use crate::error::{BlockersView, Error};
use crate::http::params::{IdempotencyKeyHeader, IfMatch, IfNoneMatch, PageQuery};
use crate::http::{Answer, Body, Caller, Conditions, IdempotencyKey};
use crate::resources::accounts::requests::{Step, View};
use crate::resources::accounts::{create, requests};
use crate::shown;

/// Create a reseller
///
/// Creates a pending reseller below your account (staff name the master reseller in `master_reseller_id`) and sends
/// the activation e-mail to its address. Send an `Idempotency-Key`, so that a repeated request creates nothing twice.
#[utoipa::path(
    tag = "Resellers",
    operation_id = "create_reseller",
    params(IdempotencyKeyHeader),
    request_body(content = CreateReseller, examples(
        ("as_a_master_reseller" = (summary = "As a master reseller", value = json!({"name": "Nordwind Telefonie GmbH", "email": "office@nordwind.example", "services": ["pbx", "trunk"], "billing_reference": "CUST-4711"}))),
        ("as_an_operator" = (summary = "As an operator, who names the master reseller", value = json!({"master_reseller_id": "master_reseller_01h455vb4pex5vsknk084sn02q", "name": "Alpenblick AG", "email": "office@alpenblick.example", "services": ["trunk"], "billing_reference": "CUST-4712"}))),
    )),
    responses(
        (status = 201, description = "Created; the activation e-mail is on its way.", body = Reseller, headers(("Location" = String, description = "Where the reseller is."), ("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`email_taken`: another open account has the address. `service_not_offered`: the master reseller lacks a service. `parent_closed`: the master reseller is closed. `idempotency_key_in_use`: the first request with this key still runs."),
    ),
    security(("bearer" = []))
)]
#[post("")]
pub(crate) async fn create_reseller(
    app: Data<App>,
    caller: Caller<Create>,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer, Error> {
    let command = body.parse::<CreateReseller, create::CreateReseller>();
    let outbox = Arc::clone(&app.outbox);
    app.write_once(caller, key.with_body(&body), move |tx, actor, now| {
        actor.may(Target::Accounts(Tier::Reseller))?;
        Reseller::created(create::reseller(tx, actor, command.get()?, now, &outbox)?)
    })
    .await
}

/// List resellers
///
/// The resellers that you see, by the time of their creation. A reseller sees itself. Closed ones are listed too,
/// unless you filter by `status`.
#[utoipa::path(
    tag = "Resellers",
    operation_id = "list_resellers",
    params(
        PageQuery,
        ("q" = Option<shown::Search>, Query, description = "Only those with this text in name, e-mail address or billing reference, in any case."),
        ("status" = Option<crate::views::account::StatusView>, Query, description = "Only those with this status."),
        ("service" = Option<crate::views::account::ServiceView>, Query, description = "Only those with this service."),
        ("master_reseller_id" = Option<String>, Query, description = "Only those below this master reseller."),
        ("billing_reference" = Option<shown::Reference>, Query, description = "Only those with exactly this billing reference."),
    ),
    responses((status = 200, description = "A page of resellers.", body = ResellerPage, headers(("Link" = String, description = "The next page, if there is one (RFC 8288).")))),
    security(("bearer" = []))
)]
#[get("")]
pub(crate) async fn list_resellers(
    app: Data<App>,
    caller: Caller<Read>,
    request: HttpRequest,
) -> Result<Answer, Error> {
    requests::list::<Reseller>(&app, caller, request.query_string().to_owned()).await
}

/// Read a reseller
///
/// One reseller that you see, with its `ETag`.
#[utoipa::path(
    tag = "Resellers",
    operation_id = "get_reseller",
    params(("reseller_id" = String, Path, description = "The id of the reseller.", example = "reseller_01h455vb4pex5vsknk084sn02q"), IfNoneMatch),
    responses(
        (status = 200, description = "The reseller.", body = Reseller, headers(("ETag" = String, description = "For `If-Match` and `If-None-Match`."))),
        (status = 304, description = "It is what you have."),
    ),
    security(("bearer" = []))
)]
#[get("/{reseller_id}")]
pub(crate) async fn get_reseller(
    app: Data<App>,
    caller: Caller<Read>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    requests::get::<Reseller>(&app, caller, id.into_inner(), conditions).await
}

/// Change a reseller
///
/// Takes a merge patch: members that you leave out stay as they are.
#[utoipa::path(
    tag = "Resellers",
    operation_id = "update_reseller",
    params(("reseller_id" = String, Path, description = "The id of the reseller.", example = "reseller_01h455vb4pex5vsknk084sn02q"), IfMatch),
    request_body(content((PatchReseller = "application/merge-patch+json", example = json!({"name": "Nordwind Communications GmbH"})), (PatchReseller = "application/json", example = json!({"name": "Nordwind Communications GmbH"})))),
    responses(
        (status = 200, description = "The reseller after the change.", body = Reseller, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`email_taken`, `email_change_needs_confirmation`: the account has been activated. `service_not_offered`, `service_in_use`: something below uses it, see `blockers`. `account_closed`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
    ),
    security(("bearer" = []))
)]
#[patch("/{reseller_id}")]
pub(crate) async fn update_reseller(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    body: Body,
) -> Result<Answer, Error> {
    let command = body.parse_patch::<PatchReseller, _>();
    requests::patch::<Reseller>(&app, caller, id.into_inner(), conditions, command).await
}

/// Suspend a reseller
///
/// Stops the account and with it all that is below, from their next request on, until it is resumed.
#[utoipa::path(
    tag = "Resellers",
    operation_id = "suspend_reseller",
    params(("reseller_id" = String, Path, description = "The id of the reseller.", example = "reseller_01h455vb4pex5vsknk084sn02q"), IfMatch, IdempotencyKeyHeader),
    responses(
        (status = 200, description = "The reseller after that.", body = Reseller, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`wrong_status`: it is not active. `account_closed`. `idempotency_key_in_use`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
        (status = 422, description = "`idempotency_key_reused`: the key came with another request before."),
    ),
    security(("bearer" = []))
)]
#[post("/{reseller_id}/suspend")]
pub(crate) async fn suspend_reseller(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    requests::step::<Reseller>(&app, caller, id.into_inner(), conditions, key.without_body(), Step::Suspend).await
}

/// Resume a reseller
///
/// Lets a suspended account go on, and with it just what its suspension stopped.
#[utoipa::path(
    tag = "Resellers",
    operation_id = "resume_reseller",
    params(("reseller_id" = String, Path, description = "The id of the reseller.", example = "reseller_01h455vb4pex5vsknk084sn02q"), IfMatch, IdempotencyKeyHeader),
    responses(
        (status = 200, description = "The reseller after that.", body = Reseller, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`wrong_status`: it is not suspended. `account_closed`. `idempotency_key_in_use`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
        (status = 422, description = "`idempotency_key_reused`: the key came with another request before."),
    ),
    security(("bearer" = []))
)]
#[post("/{reseller_id}/resume")]
pub(crate) async fn resume_reseller(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    requests::step::<Reseller>(&app, caller, id.into_inner(), conditions, key.without_body(), Step::Resume).await
}

/// Send the activation e-mail again
///
/// Sends a new activation e-mail to a pending account. The links of earlier ones stop working.
#[utoipa::path(
    tag = "Resellers",
    operation_id = "resend_reseller_activation",
    params(("reseller_id" = String, Path, description = "The id of the reseller.", example = "reseller_01h455vb4pex5vsknk084sn02q"), IfMatch, IdempotencyKeyHeader),
    responses(
        (status = 200, description = "The reseller after that.", body = Reseller, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`wrong_status`: it has been activated. `account_closed`. `idempotency_key_in_use`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
        (status = 422, description = "`idempotency_key_reused`: the key came with another request before."),
    ),
    security(("bearer" = []))
)]
#[post("/{reseller_id}/resend-activation")]
pub(crate) async fn resend_reseller_activation(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    requests::step::<Reseller>(&app, caller, id.into_inner(), conditions, key.without_body(), Step::ResendActivation)
        .await
}

/// See what keeps a reseller from closing
///
/// The open accounts below it: all of them have to be closed first.
#[utoipa::path(
    tag = "Resellers",
    operation_id = "get_reseller_closing_blockers",
    params(("reseller_id" = String, Path, description = "The id of the reseller.", example = "reseller_01h455vb4pex5vsknk084sn02q")),
    responses((status = 200, description = "What is open below it.", body = BlockersView)),
    security(("bearer" = []))
)]
#[get("/{reseller_id}/closing-blockers")]
pub(crate) async fn get_reseller_closing_blockers(
    app: Data<App>,
    caller: Caller<Read>,
    id: Path<String>,
) -> Result<Answer, Error> {
    requests::closing_blockers::<Reseller>(&app, caller, id.into_inner()).await
}

/// Close a reseller
///
/// Ends the account for good: nobody can sign in to it, and its e-mail address is free again. It stays readable, for
/// reports. Closing a closed one again changes nothing.
#[utoipa::path(
    tag = "Resellers",
    operation_id = "close_reseller",
    params(("reseller_id" = String, Path, description = "The id of the reseller.", example = "reseller_01h455vb4pex5vsknk084sn02q"), IfMatch),
    responses(
        (status = 204, description = "Closed."),
        (status = 409, description = "`has_open_children`: see `blockers`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
    ),
    security(("bearer" = []))
)]
#[delete("/{reseller_id}")]
pub(crate) async fn close_reseller(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    requests::close::<Reseller>(&app, caller, id.into_inner(), conditions).await
}
