//! Handlers of `/activations`.

use actix_web::post;
use actix_web::web::Data;
use domain::refusal::Refusal;

use super::operations;
use super::wire::{ActivationAccount, PreviewActivation, RedeemToken};
use crate::app::App;
use crate::error::Result;
use crate::http::{Answer, Body, Context};
use crate::security::given::{LinkToken, NewPassword};
use crate::security::password::check_password;

/// Preview an activation link
///
/// Returns the account that a link activates or, for the link of an invitation, the account that the member joins. The
/// link is not redeemed. Used, expired, replaced and unknown tokens all get the same error.
#[utoipa::path(request_body = PreviewActivation, security(()), responses(
    (status = 200, description = "The account that the link activates or gives access to.", body = ActivationAccount),
    (status = 422, description = "`invalid_token`: the token is used, expired, replaced or unknown. `validation_failed`: see `errors`."),
))]
#[post("/preview")]
pub(crate) async fn preview_activation(app: Data<App>, body: Body) -> Result<Answer> {
    let LinkToken(token) = body.parse::<PreviewActivation, _>().into_inner()?;
    let token = token.ok_or(Refusal::InvalidToken)?;
    let now = app.clock.now();
    let link = app.database.read(move |tx| operations::preview(tx, &token, now)).await?;
    Answer::ok(&ActivationAccount::from(link))
}

/// Activate an account
///
/// Redeems the link of an activation or invitation e-mail and sets the password that its recipient chose. Each link
/// works once. Activation makes the account active; an invitation makes the recipient a member. Sign in with the new
/// password at `POST /auth/login`.
#[utoipa::path(request_body = RedeemToken, security(()), responses(
    (status = 200, description = "The activated or joined account.", body = ActivationAccount),
    (status = 422, description = "`invalid_token`: the token is used, expired, replaced or unknown. `validation_failed`: see `errors`; the link can still be used."),
))]
#[post("")]
pub(crate) async fn redeem_activation(app: Data<App>, context: Context, body: Body) -> Result<Answer> {
    let (LinkToken(token), NewPassword(password)) = body.parse::<RedeemToken, _>().into_inner()?;
    let token = token.ok_or(Refusal::InvalidToken)?;
    let now = app.clock.now();
    let link = {
        let token = token.clone();
        app.database.read(move |tx| operations::preview(tx, &token, now)).await?
    };
    let about = ActivationAccount::from(link);
    check_password("/password", &password, &[&about.name, &about.email])?;
    let password_hash = app.passwords.hash(password).await?;
    let link = app.write_as(context.anonymous(), move |tx| operations::redeem(tx, &token, &password_hash)).await?;
    Answer::ok(&ActivationAccount { expires_at: None, ..link.into() })
}
