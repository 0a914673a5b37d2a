//! Handlers of `/me/second-factor`.

use actix_web::post;
use domain::authority::Target;
use domain::principal::Principal;
use domain::refusal::Refusal;
use domain::second_factor::Code;
use persistence::members::{self, Member};

use super::again;
use super::operations::{self, Committed, myself};
use super::wire::{GiveCode, PrepareSecondFactor, RecoveryCodes, SecondFactorSecret};
use crate::access::ChangeMyself;
use crate::app::{Call, Tx};
use crate::error::{Error, Result};
use crate::http::{Answer, Body, Context, Parsed};
use crate::security::given::GivenPassword;

/// Prepare a second factor
///
/// Generates a secret for an authenticator app, which reads it as a QR code or as typed text (TOTP, RFC 6238: SHA-1,
/// six digits, 30 seconds). The secret is shown only in this response. It takes effect once you confirm it with a code
/// from the app; until then you can request a new one. Your password is required, so that somebody who finds your
/// browser open can't lock you out. For members only.
#[utoipa::path(request_body = PrepareSecondFactor, responses(
    (status = 200, description = "The secret.", body = SecondFactorSecret),
    (status = 403, description = "`forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
    (status = 409, description = "`second_factor_enabled`: you have a second factor; switch it off first."),
    (status = 422, description = "`validation_failed`: the password is wrong."),
    (status = 429, description = "`too_many_sign_ins`, `rate_limited`: see `Retry-After`."),
))]
#[post("/me/second-factor")]
pub(crate) async fn prepare_second_factor(call: Call<ChangeMyself>, context: Context, body: Body) -> Result<Answer> {
    let checked = call.read(|tx, actor| {
        actor.may(Target::Myself)?;
        let Principal::Member(id) = actor.principal() else { return Err(Refusal::Forbidden.into()) };
        let member = members::by_id(tx, id)?.ok_or(Refusal::NotSignedIn)?;
        // Checked first, because verifying a password is expensive.
        operations::check_off(tx, &member)
    });
    checked.await?;
    let GivenPassword(password) = body.parse::<PrepareSecondFactor, _>().into_inner()?;
    again::check_password(&call, &context, password).await?;
    let secret = call
        .write(move |tx, actor| {
            let member = myself(tx, actor)?;
            operations::prepare(tx, &member)
        })
        .await?;
    Answer::ok(&SecondFactorSecret::expose(&secret))
}

/// Switch the second factor on
///
/// Switches on the prepared second factor with a first code from the app. From then on, signing in requires a code.
/// Your other sessions end, because they were started without one. The response contains ten recovery codes, which are
/// not shown again: if you lose the app, each of them works once in place of a code from the app. You are notified by
/// e-mail.
#[utoipa::path(request_body = GiveCode, responses(
    (status = 200, description = "The second factor is on. Store the recovery codes somewhere other than on the device with the app.", body = RecoveryCodes),
    (status = 403, description = "`forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
    (status = 409, description = "`second_factor_enabled`: it is already on. `no_second_factor`: prepare one with `POST /me/second-factor` first."),
    (status = 422, description = "`validation_failed`: the code is wrong."),
    (status = 429, description = "`too_many_wrong_codes`, `rate_limited`: see `Retry-After`."),
))]
#[post("/me/second-factor/enable")]
pub(crate) async fn enable_second_factor(call: Call<ChangeMyself>, body: Body) -> Result<Answer> {
    let code = body.parse::<GiveCode, Code>();
    let session = call.claims().session;
    let codes = check_code(call, code, move |tx, member, code| operations::enable(tx, (member, session), code));
    Answer::ok(&RecoveryCodes::expose(&codes.await?))
}

/// Get new recovery codes
///
/// Replaces your recovery codes. Takes a code from the app or one of the current recovery codes, which all stop
/// working. The new codes are shown only in this response.
#[utoipa::path(request_body = GiveCode, responses(
    (status = 200, description = "The new recovery codes.", body = RecoveryCodes),
    (status = 403, description = "`forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
    (status = 409, description = "`no_second_factor`: you have no second factor."),
    (status = 422, description = "`validation_failed`: the code is wrong."),
    (status = 429, description = "`too_many_wrong_codes`, `rate_limited`: see `Retry-After`."),
))]
#[post("/me/second-factor/recovery-codes")]
pub(crate) async fn renew_recovery_codes(call: Call<ChangeMyself>, body: Body) -> Result<Answer> {
    let code = body.parse::<GiveCode, Code>();
    let codes = check_code(call, code, operations::renew_recovery_codes);
    Answer::ok(&RecoveryCodes::expose(&codes.await?))
}

/// Switch the second factor off
///
/// Removes your second factor. Takes a code from the app or a recovery code. If your account requires a second factor,
/// you can then do nothing until you set up another one. Your other sessions end. You are notified by e-mail.
#[utoipa::path(request_body = GiveCode, responses(
    (status = 204, description = "The second factor is off."),
    (status = 403, description = "`forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
    (status = 409, description = "`no_second_factor`: you have no second factor."),
    (status = 422, description = "`validation_failed`: the code is wrong."),
    (status = 429, description = "`too_many_wrong_codes`, `rate_limited`: see `Retry-After`."),
))]
#[post("/me/second-factor/disable")]
pub(crate) async fn disable_second_factor(call: Call<ChangeMyself>, body: Body) -> Result<Answer> {
    let code = body.parse::<GiveCode, Code>();
    let session = call.claims().session;
    check_code(call, code, move |tx, member, code| operations::disable(tx, (member, session), code)).await?;
    Ok(Answer::no_content())
}

/// Runs an operation that checks a code. A wrong code is committed to the database and then reported as a validation
/// error at `/code`.
async fn check_code<T, F>(call: Call<ChangeMyself>, code: Parsed<Code>, mut operation: F) -> Result<T>
where
    T: Send + 'static,
    F: FnMut(&mut Tx<'_>, &Member, &Code) -> Result<Committed<T>> + Send + 'static,
{
    let checked = call.write(move |tx, actor| {
        actor.may(Target::Myself)?;
        let member = myself(tx, actor)?;
        operation(tx, &member, code.get()?)
    });
    checked.await?.map_err(|refusal| match refusal {
        Refusal::WrongCode => Error::validation(Error::from(refusal).at_pointer("/code").faults()),
        refusal => refusal.into(),
    })
}
