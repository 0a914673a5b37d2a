//! `/sign-in-policy`: how the members of an account have to sign in.

use actix_web::web::Data;
use actix_web::{get, patch};
use domain::Timestamp;
use domain::account::Account;
use domain::authority::Target;
use domain::principal::Principal;
use domain::refusal::Refusal;
use persistence::{StoreConnection, second_factors};
use serde_json::json;

use super::wire::{PatchSignInPolicy, SignInPolicy};
use crate::access::{Actor, Change, Read};
use crate::app::App;
use crate::error::Error;
use crate::events::record::{NewEvent, record};
use crate::http::params::{IfMatch, IfNoneMatch};
use crate::http::{Answer, Body, Caller, Conditions};

/// Read how members have to sign in
///
/// For owners: whether every member of your own account needs a second factor.
#[utoipa::path(
    tag = "Members",
    operation_id = "get_sign_in_policy",
    params(IfNoneMatch),
    responses(
        (status = 200, description = "How members have to sign in.", body = SignInPolicy, headers(("ETag" = String, description = "For `If-Match` and `If-None-Match`."))),
        (status = 304, description = "It is what you have."),
    ),
    security(("bearer" = []))
)]
#[get("/sign-in-policy")]
pub(crate) async fn get_sign_in_policy(
    app: Data<App>,
    caller: Caller<Read>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    let answer = app
        .read(caller, move |tx, actor, _| {
            actor.may(Target::Members)?;
            answer(second_factors::is_required(tx, actor.account())?)
        })
        .await?;
    Ok(conditions.answer(answer))
}

/// Say how members have to sign in
///
/// For owners, and for people only. Where a second factor is required, a member without one can do nothing but begin with one, from its next request
/// on. Have one yourself first. API clients go on as they are.
#[utoipa::path(
    tag = "Members",
    operation_id = "update_sign_in_policy",
    params(IfMatch),
    request_body(content((PatchSignInPolicy = "application/merge-patch+json", example = json!({"require_second_factor": true})), (PatchSignInPolicy = "application/json", example = json!({"require_second_factor": true})))),
    responses(
        (status = 200, description = "How members have to sign in.", body = SignInPolicy, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`no_second_factor`: have a second factor yourself before you ask it of others."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
    ),
    security(("bearer" = []))
)]
#[patch("/sign-in-policy")]
pub(crate) async fn update_sign_in_policy(
    app: Data<App>,
    caller: Caller<Change>,
    conditions: Conditions,
    body: Body,
) -> Result<Answer, Error> {
    let command = body.parse::<PatchSignInPolicy, SignInPolicy>();
    app.write(caller, move |tx, actor, now| {
        actor.may(Target::Members)?;
        let account = actor.own_account(tx)?;
        let required = command.get()?.require_second_factor;
        let before = second_factors::is_required(tx, account.id)?;
        conditions.check_version(version(before))?;
        change(tx, actor, &account, (before, required), now)?;
        answer(required)
    })
    .await
}

fn change(
    tx: &mut StoreConnection,
    actor: &Actor,
    account: &Account,
    (before, required): (bool, bool),
    now: Timestamp,
) -> Result<(), Error> {
    if before == required {
        return Ok(());
    }
    if let (true, Principal::Member(id)) = (required, actor.principal()) {
        let own = second_factors::find(tx, id)?;
        own.and_then(|factor| factor.since).ok_or(Refusal::SecondFactorOff)?;
    }
    second_factors::set_required(tx, account.id, required)?;
    let shown = |required: bool| json!({"require_second_factor": required});
    let what = NewEvent::to_account(account, "sign_in_policy_changed", shown(before), shown(required));
    record(tx, actor.origin(), now, &what)
}

fn answer(require_second_factor: bool) -> Result<Answer, Error> {
    Answer::resource(&SignInPolicy { require_second_factor }, version(require_second_factor))
}

/// The policy says one thing only, so what it says is its version.
fn version(required: bool) -> i64 {
    if required { 2 } else { 1 }
}
