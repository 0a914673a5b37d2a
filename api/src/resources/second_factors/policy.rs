//! Handlers of `/sign-in-policy`: whether the members of an account need a second factor.

use actix_web::{get, patch};
use domain::account::Account;
use domain::authority::Target;
use domain::principal::Principal;
use domain::refusal::Refusal;
use persistence::second_factors;
use serde_json::json;

use super::wire::{PatchSignInPolicy, SignInPolicy};
use crate::access::{Actor, Change, Read};
use crate::app::{Call, Tx};
use crate::error::Result;
use crate::events::record::{NewEvent, record};
use crate::http::params::{IfMatch, IfNoneMatch};
use crate::http::{Answer, Body, Conditions};

/// Read the sign-in policy
///
/// Returns whether every member of your account needs a second factor. For owners.
#[utoipa::path(params(IfNoneMatch), responses(
    (status = 200, description = "The sign-in policy.", body = SignInPolicy),
))]
#[get("/sign-in-policy")]
pub(crate) async fn get_sign_in_policy(call: Call<Read>, conditions: Conditions) -> Result<Answer> {
    call.read_if_changed(conditions, move |tx, actor| {
        actor.may(Target::Members)?;
        answer(second_factors::is_required(tx, actor.account())?)
    })
    .await
}

/// Change the sign-in policy
///
/// Requires a second factor of every member of your account, or stops requiring it. For owners who sign in as members;
/// not for API clients. To require it, you must have a second factor yourself. From their next request on, members
/// without a second factor can only set one up. API clients are not affected.
#[utoipa::path(params(IfMatch), request_body(content = PatchSignInPolicy, example = json!({"require_second_factor": true})), responses(
    (status = 200, description = "The sign-in policy.", body = SignInPolicy),
    (status = 409, description = "`no_second_factor`: you must have a second factor yourself before you can require it of others."),
))]
#[patch("/sign-in-policy")]
pub(crate) async fn update_sign_in_policy(call: Call<Change>, conditions: Conditions, body: Body) -> Result<Answer> {
    let command = body.parse::<PatchSignInPolicy, SignInPolicy>();
    call.write(move |tx, actor| {
        actor.may(Target::Members)?;
        let account = actor.own_account(tx)?;
        let required = command.get()?.require_second_factor;
        let before = second_factors::is_required(tx, account.id)?;
        conditions.check_version(version(before))?;
        change(tx, actor, &account, (before, required))?;
        answer(required)
    })
    .await
}

fn change(tx: &mut Tx<'_>, actor: &Actor, account: &Account, (before, required): (bool, bool)) -> Result<()> {
    let is_change = before != required;
    if let (true, true, Principal::Member(id)) = (is_change, required, actor.principal()) {
        let own = second_factors::find(tx, id)?;
        own.and_then(|factor| factor.since).ok_or(Refusal::SecondFactorOff)?;
    }
    second_factors::set_required(tx, account.id, required)?;
    if !is_change {
        return Ok(());
    }
    let shown = |required: bool| json!({"require_second_factor": required});
    let what = NewEvent::to_account(account, "sign_in_policy_changed", shown(before), shown(required));
    record(tx, &what)
}

fn answer(require_second_factor: bool) -> Result<Answer> {
    Answer::resource(&SignInPolicy { require_second_factor }, version(require_second_factor))
}

/// The version of the policy, for its `ETag`. The policy has a single flag, so the flag determines the version.
fn version(required: bool) -> i64 {
    if required { 2 } else { 1 }
}
