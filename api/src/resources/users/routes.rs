//! Handlers of `/enterprises/{id}/users` and `/users/{id}`.

use actix_web::{HttpRequest, delete, get, patch, post};
use domain::enterprise::SbcRegionCode;
use domain::id::{PbxId, TrunkId};
use domain::limits::TAG_MAX;
use domain::teams::State;
use persistence::users::{self, UserFilter};

use super::create::{Creation, answer};
use super::operations;
use super::wire::{CreateUser, PatchUser, User, UserPage};
use crate::access::{Change, Create, Read};
use crate::app::Call;
use crate::error::Result;
use crate::http::params::{IdempotencyKeyHeader, IfMatch, IfNoneMatch, PageQuery};
use crate::http::query::{Query, search_text};
use crate::http::{Answer, Body, Conditions, Id, IdempotencyKey};
use crate::resources::teams::in_teams::InTeams;
use crate::resources::teams::wire::TeamsState;
use crate::resources::telephony::ListRequest;
use crate::shown;

/// Add a user
///
/// Adds a Teams user to an enterprise and assigns it to a PBX (`pbx_id` and `sip_user`) or to a trunk (`trunk_id` and
/// `default_number`), within the enterprise's user limit. The password is stored encrypted and never shown.
#[utoipa::path(
    params(IdempotencyKeyHeader),
    request_body(content = CreateUser, example = json!({"teams_user": "anna@kiosk.example", "pbx_id": "pbx_01h455vb4pex5vsknk084sn02q", "sip_user": "1001", "password": "s3cret-of-anna", "voice_route": "emea", "tag": "Reception"})),
    responses(
        (status = 201, description = "The new user.", body = User, headers(("Location" = String, description = "URL of the new user."))),
        (status = 403, description = "`extensions_not_allowed`: an enterprise can add users itself only if its `can_add_extensions` is set. `forbidden`, `account_not_operating`: you may not do this."),
        (status = 409, description = "`user_limit_reached`: the enterprise has its maximum number of users. `direct_routing_not_established`: the route of the region in `voice_route` is not established. `teams_user_taken`, `sip_user_taken`, `number_taken`: another user already has this value. `number_being_released`: Microsoft has not yet let go of a number that another user had in Teams. `external_numbers_not_allowed`: users of a PBX can have numbers here only if the enterprise's `allow_external_numbers` is set. `account_closed`: the account is closed."),
        (status = 429, description = "`too_many_taken_claims`: your account has tried too many values today that others have. `rate_limited`: too many requests. See `Retry-After`."),
    ),
)]
#[post("")]
pub(crate) async fn create_user(call: Call<Create>, id: Id, key: IdempotencyKey, body: Body) -> Result<Answer> {
    let command = body.parse::<CreateUser, operations::WriteUser>();
    call.create(key.with_body(&body), Creation { enterprise: id.to_string(), command }).await
}

/// List users
///
/// Lists the users of an enterprise, sorted by creation time.
#[utoipa::path(
    params(
        PageQuery,
        ("q" = Option<shown::Search>, Query, description = "Only users whose Teams user, SIP user, numbers or tag contain this text (case-insensitive)."),
        ("pbx_id" = Option<String>, Query, description = "Only users of this PBX."),
        ("trunk_id" = Option<String>, Query, description = "Only users of this trunk."),
        ("voice_route" = Option<shown::RegionCode>, Query, description = "Only users whose calls use the route of this SBC region."),
        ("tag" = Option<shown::Reference>, Query, description = "Only users with exactly this tag."),
        ("teams_state" = Option<TeamsState>, Query, description = "Only users in this state in Teams."),
    ),
    responses((status = 200, description = "A page of users.", body = UserPage)),
)]
#[get("")]
pub(crate) async fn list_users(call: Call<Read>, id: Id, request: HttpRequest) -> Result<Answer> {
    let (path, text) = (format!("/enterprises/{id}/users"), request.query_string().to_owned());
    let automatic = call.app.graph.is_some();
    call.read_question(&format!("GET {path}?{text}"), move |tx, actor| {
        let account = actor.load_enterprise(tx, &id)?;
        let mut query = Query::read(&text)?;
        let list = ListRequest::from_query(path.clone(), &text, &mut query)?;
        let pbx = query.parameter("pbx_id", "the id of a PBX", PbxId::parse)?;
        let trunk = query.parameter("trunk_id", "the id of a trunk", TrunkId::parse)?;
        let voice_route = query.parameter("voice_route", "the code of an SBC region", SbcRegionCode::parse)?;
        let tag = query.parameter("tag", "1–255 characters", |text| search_text(text, TAG_MAX))?;
        let teams_state = query.parameter("teams_state", "a state in Teams, such as applied", State::parse)?;
        query.finish()?;
        let (caller, sees) = (actor.name(), actor.sees_sip_data(&account));
        let filter = UserFilter { pbx, trunk, voice_route, tag, teams_state, page: list.filter(&caller, sees)? };
        let rows = users::list(tx, account.id, &filter)?;
        let in_teams = InTeams::load(tx, &rows, automatic)?;
        let view = |user: domain::user::User| {
            let teams = in_teams.view(&user);
            User::view(user, teams, sees)
        };
        list.paging.answer(&caller, rows, |user| user.id.uuid(), view)
    })
    .await
}

/// Read a user
///
/// Returns one user that you can see, with its `ETag`.
#[utoipa::path(params(IfNoneMatch), responses((status = 200, description = "The user.", body = User)))]
#[get("/{user_id}")]
pub(crate) async fn get_user(call: Call<Read>, id: Id, conditions: Conditions) -> Result<Answer> {
    let automatic = call.app.graph.is_some();
    call.read_if_changed(conditions, move |tx, actor| {
        let (account, user) = operations::load(tx, actor, &id)?;
        answer(tx, user, actor.sees_sip_data(&account), automatic)
    })
    .await
}

/// Change a user
///
/// Takes a JSON merge patch (RFC 7396): fields that you leave out keep their values, and `null` removes an optional
/// value. Setting `trunk_id` moves a user from its PBX to the trunk and removes its `sip_user`, `auth_id` and password.
/// Setting `pbx_id` moves a user from its trunk to the PBX, where it needs a `sip_user`.
#[utoipa::path(params(IfMatch), request_body(content = PatchUser, example = json!({"tag": "Back office", "password": null})), responses(
    (status = 200, description = "The updated user.", body = User),
    (status = 409, description = "`teams_user_taken`, `sip_user_taken`, `number_taken`: another user already has this value. `number_being_released`: Microsoft has not yet let go of a number that another user had in Teams. `direct_routing_not_established`: the route of the region in `voice_route` is not established. `external_numbers_not_allowed`: users of a PBX can have numbers here only if the enterprise's `allow_external_numbers` is set. `account_closed`: the account is closed."),
    (status = 429, description = "`too_many_taken_claims`: your account has tried too many values today that others have. `rate_limited`: too many requests. See `Retry-After`."),
))]
#[patch("/{user_id}")]
pub(crate) async fn update_user(call: Call<Change>, id: Id, conditions: Conditions, body: Body) -> Result<Answer> {
    let command = body.parse_patch::<PatchUser, operations::WriteUser>();
    let (app, automatic) = (call.app.clone(), call.app.graph.is_some());
    let answer = call
        .write(move |tx, actor| {
            let (account, user) = operations::load(tx, actor, &id)?;
            let change = command.get()?;
            conditions.check_version(user.version)?;
            let user = operations::update(tx, &account, user, change)?;
            answer(tx, user, actor.sees_sip_data(&account), automatic)
        })
        .await;
    app.teams_ready.notify_one();
    answer
}

/// Remove a user
///
/// Deletes a user permanently. Its Teams user, SIP user and phone numbers can be used again immediately, except for a
/// number that it has in Teams (`teams.number`): that one is free once Microsoft has let go of it. Until then others get
/// `number_being_released`.
#[utoipa::path(params(IfMatch), responses((status = 204, description = "The user is deleted.")))]
#[delete("/{user_id}")]
pub(crate) async fn delete_user(call: Call<Change>, id: Id, conditions: Conditions) -> Result<Answer> {
    let app = call.app.clone();
    let answer = call
        .write(move |tx, actor| {
            let (account, user) = operations::load(tx, actor, &id)?;
            conditions.check_version(user.version)?;
            operations::delete(tx, &account, &user)?;
            Ok(Answer::no_content())
        })
        .await;
    app.teams_ready.notify_one();
    answer
}
