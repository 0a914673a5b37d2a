//! Handlers that request and confirm changes of e-mail addresses.

use actix_web::post;
use actix_web::web::Data;
use domain::account::Tier;
use domain::authority::Target;
use domain::principal::Principal;
use domain::refusal::Refusal;
use domain::values::email::EmailAddress;
use persistence::members;

use super::operations;
use super::wire::{ChangeEmail, EmailChange, EmailChanged};
use crate::access::Change;
use crate::app::{App, Call};
use crate::error::Result;
use crate::http::params::IdempotencyKeyHeader;
use crate::http::{Answer, Body, Context, Id, IdempotencyKey};
use crate::resources::activations::wire::PreviewActivation;
use crate::security::given::LinkToken;

/// Change your own e-mail address
///
/// Requests a new e-mail address for you to sign in with. A confirmation link, which works for 24 hours, is sent to the
/// new address, and a notice to the old one. Until the change is confirmed, you sign in with the old address. If your
/// account has the same address as you, it changes too. For members only.
#[utoipa::path(params(IdempotencyKeyHeader), request_body(content = ChangeEmail, example = json!({"email": "new@contoso.example"})), responses(
    (status = 200, description = "The confirmation e-mail is queued.", body = EmailChange),
    (status = 409, description = "`email_taken`: another account or member has the new address."),
))]
#[post("/me/change-email")]
pub(crate) async fn change_my_email(call: Call<Change>, key: IdempotencyKey, body: Body) -> Result<Answer> {
    let new = body.parse::<ChangeEmail, EmailAddress>();
    call.write_once(key.with_body(&body), move |tx, actor| {
        actor.may(Target::Myself)?;
        let new = new.get()?;
        let Principal::Member(id) = actor.principal() else { return Err(Refusal::Forbidden.into()) };
        actor.own_account(tx)?;
        let member = members::by_id(tx, id)?.ok_or(Refusal::NotSignedIn)?;
        let expires_at = operations::request_for_member(tx, &member, new)?;
        Answer::ok(&EmailChange { email: new.given().to_owned(), expires_at })
    })
    .await
}

/// Confirm a change of e-mail address
///
/// Redeems the link that was sent to the new e-mail address. Each link works once. The account, the member, or both get
/// the new address, and the old one can be used by others.
#[utoipa::path(request_body = PreviewActivation, security(()), responses(
    (status = 200, description = "The changed address.", body = EmailChanged),
    (status = 409, description = "`email_taken`: another account or member has taken the address in the meantime."),
    (status = 422, description = "`invalid_token`: the token is used, expired, replaced or unknown. `validation_failed`: see `errors`."),
))]
#[post("/activations/email-changes")]
pub(crate) async fn confirm_email_change(app: Data<App>, context: Context, body: Body) -> Result<Answer> {
    let LinkToken(token) = body.parse::<PreviewActivation, _>().into_inner()?;
    let hash = token.ok_or(Refusal::InvalidToken)?.hash();
    let (account, new) = app.write_as(context.anonymous(), move |tx| operations::confirm(tx, &hash)).await?;
    Answer::ok(&EmailChanged { name: account.name, email: new.given().to_owned() })
}

/// Change the e-mail address of a master reseller
///
/// Requests a new e-mail address for an activated master reseller. While the account is pending, change the address
/// with `PATCH` instead. A confirmation link, which works for 24 hours, is sent to the new address, and a notice to the
/// old one. Nothing changes until the link is redeemed. The member who signs in with the old address signs in with the
/// new one from then on.
#[utoipa::path(params(IdempotencyKeyHeader), request_body(content = ChangeEmail, example = json!({"email": "new@contoso.example"})), responses(
    (status = 200, description = "The confirmation e-mail is queued.", body = EmailChange),
    (status = 409, description = "`email_taken`: another account or member has the new address. `not_activated`: the account is pending; change its address with `PATCH`. `account_closed`: the account is closed."),
))]
#[post("/{master_reseller_id}/change-email")]
pub(crate) async fn change_master_reseller_email(
    call: Call<Change>,
    id: Id,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer> {
    ask(call, Tier::MasterReseller, id.into_inner(), key, &body).await
}

/// Change the e-mail address of a reseller
///
/// Requests a new e-mail address for an activated reseller. While the account is pending, change the address with
/// `PATCH` instead. A confirmation link, which works for 24 hours, is sent to the new address, and a notice to the old
/// one. Nothing changes until the link is redeemed. The member who signs in with the old address signs in with the new
/// one from then on.
#[utoipa::path(params(IdempotencyKeyHeader), request_body(content = ChangeEmail, example = json!({"email": "new@contoso.example"})), responses(
    (status = 200, description = "The confirmation e-mail is queued.", body = EmailChange),
    (status = 409, description = "`email_taken`: another account or member has the new address. `not_activated`: the account is pending; change its address with `PATCH`. `account_closed`: the account is closed."),
))]
#[post("/{reseller_id}/change-email")]
pub(crate) async fn change_reseller_email(
    call: Call<Change>,
    id: Id,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer> {
    ask(call, Tier::Reseller, id.into_inner(), key, &body).await
}

/// Change the e-mail address of an enterprise
///
/// Requests a new e-mail address for an activated enterprise. While the account is pending, change the address with
/// `PATCH` instead. A confirmation link, which works for 24 hours, is sent to the new address, and a notice to the old
/// one. Nothing changes until the link is redeemed. The member who signs in with the old address signs in with the new
/// one from then on.
#[utoipa::path(params(IdempotencyKeyHeader), request_body(content = ChangeEmail, example = json!({"email": "new@contoso.example"})), responses(
    (status = 200, description = "The confirmation e-mail is queued.", body = EmailChange),
    (status = 409, description = "`email_taken`: another account or member has the new address. `not_activated`: the account is pending; change its address with `PATCH`. `account_closed`: the account is closed."),
))]
#[post("/{enterprise_id}/change-email")]
pub(crate) async fn change_enterprise_email(
    call: Call<Change>,
    id: Id,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer> {
    ask(call, Tier::Enterprise, id.into_inner(), key, &body).await
}

async fn ask(call: Call<Change>, tier: Tier, id: String, key: IdempotencyKey, body: &Body) -> Result<Answer> {
    let new = body.parse::<ChangeEmail, EmailAddress>();
    call.write_once(key.with_body(body), move |tx, actor| {
        let account = actor.load_account(tx, tier, &id)?;
        let new = new.get()?;
        let expires_at = operations::request_for_account(tx, &account, new)?;
        Answer::ok(&EmailChange { email: new.given().to_owned(), expires_at })
    })
    .await
}
