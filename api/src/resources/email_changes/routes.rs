//! Handlers that request, agree to, confirm and cancel changes of e-mail addresses.

use actix_web::web::Data;
use actix_web::{delete, post};
use domain::account::Tier;
use domain::authority::Target;
use domain::refusal::Refusal;
use domain::values::email::EmailAddress;

use super::operations::{self, Progress};
use super::wire::{AnswerEmailChange, ChangeEmail, EmailChange, EmailChangeAnswered, EmailChanged};
use crate::access::Change;
use crate::app::{App, Call};
use crate::error::Result;
use crate::http::idempotency::Caller;
use crate::http::params::IdempotencyKeyHeader;
use crate::http::{Answer, Body, Context, Id, IdempotencyKey, Parsed};
use crate::resources::activations::wire::PreviewActivation;
use crate::resources::second_factors::again::{self, Again};
use crate::resources::second_factors::operations::myself;
use crate::security::given::LinkToken;

/// Change your own e-mail address
///
/// Requests a new e-mail address for you to sign in with. Repeat your password and, if you have a second factor, a code.
/// A confirmation link, which works for 24 hours, is sent to the new address, and a notice to the old one, which can stop
/// the change. Until it is confirmed, you sign in with the old address; then your sessions end. If your account has the
/// same address as you, it changes too. For members only.
#[utoipa::path(params(IdempotencyKeyHeader), request_body(content = ChangeEmail, example = json!({"email": "new@contoso.example", "password": "correct horse battery staple"})), responses(
    (status = 200, description = "The confirmation e-mail is queued.", body = EmailChange),
    (status = 409, description = "`email_taken`: another account or member has the new address."),
    (status = 429, description = "`too_many_wrong_codes`, `too_many_sign_ins`, `too_many_emails`, `rate_limited`: see `Retry-After`."),
))]
#[post("/me/change-email")]
pub(crate) async fn change_my_email(
    call: Call<Change>,
    context: Context,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer> {
    let key = key.with_body(&body);
    let request = body.parse::<ChangeEmail, (EmailAddress, Again)>();
    let (earlier, asked) = (key.clone(), request.get().cloned());
    let begun = call.write(move |tx, actor| {
        let now = tx.now;
        actor.may(Target::Myself)?;
        actor.member().ok_or(Refusal::Forbidden)?;
        let asked = asked.clone()?;
        Ok(earlier.kept(tx, Caller::Actor(actor), now)?.ok_or(asked))
    });
    let (new, again) = match begun.await? {
        Ok(kept) => return Ok(kept),
        Err(asked) => asked,
    };
    again::check(&call, &context, again).await?;
    call.write_once(key, move |tx, actor| {
        let member = myself(tx, actor)?;
        actor.own_account(tx)?;
        let requested = operations::request_for_member(tx, &member, &new)?;
        Answer::ok(&EmailChange::new(&new, requested))
    })
    .await
}

/// Cancel the change of your own e-mail address
///
/// Cancels a requested change of your e-mail address. Its links stop working. Not found if no change is pending.
#[utoipa::path(responses(
    (status = 204, description = "The change is cancelled."),
    (status = 404, description = "`not_found`: no change is pending."),
))]
#[delete("/me/change-email")]
pub(crate) async fn cancel_my_email_change(call: Call<Change>) -> Result<Answer> {
    call.write(move |tx, actor| {
        actor.may(Target::Myself)?;
        let member = myself(tx, actor)?;
        operations::cancel(tx, &member.account, &member.email)
    })
    .await?;
    Ok(Answer::no_content())
}

/// Confirm a change of e-mail address
///
/// Redeems the link that was sent to the new e-mail address. If the old address has agreed, or did not have to, the
/// account, the member, or both get the new address, and the old one can be used by others. Otherwise `state` tells what
/// the change waits for.
#[utoipa::path(request_body = PreviewActivation, security(()), responses(
    (status = 200, description = "The new address, and where the change stands.", body = EmailChanged),
    (status = 409, description = "`email_taken`: another account or member has taken the address in the meantime."),
    (status = 422, description = "`invalid_token`: the token is used, expired, replaced or unknown. `validation_failed`: see `errors`."),
))]
#[post("/activations/email-changes")]
pub(crate) async fn confirm_email_change(app: Data<App>, context: Context, body: Body) -> Result<Answer> {
    let LinkToken(token) = body.parse::<PreviewActivation, _>().into_inner()?;
    let hash = token.ok_or(Refusal::InvalidToken)?.hash();
    let (change, progress) = app.write_as(context.anonymous(), move |tx| operations::confirm(tx, &hash)).await?;
    let effective_from = if let Progress::WaitsUntil(from) = progress { Some(from) } else { None };
    let email = change.new.given().to_owned();
    Answer::ok(&EmailChanged { name: change.account.name, email, state: progress.into(), effective_from })
}

/// Agree to a change of e-mail address, or stop it
///
/// Answers for the old e-mail address, with the token of the link that was sent to it. A change that was stopped has to
/// be requested again.
#[utoipa::path(request_body = AnswerEmailChange, security(()), responses(
    (status = 200, description = "Where the change stands.", body = EmailChangeAnswered),
    (status = 409, description = "`email_taken`: another account or member has taken the new address in the meantime."),
    (status = 422, description = "`invalid_token`: the token is used, expired, replaced or unknown. `validation_failed`: see `errors`."),
))]
#[post("/activations/email-changes/answer")]
pub(crate) async fn answer_email_change(app: Data<App>, context: Context, body: Body) -> Result<Answer> {
    let (LinkToken(token), agrees) = body.parse::<AnswerEmailChange, (LinkToken, bool)>().into_inner()?;
    let hash = token.ok_or(Refusal::InvalidToken)?.hash();
    let (change, progress) = app.write_as(context.anonymous(), move |tx| operations::answer(tx, &hash, agrees)).await?;
    Answer::ok(&EmailChangeAnswered { name: change.account.name, state: progress.into() })
}

/// Change the e-mail address of a master reseller
///
/// Requests a new e-mail address for an activated master reseller. While the account is pending, change the address with
/// `PATCH` instead. Only people can do this, with their password and, if they have a second factor, a code. Both
/// addresses get a link that works until `expires_at`: the old one agrees to the change or stops it, the new one confirms
/// it. The change takes effect when both have followed their links. The links work for 24 hours. If an operator requests
/// the change, it can take effect without an answer of the old address after 72 hours, in which that address can stop it;
/// the links then work for 96 hours. After the change, whoever signed in with the old address signs in with the new one;
/// sessions and password links of the old address end.
#[utoipa::path(params(IdempotencyKeyHeader), request_body(content = ChangeEmail, example = json!({"email": "new@contoso.example", "password": "correct horse battery staple"})), responses(
    (status = 200, description = "Both e-mails are queued.", body = EmailChange),
    (status = 409, description = "`email_taken`: another account or member has the new address. `not_activated`: the account is pending; change its address with `PATCH`. `account_closed`: the account is closed."),
    (status = 429, description = "`too_many_wrong_codes`, `too_many_sign_ins`, `too_many_emails`, `rate_limited`: see `Retry-After`."),
))]
#[post("/{master_reseller_id}/change-email")]
pub(crate) async fn change_master_reseller_email(
    call: Call<Change>,
    context: Context,
    id: Id,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer> {
    ask(call, context, (Tier::MasterReseller, id.into_inner()), key, &body).await
}

/// Cancel the change of the e-mail address of a master reseller
///
/// Cancels a requested change of the e-mail address. Its links stop working. Not found if no change is pending.
#[utoipa::path(responses((status = 204, description = "The change is cancelled.")))]
#[delete("/{master_reseller_id}/change-email")]
pub(crate) async fn cancel_master_reseller_email_change(call: Call<Change>, id: Id) -> Result<Answer> {
    cancel(call, Tier::MasterReseller, id.into_inner()).await
}

/// Change the e-mail address of a reseller
///
/// Requests a new e-mail address for an activated reseller. While the account is pending, change the address with
/// `PATCH` instead. Only people can do this, with their password and, if they have a second factor, a code. Both
/// addresses get a link that works until `expires_at`: the old one agrees to the change or stops it, the new one confirms
/// it. The change takes effect when both have followed their links. The links work for 24 hours. If an operator requests
/// the change, it can take effect without an answer of the old address after 72 hours, in which that address can stop it;
/// the links then work for 96 hours. After the change, whoever signed in with the old address signs in with the new one;
/// sessions and password links of the old address end.
#[utoipa::path(params(IdempotencyKeyHeader), request_body(content = ChangeEmail, example = json!({"email": "new@contoso.example", "password": "correct horse battery staple"})), responses(
    (status = 200, description = "Both e-mails are queued.", body = EmailChange),
    (status = 409, description = "`email_taken`: another account or member has the new address. `not_activated`: the account is pending; change its address with `PATCH`. `account_closed`: the account is closed."),
    (status = 429, description = "`too_many_wrong_codes`, `too_many_sign_ins`, `too_many_emails`, `rate_limited`: see `Retry-After`."),
))]
#[post("/{reseller_id}/change-email")]
pub(crate) async fn change_reseller_email(
    call: Call<Change>,
    context: Context,
    id: Id,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer> {
    ask(call, context, (Tier::Reseller, id.into_inner()), key, &body).await
}

/// Cancel the change of the e-mail address of a reseller
///
/// Cancels a requested change of the e-mail address. Its links stop working. Not found if no change is pending.
#[utoipa::path(responses((status = 204, description = "The change is cancelled.")))]
#[delete("/{reseller_id}/change-email")]
pub(crate) async fn cancel_reseller_email_change(call: Call<Change>, id: Id) -> Result<Answer> {
    cancel(call, Tier::Reseller, id.into_inner()).await
}

/// Change the e-mail address of an enterprise
///
/// Requests a new e-mail address for an activated enterprise. While the account is pending, change the address with
/// `PATCH` instead. Only people can do this, with their password and, if they have a second factor, a code. Both
/// addresses get a link that works until `expires_at`: the old one agrees to the change or stops it, the new one confirms
/// it. The change takes effect when both have followed their links. The links work for 24 hours. If an operator requests
/// the change, it can take effect without an answer of the old address after 72 hours, in which that address can stop it;
/// the links then work for 96 hours. After the change, whoever signed in with the old address signs in with the new one;
/// sessions and password links of the old address end.
#[utoipa::path(params(IdempotencyKeyHeader), request_body(content = ChangeEmail, example = json!({"email": "new@contoso.example", "password": "correct horse battery staple"})), responses(
    (status = 200, description = "Both e-mails are queued.", body = EmailChange),
    (status = 409, description = "`email_taken`: another account or member has the new address. `not_activated`: the account is pending; change its address with `PATCH`. `account_closed`: the account is closed."),
    (status = 429, description = "`too_many_wrong_codes`, `too_many_sign_ins`, `too_many_emails`, `rate_limited`: see `Retry-After`."),
))]
#[post("/{enterprise_id}/change-email")]
pub(crate) async fn change_enterprise_email(
    call: Call<Change>,
    context: Context,
    id: Id,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer> {
    ask(call, context, (Tier::Enterprise, id.into_inner()), key, &body).await
}

/// Cancel the change of the e-mail address of an enterprise
///
/// Cancels a requested change of the e-mail address. Its links stop working. Not found if no change is pending.
#[utoipa::path(responses((status = 204, description = "The change is cancelled.")))]
#[delete("/{enterprise_id}/change-email")]
pub(crate) async fn cancel_enterprise_email_change(call: Call<Change>, id: Id) -> Result<Answer> {
    cancel(call, Tier::Enterprise, id.into_inner()).await
}

async fn ask(
    call: Call<Change>,
    context: Context,
    (tier, id): (Tier, String),
    key: IdempotencyKey,
    body: &Body,
) -> Result<Answer> {
    let key = key.with_body(body);
    let request: Parsed<(EmailAddress, Again)> = body.parse::<ChangeEmail, _>();
    let (earlier, asked, asked_id) = (key.clone(), request.get().cloned(), id.clone());
    let begun = call.write(move |tx, actor| {
        let now = tx.now;
        actor.load_account(tx, tier, &asked_id)?;
        actor.member().ok_or(Refusal::Forbidden)?;
        let asked = asked.clone()?;
        Ok(earlier.kept(tx, Caller::Actor(actor), now)?.ok_or(asked))
    });
    let (new, again) = match begun.await? {
        Ok(kept) => return Ok(kept),
        Err(asked) => asked,
    };
    again::check(&call, &context, again).await?;
    call.write_once(key, move |tx, actor| {
        let account = actor.load_account(tx, tier, &id)?;
        let requested = operations::request_for_account(tx, actor, &account, &new)?;
        Answer::ok(&EmailChange::new(&new, requested))
    })
    .await
}

async fn cancel(call: Call<Change>, tier: Tier, id: String) -> Result<Answer> {
    call.write(move |tx, actor| {
        let account = actor.load_account(tx, tier, &id)?;
        let email = account.email.clone();
        operations::cancel(tx, &account, &email)
    })
    .await?;
    Ok(Answer::no_content())
}
