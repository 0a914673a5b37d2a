//! Handlers of `/enterprises`.

use actix_web::{HttpRequest, delete, get, patch, post};

use super::wire::{CreateEnterprise, Enterprise, EnterprisePage, PatchEnterprise};
use crate::access::{Change, Create, Read};
use crate::app::Call;
use crate::error::{BlockersView, Result};
use crate::http::params::{IdempotencyKeyHeader, IfMatch, IfNoneMatch, PageQuery};
use crate::http::{Answer, Body, Conditions, Id, IdempotencyKey, field};
use crate::resources::accounts::create::CreateAccount;
use crate::resources::accounts::requests;
use crate::resources::accounts::requests::Step;
use crate::shown;

/// Create an enterprise
///
/// Creates a pending enterprise and sends an activation e-mail to its Microsoft Global Administrator. The enterprise
/// belongs to your account; master resellers and staff name its reseller in `reseller_id`. Send an `Idempotency-Key` so
/// that you can safely retry the request.
#[utoipa::path(
    params(IdempotencyKeyHeader),
    request_body(content = CreateEnterprise, examples(
        ("as_a_reseller" = (summary = "As a reseller", value = json!({"name": "Kiosk am Tor", "email": "admin@kiosk.example", "country": "DE", "sbc_regions": ["emea"], "services": ["pbx"], "user_limit": 25, "billing_reference": "K-0815", "pbx_music_on_hold": true}))),
        ("from_above_it" = (summary = "As a master reseller or an operator, who name the reseller", value = json!({"reseller_id": "reseller_01h455vb4pex5vsknk084sn02q", "name": "Bakery", "email": "admin@bakery.example", "country": "AT", "sbc_regions": ["emea"], "services": ["pbx"], "user_limit": 10, "billing_reference": "K-0816"}))),
    )),
    responses(
        (status = 201, description = "The new enterprise. Its activation e-mail is queued.", body = Enterprise, headers(("Location" = String, description = "URL of the new enterprise."))),
        (status = 409, description = "`email_taken`: another open account has the e-mail address. `service_not_offered`: the reseller does not have the service. `parent_closed`: the reseller is closed."),
        (status = 429, description = "`too_many_emails`: others have caused too many e-mails to this address today. `rate_limited`: too many requests. See `Retry-After`."),
    ),
)]
#[post("")]
pub(crate) async fn create_enterprise(call: Call<Create>, key: IdempotencyKey, body: Body) -> Result<Answer> {
    let command = body.parse_with::<CreateEnterprise, CreateAccount>(&call.app.settings.sbc_regions);
    requests::create::<Enterprise>(call, key.with_body(&body), command).await
}

/// List enterprises
///
/// Lists the enterprises that you can see, sorted by creation time. An enterprise can see itself. Closed enterprises
/// are included unless you filter by `status`.
#[utoipa::path(
    params(
        PageQuery,
        ("q" = Option<shown::Search>, Query, description = "Only accounts whose name, e-mail address or billing reference contains this text (case-insensitive)."),
        ("status" = Option<crate::views::account::StatusView>, Query, description = "Only accounts with this status."),
        ("service" = Option<crate::views::account::ServiceView>, Query, description = "Only accounts with this service."),
        ("country" = Option<field::Country>, Query, description = "Only enterprises in this country (ISO 3166-1 alpha-2 code)."),
        ("sbc_region" = Option<shown::RegionCode>, Query, description = "Only enterprises that use this SBC region."),
        ("reseller_id" = Option<String>, Query, description = "Only enterprises of this reseller."),
        ("billing_reference" = Option<shown::Reference>, Query, description = "Only accounts with exactly this billing reference."),
    ),
    responses((status = 200, description = "A page of enterprises.", body = EnterprisePage)),
)]
#[get("")]
pub(crate) async fn list_enterprises(call: Call<Read>, request: HttpRequest) -> Result<Answer> {
    requests::list::<Enterprise>(call, request.query_string().to_owned()).await
}

/// Read an enterprise
///
/// Returns one enterprise that you can see, with its `ETag`.
#[utoipa::path(params(IfNoneMatch), responses((status = 200, description = "The enterprise.", body = Enterprise)))]
#[get("/{enterprise_id}")]
pub(crate) async fn get_enterprise(call: Call<Read>, id: Id, conditions: Conditions) -> Result<Answer> {
    requests::get::<Enterprise>(call, id.into_inner(), conditions).await
}

/// Change an enterprise
///
/// Takes a JSON merge patch (RFC 7396): fields that you leave out keep their values, and `null` removes `user_limit` or
/// `billing_reference`. `email` can be changed only while the account is pending.
#[utoipa::path(params(IfMatch), request_body(content = PatchEnterprise, example = json!({"name": "Kiosk am Markt", "user_limit": null})), responses(
    (status = 200, description = "The updated enterprise.", body = Enterprise),
    (status = 409, description = "`email_taken`: another open account has the e-mail address. `email_change_needs_confirmation`: the account has been activated; use `POST /enterprises/{enterprise_id}/change-email`. `service_not_offered`: the reseller does not have the service. `service_in_use`: a service cannot be removed because PBXs or trunks use it, see `blockers`. `sbc_region_in_use`: a region cannot be removed because it has a route, see `blockers`. `user_limit_in_use`: the enterprise has more users than the new limit. `account_closed`: the account is closed."),
    (status = 429, description = "`too_many_emails`: others have caused too many e-mails to this address today. `rate_limited`: too many requests. See `Retry-After`."),
))]
#[patch("/{enterprise_id}")]
pub(crate) async fn update_enterprise(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    body: Body,
) -> Result<Answer> {
    let command = body.parse_patch_with::<PatchEnterprise, _>(&call.app.settings.sbc_regions);
    requests::patch::<Enterprise>(call, id.into_inner(), conditions, command).await
}

/// Suspend an enterprise
///
/// Suspends an active enterprise until it is resumed. Its members and API clients are refused from their next request
/// on.
#[utoipa::path(params(IfMatch, IdempotencyKeyHeader), responses(
    (status = 200, description = "The updated enterprise.", body = Enterprise),
    (status = 409, description = "`wrong_status`: the account is not active. `account_closed`: the account is closed."),
))]
#[post("/{enterprise_id}/suspend")]
pub(crate) async fn suspend_enterprise(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer> {
    requests::step::<Enterprise>(call, id.into_inner(), conditions, key.without_body(), Step::Suspend).await
}

/// Resume an enterprise
///
/// Makes a suspended enterprise active again.
#[utoipa::path(params(IfMatch, IdempotencyKeyHeader), responses(
    (status = 200, description = "The updated enterprise.", body = Enterprise),
    (status = 409, description = "`wrong_status`: the account is not suspended. `account_closed`: the account is closed."),
))]
#[post("/{enterprise_id}/resume")]
pub(crate) async fn resume_enterprise(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer> {
    requests::step::<Enterprise>(call, id.into_inner(), conditions, key.without_body(), Step::Resume).await
}

/// Send the activation e-mail again
///
/// Sends a new activation e-mail to a pending enterprise. The links in earlier e-mails stop working.
#[utoipa::path(params(IfMatch, IdempotencyKeyHeader), responses(
    (status = 200, description = "The updated enterprise.", body = Enterprise),
    (status = 409, description = "`wrong_status`: the account has already been activated. `account_closed`: the account is closed."),
    (status = 429, description = "`too_many_emails`: others have caused too many e-mails to this address today. `rate_limited`: too many requests. See `Retry-After`."),
))]
#[post("/{enterprise_id}/resend-activation")]
pub(crate) async fn resend_enterprise_activation(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer> {
    requests::step::<Enterprise>(call, id.into_inner(), conditions, key.without_body(), Step::ResendActivation).await
}

/// List what blocks closing an enterprise
///
/// Returns the PBXs, trunks and users of the enterprise. All of them must be removed before the enterprise can be
/// closed.
#[utoipa::path(responses((status = 200, description = "Its PBXs, trunks and users.", body = BlockersView)))]
#[get("/{enterprise_id}/closing-blockers")]
pub(crate) async fn get_enterprise_closing_blockers(call: Call<Read>, id: Id) -> Result<Answer> {
    requests::closing_blockers::<Enterprise>(call, id.into_inner()).await
}

/// Close an enterprise
///
/// Closes the enterprise permanently: nobody can sign in to it, and its e-mail address can be used again. It can still
/// be read, and still appears in billing reports. Closing a closed enterprise changes nothing. Its PBXs, trunks and
/// users must be removed first.
#[utoipa::path(params(IfMatch), responses(
    (status = 204, description = "The enterprise is closed."),
    (status = 409, description = "`has_open_children`: its PBXs, trunks and users must be removed first, see `blockers`."),
))]
#[delete("/{enterprise_id}")]
pub(crate) async fn close_enterprise(call: Call<Change>, id: Id, conditions: Conditions) -> Result<Answer> {
    requests::close::<Enterprise>(call, id.into_inner(), conditions).await
}
