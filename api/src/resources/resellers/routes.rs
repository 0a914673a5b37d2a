//! Handlers of `/resellers`.

use actix_web::{HttpRequest, delete, get, patch, post};

use super::wire::{CreateReseller, PatchReseller, Reseller, ResellerPage};
use crate::access::{Change, Create, Read};
use crate::app::Call;
use crate::error::{BlockersView, Result};
use crate::http::params::{IdempotencyKeyHeader, IfMatch, IfNoneMatch, PageQuery};
use crate::http::{Answer, Body, Conditions, Id, IdempotencyKey};
use crate::resources::accounts::create::CreateAccount;
use crate::resources::accounts::requests;
use crate::resources::accounts::requests::Step;
use crate::shown;

/// Create a reseller
///
/// Creates a pending reseller and sends an activation e-mail to its address. The reseller belongs to your account;
/// staff name its master reseller in `master_reseller_id`. Send an `Idempotency-Key` so that you can safely retry the
/// request.
#[utoipa::path(
    params(IdempotencyKeyHeader),
    request_body(content = CreateReseller, examples(
        ("as_a_master_reseller" = (summary = "As a master reseller", value = json!({"name": "Nordwind Telefonie GmbH", "email": "office@nordwind.example", "services": ["pbx", "trunk"], "billing_reference": "CUST-4711"}))),
        ("as_an_operator" = (summary = "As an operator, who names the master reseller", value = json!({"master_reseller_id": "master_reseller_01h455vb4pex5vsknk084sn02q", "name": "Alpenblick AG", "email": "office@alpenblick.example", "services": ["trunk"], "billing_reference": "CUST-4712"}))),
    )),
    responses(
        (status = 201, description = "The new reseller. Its activation e-mail is queued.", body = Reseller, headers(("Location" = String, description = "URL of the new reseller."))),
        (status = 409, description = "`email_taken`: another open account has the e-mail address. `service_not_offered`: the master reseller does not have the service. `parent_closed`: the master reseller is closed."),
        (status = 429, description = "`too_many_emails`: others have caused too many e-mails to this address today. `rate_limited`: too many requests. See `Retry-After`."),
    ),
)]
#[post("")]
pub(crate) async fn create_reseller(call: Call<Create>, key: IdempotencyKey, body: Body) -> Result<Answer> {
    let command = body.parse::<CreateReseller, CreateAccount>();
    requests::create::<Reseller>(call, key.with_body(&body), command).await
}

/// List resellers
///
/// Lists the resellers that you can see, sorted by creation time. A reseller can see itself. Closed resellers are
/// included unless you filter by `status`.
#[utoipa::path(
    params(
        PageQuery,
        ("q" = Option<shown::Search>, Query, description = "Only accounts whose name, e-mail address or billing reference contains this text (case-insensitive)."),
        ("status" = Option<crate::views::account::StatusView>, Query, description = "Only accounts with this status."),
        ("service" = Option<crate::views::account::ServiceView>, Query, description = "Only accounts with this service."),
        ("master_reseller_id" = Option<String>, Query, description = "Only resellers of this master reseller."),
        ("billing_reference" = Option<shown::Reference>, Query, description = "Only accounts with exactly this billing reference."),
    ),
    responses((status = 200, description = "A page of resellers.", body = ResellerPage)),
)]
#[get("")]
pub(crate) async fn list_resellers(call: Call<Read>, request: HttpRequest) -> Result<Answer> {
    requests::list::<Reseller>(call, request.query_string().to_owned()).await
}

/// Read a reseller
///
/// Returns one reseller that you can see, with its `ETag`.
#[utoipa::path(params(IfNoneMatch), responses((status = 200, description = "The reseller.", body = Reseller)))]
#[get("/{reseller_id}")]
pub(crate) async fn get_reseller(call: Call<Read>, id: Id, conditions: Conditions) -> Result<Answer> {
    requests::get::<Reseller>(call, id.into_inner(), conditions).await
}

/// Change a reseller
///
/// Takes a JSON merge patch (RFC 7396): fields that you leave out keep their values. `email` can be changed only while
/// the account is pending.
#[utoipa::path(params(IfMatch), request_body(content = PatchReseller, example = json!({"name": "Nordwind Communications GmbH"})), responses(
    (status = 200, description = "The updated reseller.", body = Reseller),
    (status = 409, description = "`email_taken`: another open account has the e-mail address. `email_change_needs_confirmation`: the account has been activated; use `POST /resellers/{reseller_id}/change-email`. `service_not_offered`: the master reseller does not have the service. `service_in_use`: a service cannot be removed because an enterprise below uses it, see `blockers`. `account_closed`: the account is closed."),
    (status = 429, description = "`too_many_emails`: others have caused too many e-mails to this address today. `rate_limited`: too many requests. See `Retry-After`."),
))]
#[patch("/{reseller_id}")]
pub(crate) async fn update_reseller(call: Call<Change>, id: Id, conditions: Conditions, body: Body) -> Result<Answer> {
    let command = body.parse_patch::<PatchReseller, _>();
    requests::patch::<Reseller>(call, id.into_inner(), conditions, command).await
}

/// Suspend a reseller
///
/// Suspends an active reseller until it is resumed. Its members and API clients, and those of all accounts below it,
/// are refused from their next request on.
#[utoipa::path(params(IfMatch, IdempotencyKeyHeader), responses(
    (status = 200, description = "The updated reseller.", body = Reseller),
    (status = 409, description = "`wrong_status`: the account is not active. `account_closed`: the account is closed."),
))]
#[post("/{reseller_id}/suspend")]
pub(crate) async fn suspend_reseller(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer> {
    requests::step::<Reseller>(call, id.into_inner(), conditions, key.without_body(), Step::Suspend).await
}

/// Resume a reseller
///
/// Makes a suspended reseller active again. Accounts below it work again unless they are suspended themselves.
#[utoipa::path(params(IfMatch, IdempotencyKeyHeader), responses(
    (status = 200, description = "The updated reseller.", body = Reseller),
    (status = 409, description = "`wrong_status`: the account is not suspended. `account_closed`: the account is closed."),
))]
#[post("/{reseller_id}/resume")]
pub(crate) async fn resume_reseller(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer> {
    requests::step::<Reseller>(call, id.into_inner(), conditions, key.without_body(), Step::Resume).await
}

/// Send the activation e-mail again
///
/// Sends a new activation e-mail to a pending reseller. The links in earlier e-mails stop working.
#[utoipa::path(params(IfMatch, IdempotencyKeyHeader), responses(
    (status = 200, description = "The updated reseller.", body = Reseller),
    (status = 409, description = "`wrong_status`: the account has already been activated. `account_closed`: the account is closed."),
    (status = 429, description = "`too_many_emails`: others have caused too many e-mails to this address today. `rate_limited`: too many requests. See `Retry-After`."),
))]
#[post("/{reseller_id}/resend-activation")]
pub(crate) async fn resend_reseller_activation(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer> {
    requests::step::<Reseller>(call, id.into_inner(), conditions, key.without_body(), Step::ResendActivation).await
}

/// List what blocks closing a reseller
///
/// Returns the accounts below the reseller that are not closed. All of them must be closed before the reseller can be
/// closed.
#[utoipa::path(responses((status = 200, description = "The open accounts below it.", body = BlockersView)))]
#[get("/{reseller_id}/closing-blockers")]
pub(crate) async fn get_reseller_closing_blockers(call: Call<Read>, id: Id) -> Result<Answer> {
    requests::closing_blockers::<Reseller>(call, id.into_inner()).await
}

/// Close a reseller
///
/// Closes the reseller permanently: nobody can sign in to it, and its e-mail address can be used again. It can still be
/// read, and still appears in billing reports. Closing a closed reseller changes nothing. All accounts below it must be
/// closed first.
#[utoipa::path(params(IfMatch), responses(
    (status = 204, description = "The reseller is closed."),
    (status = 409, description = "`has_open_children`: accounts below it are open, see `blockers`."),
))]
#[delete("/{reseller_id}")]
pub(crate) async fn close_reseller(call: Call<Change>, id: Id, conditions: Conditions) -> Result<Answer> {
    requests::close::<Reseller>(call, id.into_inner(), conditions).await
}
