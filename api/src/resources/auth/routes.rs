//! The operations of `/auth`.

use std::time::Duration;

use actix_web::post;
use actix_web::web::Data;
use domain::principal::Principal;
use domain::refusal::Refusal;
use domain::values::email::EmailAddress;

use super::operations::Refreshed;
use super::sign_in::{Attempt, sign_in};
use super::wire::{Accepted, Login, PasswordResetRequest, RefreshRequest, Tokens};
use super::{operations, reset};
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::http::params::IdempotencyKeyHeader;
use crate::http::{Answer, Body, Context, IdempotencyKey};
use crate::resources::activations::wire::RedeemToken;
use crate::security::given::{GivenRefreshToken, LinkToken, NewPassword};
use crate::security::password::check_password;
use crate::security::secret_token::SecretToken;

/// Sign in
///
/// Starts a session and returns an access token and a refresh token. An unknown address and a wrong password get the
/// same answer. Failed attempts make further ones at the address wait, and there are 100 a day; then only a link by
/// e-mail helps. Members with a second factor get `code_needed` and send the same request again with a `code`.
#[utoipa::path(request_body = Login, security(()), responses(
    (status = 200, description = "Signed in: the tokens of the new session.", body = Tokens),
    (status = 401, description = "`wrong_credentials`: the e-mail address or the password is wrong. `code_needed`: both are right, but the member has a second factor: send the request again with a `code`. `wrong_code`: the code is wrong or was used before."),
    (status = 403, description = "`account_not_operating`: the account, or one above it, is suspended."),
    (status = 429, description = "`too_many_wrong_codes`: too many wrong codes in a row. `too_many_sign_ins`: too many attempts at this address, from all networks together. `rate_limited`: too many requests. Wait for the seconds in `Retry-After`."),
))]
#[post("/login")]
pub(crate) async fn login(app: Data<App>, context: Context, body: Body) -> Result<Answer> {
    let attempt = body.parse::<Login, Attempt>().into_inner()?;
    let token = SecretToken::generate();
    let first = token.clone();
    let started =
        sign_in(&app, &context, attempt, move |tx, member| Ok((member.id, operations::start(tx, member, &first)?)));
    let (member, session) = started.await?;
    let access = app.access_tokens.issue(Principal::Member(member), session, app.clock.now());
    Answer::ok(&Tokens::expose(&access, &token))
}

/// Refresh a session
///
/// Exchanges a refresh token for a new access token and a new refresh token. A refresh token can be used once. If it is
/// sent again within ten seconds, the answer has the same new refresh token. If it is sent again later, the session
/// ends, because the token may have been stolen.
#[utoipa::path(request_body = RefreshRequest, security(()), responses(
    (status = 200, description = "The next pair of tokens.", body = Tokens),
    (status = 401, description = "`invalid_refresh_token`: the token was used, has expired or never existed. Sign in again."),
    (status = 403, description = "`account_not_operating`: the account, or one above it, is suspended."),
))]
#[post("/refresh")]
pub(crate) async fn refresh(app: Data<App>, context: Context, body: Body) -> Result<Answer> {
    let invalid =
        || Error::new(ErrorCode::InvalidRefreshToken, "It was used, has expired or never existed. Sign in again.");
    let GivenRefreshToken(token) = body.parse::<RefreshRequest, _>().into_inner()?;
    let token = token.ok_or_else(invalid)?;
    let refreshed = app.write_as(context.anonymous(), move |tx| operations::refresh(tx, &token)).await?;
    let Refreshed::Successor(member, session, successor) = refreshed else { return Err(invalid()) };
    let access = app.access_tokens.issue(Principal::Member(member), session, app.clock.now());
    Answer::ok(&Tokens::expose(&access, &successor))
}

/// Sign out
///
/// Ends the session of the refresh token. Access tokens of the session are refused from their next request on. An
/// unknown or expired refresh token gets the same answer.
#[utoipa::path(request_body = RefreshRequest, security(()), responses(
    (status = 204, description = "The session has ended, or there was none."),
))]
#[post("/logout")]
pub(crate) async fn logout(app: Data<App>, context: Context, body: Body) -> Result<Answer> {
    let GivenRefreshToken(token) = body.parse::<RefreshRequest, _>().into_inner()?;
    if let Some(token) = token {
        app.write_as(context.anonymous(), move |tx| operations::end(tx, &token)).await?;
    }
    Ok(Answer::no_content())
}

/// How long a request for a password reset takes at least. Queueing an e-mail takes some milliseconds, which would tell
/// that the address is known.
const RESET_TIME: Duration = Duration::from_millis(100);

/// Request a password reset
///
/// Sends an e-mail with a link for choosing a new password, if a member has the address. A member gets at most one such
/// e-mail a minute. The answer is always the same, so it does not tell whether the address is known.
#[utoipa::path(params(IdempotencyKeyHeader), request_body = PasswordResetRequest, security(()), responses(
    (status = 202, description = "Accepted. If a member has the address, the e-mail is queued.", body = Accepted),
))]
#[post("/password-resets")]
pub(crate) async fn request_password_reset(
    app: Data<App>,
    context: Context,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer> {
    let email = body.parse::<PasswordResetRequest, EmailAddress>().into_inner()?;
    let until = tokio::time::Instant::now() + RESET_TIME;
    let answer = app.write_once_for_anyone(&context, key.with_body(&body), move |tx| {
        reset::request(tx, &email)?;
        Ok(Answer::ok(&Accepted { accepted: true })?.with_status(202))
    });
    let answer = answer.await;
    tokio::time::sleep_until(until).await;
    answer
}

/// Set a new password
///
/// Sets a new password with the token from a password reset e-mail. The token can be used once. All sessions of the
/// member end.
#[utoipa::path(request_body = RedeemToken, security(()), responses(
    (status = 204, description = "The password was changed."),
    (status = 422, description = "`invalid_token`: the token was used, has expired, was replaced or never existed. `validation_failed`: see `errors`; the token can still be used."),
))]
#[post("/password-resets/redeem")]
pub(crate) async fn redeem_password_reset(app: Data<App>, context: Context, body: Body) -> Result<Answer> {
    let (LinkToken(token), NewPassword(password)) = body.parse::<RedeemToken, _>().into_inner()?;
    let hash = token.ok_or(Refusal::InvalidToken)?.hash();
    let now = app.clock.now();
    let member = {
        let hash = hash.clone();
        app.database.read(move |tx| reset::member(tx, &hash, now)).await?
    };
    check_password("/password", &password, &[&member.account.name, member.email.given()])?;
    let password_hash = app.passwords.hash(password).await?;
    app.write_as(context.anonymous(), move |tx| reset::redeem(tx, &hash, &password_hash)).await?;
    Ok(Answer::no_content())
}
