//! Handlers of users in Teams: `/users/{id}/teams` and `/enterprises/{id}/users/teams`.

use actix_web::{get, post};
use domain::account::Account;
use domain::id::UserId;
use domain::refusal::Refusal;
use domain::user::User;
use persistence::{StoreConnection, direct_routing, teams_users, users};

use super::create::answer;
use super::operations as user_operations;
use super::wire;
use crate::access::{Actor, Change, Read};
use crate::app::{Call, Tx};
use crate::error::Result;
use crate::http::idempotency::IdempotentRequest;
use crate::http::params::{IdempotencyKeyHeader, IfMatch};
use crate::http::{Answer, Body, Conditions, Id, IdempotencyKey};
use crate::resources::direct_routing::operations::may_confirm;
use crate::resources::teams::in_teams::in_directory;
use crate::resources::teams::operations;
use crate::resources::teams::wire::{AppliedToAll, ApplyInTeams, Replace, TeamsCounts, UserInTeams};

/// Apply a user in Teams
///
/// Asks that a user gets its number (`default_number`) and the voice routing policy of its route in Teams. The service
/// does that through Microsoft Graph in the background: read the user until `teams.state` is `applied`, or see the events
/// `user.teams_*`. Later changes of the user follow by themselves. If the user has another number or policy in Teams that
/// this service did not give it, it fails with `other_number` or `other_policy`, unless `replace` is set. Applying a user
/// again tries again at once. Without Microsoft Graph, somebody does it in the Teams admin center and confirms it.
#[utoipa::path(params(IfMatch, IdempotencyKeyHeader), request_body(content = Option<ApplyInTeams>, example = json!({"replace": false})), responses(
    (status = 200, description = "The user, which is to be applied in Teams.", body = wire::User),
    (status = 409, description = "`wrong_teams_state`: the user is being released in Teams. `direct_routing_not_established`: the route of its `voice_route` is not established. `account_closed`: the account is closed."),
))]
#[post("/{user_id}/teams/apply")]
pub(crate) async fn apply_user_in_teams(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer> {
    let command = body.parse_or_default::<ApplyInTeams, Replace>();
    change(call, id, conditions, key.with_body(&body), move |tx, account, user| {
        let Replace(replaces) = *command.get()?;
        operations::apply(tx, account, user, replaces).map(drop)
    })
    .await
}

/// Release a user in Teams
///
/// Asks that a user loses its number and voice routing policy in Teams. Until Microsoft has let go of the number, the user
/// is `releasing`, and nobody else can have the number (`number_being_released`). The user itself stays. A user
/// that has nothing in Teams from this service is `released` at once.
#[utoipa::path(params(IfMatch, IdempotencyKeyHeader), responses(
    (status = 200, description = "The user, which is to be released in Teams.", body = wire::User),
))]
#[post("/{user_id}/teams/release")]
pub(crate) async fn release_user_in_teams(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer> {
    change(call, id, conditions, key.without_body(), |tx, account, user| {
        operations::release(tx, account, user).map(drop)
    })
    .await
}

/// Confirm what was done in Teams
///
/// Confirms that what a user waits for was done by hand in Teams: that it has its number and policy, or no longer has them.
/// If the service takes the steps itself through Microsoft Graph, only staff can confirm them, for instance because the
/// service has lost its access to the tenant. A deleted user that is still `releasing` can be confirmed, too; it is then
/// forgotten, and its number is free. Who may confirm is the same as for the steps of a route.
#[utoipa::path(params(IfMatch, IdempotencyKeyHeader), responses(
    (status = 200, description = "What the user has in Teams.", body = UserInTeams),
    (status = 403, description = "`management_consent_missing`: the enterprise has not given its management consent. `forbidden`, `account_not_operating`: you may not do this."),
    (status = 409, description = "`wrong_teams_state`: the user waits for nothing in Teams. `steps_are_automatic`: the service takes the steps itself."),
))]
#[post("/{user_id}/teams/confirm")]
pub(crate) async fn confirm_user_in_teams(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer> {
    let automatic = call.app.graph.is_some();
    call.write_once(key.without_body(), move |tx, actor| {
        let (account, id, user) = load_even_deleted(tx, actor, &id)?;
        may_confirm(actor, &direct_routing::load(tx, account.id)?, automatic)?;
        conditions.check_version(user.as_ref().map_or(0, |user| user.version))?;
        let after = operations::confirm(tx, &account, id, user.as_ref())?;
        let in_directory = in_directory(tx, &after)?;
        Answer::ok(&UserInTeams::view(Some(&after), in_directory, automatic))
    })
    .await
}

/// Apply all users in Teams
///
/// Asks that all users of an enterprise get their numbers and voice routing policies in Teams: those for whom nobody has
/// asked, that failed or that were released, and with `replace` also those that were changed in Teams. The service works
/// through them in the background, without holding other enterprises up. Follow the progress with
/// `GET /enterprises/{enterprise_id}/users/teams`, and find single users with the filter `teams_state` of the list.
#[utoipa::path(params(IdempotencyKeyHeader), request_body(content = Option<ApplyInTeams>, example = json!({"replace": false})), responses(
    (status = 200, description = "How many users were asked for, and how many are in which state now.", body = AppliedToAll),
    (status = 409, description = "`direct_routing_not_established`: the enterprise has no established route. `account_closed`: the account is closed."),
))]
#[post("/teams/apply")]
pub(crate) async fn apply_all_users_in_teams(
    call: Call<Change>,
    id: Id,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer> {
    let command = body.parse_or_default::<ApplyInTeams, Replace>();
    let app = call.app.clone();
    let answer = call
        .write_once(key.with_body(&body), move |tx, actor| {
            let account = actor.load_enterprise(tx, &id)?;
            let Replace(replaces) = *command.get()?;
            let requested = operations::apply_to_all(tx, &account, replaces)?;
            let counts = TeamsCounts::view(&teams_users::counts(tx, account.id)?);
            Answer::ok(&AppliedToAll { requested, counts })
        })
        .await;
    app.teams_ready.notify_one();
    answer
}

/// Count users in Teams
///
/// Counts the users of an enterprise by their state in Teams.
#[utoipa::path(responses((status = 200, description = "How many users are in which state.", body = TeamsCounts)))]
#[get("/teams")]
pub(crate) async fn count_users_in_teams(call: Call<Read>, id: Id) -> Result<Answer> {
    call.read(move |tx, actor| {
        let account = actor.load_enterprise(tx, &id)?;
        Answer::ok(&TeamsCounts::view(&teams_users::counts(tx, account.id)?))
    })
    .await
}

async fn change(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    key: IdempotentRequest,
    command: impl Fn(&mut Tx<'_>, &Account, &User) -> Result<()> + Send + 'static,
) -> Result<Answer> {
    let app = call.app.clone();
    let automatic = app.graph.is_some();
    let answer = call
        .write_once(key, move |tx, actor| {
            let (account, user) = user_operations::load(tx, actor, &id)?;
            conditions.check_version(user.version)?;
            command(tx, &account, &user)?;
            let (account, user) = user_operations::load(tx, actor, &id)?;
            answer(tx, user, actor.sees_sip_data(&account), automatic)
        })
        .await;
    app.teams_ready.notify_one();
    answer
}

/// Loads a user, or what is left of a deleted one in Teams, with its enterprise.
fn load_even_deleted(tx: &mut StoreConnection, actor: &Actor, id: &str) -> Result<(Account, UserId, Option<User>)> {
    let id = UserId::parse(id).ok_or(Refusal::NotFound)?;
    let owner = match users::owner(tx, id)? {
        Some(owner) => Some(owner),
        None => teams_users::by_id(tx, id)?.map(|left| left.account),
    };
    let account = actor.load_owner(tx, owner)?;
    let user = users::by_id(tx, account.id, id)?;
    Ok((account, id, user))
}
