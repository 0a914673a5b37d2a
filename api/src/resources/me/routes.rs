//! The operations of `/me`.

use actix_web::{get, patch, post};
use domain::authority::Target;
use domain::fault::Fault;
use domain::principal::Principal;
use domain::refusal::Refusal;
use persistence::members::Member;
use persistence::second_factors::Overview;
use persistence::{StoreConnection, api_clients, members, second_factors};
use secrecy::{ExposeSecret, SecretString};

use super::operations;
use super::wire::{ChangePassword, Me, PatchMe};
use crate::access::{Change, ChangeMyself, ReadMyself};
use crate::app::Call;
use crate::error::{Error, Result, value_error};
use crate::http::params::{IfMatch, IfNoneMatch};
use crate::http::{Answer, Body, Conditions, Context};
use crate::resources::second_factors::again::{self, Again};
use crate::resources::second_factors::operations::myself;
use crate::resources::second_factors::wire::MySecondFactor;
use crate::security::password::check_password;

/// The constant version of an API client in `/me`, where it can't be changed.
const CLIENT_VERSION: i64 = 1;

/// Read the caller
///
/// Returns the member or API client that the access token belongs to, with its role and its account.
#[utoipa::path(params(IfNoneMatch), responses(
    (status = 200, description = "The member or API client, and its account.", body = Me),
    (status = 403, description = "`forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
))]
#[get("/me")]
pub(crate) async fn get_me(call: Call<ReadMyself>, conditions: Conditions) -> Result<Answer> {
    call.read_if_changed(conditions, move |tx, actor| {
        let now = tx.now;
        actor.may(Target::Myself)?;
        match actor.principal() {
            Principal::Member(id) => {
                let member = members::by_id(tx, id)?.ok_or(Refusal::NotSignedIn)?;
                answer(tx, member)
            }
            Principal::Client(id) => {
                let account = actor.own_account(tx)?;
                let client = api_clients::by_id(tx, account.id, id, now)?.ok_or(Refusal::NotSignedIn)?;
                Answer::resource(&Me::client(client, account), CLIENT_VERSION)
            }
        }
    })
    .await
}

/// Change your name or language
///
/// Changes the signed-in member with a merge patch and returns it. Fields that you leave out keep their values; `null`
/// removes a value. Members of all roles may do this; API clients can't.
#[utoipa::path(params(IfMatch), request_body(content = PatchMe, example = json!({"name": "Ann Example", "language": "en"})), responses(
    (status = 200, description = "The member after the change, and its account.", body = Me),
))]
#[patch("/me")]
pub(crate) async fn update_me(call: Call<Change>, conditions: Conditions, body: Body) -> Result<Answer> {
    let change = body.parse_patch::<PatchMe, operations::ChangeMe>();
    call.write(move |tx, actor| {
        actor.may(Target::Myself)?;
        let member = myself(tx, actor)?;
        let change = change.get()?;
        conditions.check_version(member.version)?;
        let member = operations::update(tx, member, change)?;
        answer(tx, member)
    })
    .await
}

/// Change your password
///
/// Replaces your password. Repeat the present one and, if you have a second factor, a code. Your other sessions, links to
/// reset the password and a pending change of your e-mail address end, and you are told by e-mail. Whoever signed in with
/// a generated password has to do this first. For members only.
#[utoipa::path(request_body = ChangePassword, responses(
    (status = 204, description = "The password was changed."),
    (status = 403, description = "`forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
    (status = 422, description = "`validation_failed`: the password or the code is wrong, or the new password is too easy to guess or the same as before; see `errors`."),
    (status = 429, description = "`too_many_wrong_codes`, `too_many_sign_ins`, `rate_limited`: see `Retry-After`."),
))]
#[post("/me/change-password")]
pub(crate) async fn change_my_password(call: Call<ChangeMyself>, context: Context, body: Body) -> Result<Answer> {
    let request = body.parse::<ChangePassword, (Again, SecretString)>();
    let own = call.write(|tx, actor| {
        actor.may(Target::Myself)?;
        myself(tx, actor)
    });
    let member = own.await?;
    let (again, new) = request.into_inner()?;
    check_password("/new_password", &new, &[&member.account.name, member.email.given()])?;
    if new.expose_secret() == again.password.expose_secret() {
        let fault = Fault::new("same_password", "This is your present password. Choose another one.");
        return Err(Error::validation(vec![value_error("/new_password", fault)]));
    }
    let right = again::check(&call, &context, again).await?;
    let (password_hash, session) = (call.app.passwords.hash(new).await?, call.claims().session);
    call.write(move |tx, actor| {
        let member = myself(tx, actor)?;
        // A link may have set another password meanwhile.
        if member.password_hash != right {
            return Err(again::wrong_password());
        }
        operations::change_password(tx, &member, session, &password_hash)
    })
    .await?;
    Ok(Answer::no_content())
}

fn answer(tx: &mut StoreConnection, member: Member) -> Result<Answer> {
    let version = member.version;
    let Overview { enabled, required, recovery_codes_left } = second_factors::overview(tx, member.id)?;
    let second_factor = MySecondFactor { enabled, required, recovery_codes_left };
    Answer::resource(&Me::member(member, second_factor), version)
}
