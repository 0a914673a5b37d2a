//! The operations of `/enterprises`.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, delete, get, patch, post};
use domain::account::Tier;
use domain::authority::Target;

use super::wire::{CreateEnterprise, Enterprise, EnterprisePage, PatchEnterprise};
use crate::access::{Change, Create, Read};
use crate::app::App;
use crate::error::{BlockersView, Error};
use crate::http::field;
use crate::http::params::{IdempotencyKeyHeader, IfMatch, IfNoneMatch, PageQuery};
use crate::http::{Answer, Body, Caller, Conditions, IdempotencyKey};
use crate::resources::accounts::requests::{Step, View};
use crate::resources::accounts::{create, requests};
use crate::shown;

/// Create an enterprise
///
/// Creates a pending enterprise below your account (those above a reseller name the reseller in `reseller_id`) and invites
/// its Microsoft Global Administrator by e-mail. Send an `Idempotency-Key`, so that a repeated request creates nothing twice.
#[utoipa::path(
    tag = "Enterprises",
    operation_id = "create_enterprise",
    params(IdempotencyKeyHeader),
    request_body(content = CreateEnterprise, examples(
        ("as_a_reseller" = (summary = "As a reseller", value = json!({"name": "Kiosk am Tor", "email": "admin@kiosk.example", "country": "DE", "sbc_regions": ["emea"], "services": ["pbx"], "user_limit": 25, "billing_reference": "K-0815", "pbx_music_on_hold": true}))),
        ("from_above_it" = (summary = "As a master reseller or an operator, who name the reseller", value = json!({"reseller_id": "reseller_01h455vb4pex5vsknk084sn02q", "name": "Bakery", "email": "admin@bakery.example", "country": "AT", "sbc_regions": ["emea"], "services": ["pbx"], "user_limit": 10, "billing_reference": "K-0816"}))),
    )),
    responses(
        (status = 201, description = "Created; the activation e-mail is on its way.", body = Enterprise, headers(("Location" = String, description = "Where the enterprise is."), ("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`email_taken`: another open account has the address. `service_not_offered`: the reseller lacks a service. `parent_closed`: the reseller is closed. `idempotency_key_in_use`: the first request with this key still runs."),
    ),
    security(("bearer" = []))
)]
#[post("")]
pub(crate) async fn create_enterprise(
    app: Data<App>,
    caller: Caller<Create>,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer, Error> {
    let command = body.parse_with::<CreateEnterprise, create::CreateEnterprise>(&app.settings.sbc_regions);
    let outbox = Arc::clone(&app.outbox);
    app.write_once(caller, key.with_body(&body), move |tx, actor, now| {
        actor.may(Target::Accounts(Tier::Enterprise))?;
        let command = command.get()?;
        Enterprise::created(create::enterprise(tx, actor, command, now, &outbox)?)
    })
    .await
}

/// List enterprises
///
/// The enterprises that you see, by the time of their creation. An enterprise sees itself. Closed ones are listed too,
/// unless you filter by `status`.
#[utoipa::path(
    tag = "Enterprises",
    operation_id = "list_enterprises",
    params(
        PageQuery,
        ("q" = Option<shown::Search>, Query, description = "Only those with this text in name, e-mail address or billing reference, in any case."),
        ("status" = Option<crate::views::account::StatusView>, Query, description = "Only those with this status."),
        ("service" = Option<crate::views::account::ServiceView>, Query, description = "Only those with this service."),
        ("country" = Option<field::Country>, Query, description = "Only those in this country, by its ISO 3166-1 code."),
        ("sbc_region" = Option<shown::RegionCode>, Query, description = "Only those that the SBCs of this region connect."),
        ("reseller_id" = Option<String>, Query, description = "Only those below this reseller."),
        ("billing_reference" = Option<shown::Reference>, Query, description = "Only those with exactly this billing reference."),
    ),
    responses((status = 200, description = "A page of enterprises.", body = EnterprisePage, headers(("Link" = String, description = "The next page, if there is one (RFC 8288).")))),
    security(("bearer" = []))
)]
#[get("")]
pub(crate) async fn list_enterprises(
    app: Data<App>,
    caller: Caller<Read>,
    request: HttpRequest,
) -> Result<Answer, Error> {
    requests::list::<Enterprise>(&app, caller, request.query_string().to_owned()).await
}

/// Read an enterprise
///
/// One enterprise that you see, with its `ETag`.
#[utoipa::path(
    tag = "Enterprises",
    operation_id = "get_enterprise",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"), IfNoneMatch),
    responses(
        (status = 200, description = "The enterprise.", body = Enterprise, headers(("ETag" = String, description = "For `If-Match` and `If-None-Match`."))),
        (status = 304, description = "It is what you have."),
    ),
    security(("bearer" = []))
)]
#[get("/{enterprise_id}")]
pub(crate) async fn get_enterprise(
    app: Data<App>,
    caller: Caller<Read>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    requests::get::<Enterprise>(&app, caller, id.into_inner(), conditions).await
}

/// Change an enterprise
///
/// Takes a merge patch: members that you leave out stay as they are, and `null` takes `user_limit` and
/// `billing_reference` away.
#[utoipa::path(
    tag = "Enterprises",
    operation_id = "update_enterprise",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"), IfMatch),
    request_body(content((PatchEnterprise = "application/merge-patch+json", example = json!({"name": "Kiosk am Markt", "user_limit": null})), (PatchEnterprise = "application/json", example = json!({"name": "Kiosk am Markt", "user_limit": null})))),
    responses(
        (status = 200, description = "The enterprise after the change.", body = Enterprise, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`email_taken`, `email_change_needs_confirmation`: the account has been activated. `service_not_offered`, `service_in_use`: something below uses it, see `blockers`. `sbc_region_in_use`: a region that goes has a route, see `blockers`. `user_limit_in_use`: it has more users. `account_closed`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
    ),
    security(("bearer" = []))
)]
#[patch("/{enterprise_id}")]
pub(crate) async fn update_enterprise(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    body: Body,
) -> Result<Answer, Error> {
    let command = body.parse_patch_with::<PatchEnterprise, _>(&app.settings.sbc_regions);
    requests::patch::<Enterprise>(&app, caller, id.into_inner(), conditions, command).await
}

/// Suspend an enterprise
///
/// Stops the account and with it all that is below, from their next request on, until it is resumed.
#[utoipa::path(
    tag = "Enterprises",
    operation_id = "suspend_enterprise",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"), IfMatch, IdempotencyKeyHeader),
    responses(
        (status = 200, description = "The enterprise after that.", body = Enterprise, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`wrong_status`: it is not active. `account_closed`. `idempotency_key_in_use`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
        (status = 422, description = "`idempotency_key_reused`: the key came with another request before."),
    ),
    security(("bearer" = []))
)]
#[post("/{enterprise_id}/suspend")]
pub(crate) async fn suspend_enterprise(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    requests::step::<Enterprise>(&app, caller, id.into_inner(), conditions, key.without_body(), Step::Suspend).await
}

/// Resume an enterprise
///
/// Lets a suspended account go on, and with it just what its suspension stopped.
#[utoipa::path(
    tag = "Enterprises",
    operation_id = "resume_enterprise",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"), IfMatch, IdempotencyKeyHeader),
    responses(
        (status = 200, description = "The enterprise after that.", body = Enterprise, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`wrong_status`: it is not suspended. `account_closed`. `idempotency_key_in_use`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
        (status = 422, description = "`idempotency_key_reused`: the key came with another request before."),
    ),
    security(("bearer" = []))
)]
#[post("/{enterprise_id}/resume")]
pub(crate) async fn resume_enterprise(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    requests::step::<Enterprise>(&app, caller, id.into_inner(), conditions, key.without_body(), Step::Resume).await
}

/// Send the activation e-mail again
///
/// Sends a new activation e-mail to a pending account. The links of earlier ones stop working.
#[utoipa::path(
    tag = "Enterprises",
    operation_id = "resend_enterprise_activation",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"), IfMatch, IdempotencyKeyHeader),
    responses(
        (status = 200, description = "The enterprise after that.", body = Enterprise, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`wrong_status`: it has been activated. `account_closed`. `idempotency_key_in_use`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
        (status = 422, description = "`idempotency_key_reused`: the key came with another request before."),
    ),
    security(("bearer" = []))
)]
#[post("/{enterprise_id}/resend-activation")]
pub(crate) async fn resend_enterprise_activation(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    requests::step::<Enterprise>(&app, caller, id.into_inner(), conditions, key.without_body(), Step::ResendActivation)
        .await
}

/// See what keeps an enterprise from closing
///
/// Its PBXs, trunks and users: all of them have to be removed first.
#[utoipa::path(
    tag = "Enterprises",
    operation_id = "get_enterprise_closing_blockers",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q")),
    responses((status = 200, description = "What it has.", body = BlockersView)),
    security(("bearer" = []))
)]
#[get("/{enterprise_id}/closing-blockers")]
pub(crate) async fn get_enterprise_closing_blockers(
    app: Data<App>,
    caller: Caller<Read>,
    id: Path<String>,
) -> Result<Answer, Error> {
    requests::closing_blockers::<Enterprise>(&app, caller, id.into_inner()).await
}

/// Close an enterprise
///
/// Ends the account for good: nobody can sign in to it, and its e-mail address is free again. It stays readable, for
/// reports. Closing a closed one again changes nothing.
#[utoipa::path(
    tag = "Enterprises",
    operation_id = "close_enterprise",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"), IfMatch),
    responses(
        (status = 204, description = "Closed."),
        (status = 409, description = "`has_open_children`: its PBXs, trunks and users have to be removed first, see `blockers`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
    ),
    security(("bearer" = []))
)]
#[delete("/{enterprise_id}")]
pub(crate) async fn close_enterprise(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    requests::close::<Enterprise>(&app, caller, id.into_inner(), conditions).await
}
