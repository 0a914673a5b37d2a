//! The operations of `/me`.

use actix_web::{get, patch};
use domain::authority::Target;
use domain::principal::Principal;
use domain::refusal::Refusal;
use persistence::members::Member;
use persistence::{StoreConnection, api_clients, members, second_factors};

use super::operations;
use super::wire::{Me, PatchMe};
use crate::access::{Change, ReadMyself};
use crate::app::Call;
use crate::error::Result;
use crate::http::params::{IfMatch, IfNoneMatch};
use crate::http::{Answer, Body, Conditions};
use crate::resources::second_factors::operations::myself;
use crate::resources::second_factors::wire::MySecondFactor;

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

fn answer(tx: &mut StoreConnection, member: Member) -> Result<Answer> {
    let version = member.version;
    let second_factor = MySecondFactor {
        enabled: second_factors::find(tx, member.id)?.is_some_and(|factor| factor.since.is_some()),
        required: second_factors::is_required(tx, member.account.id)?,
        recovery_codes_left: second_factors::recovery_codes_left(tx, member.id)?,
    };
    Answer::resource(&Me::member(member, second_factor), version)
}
