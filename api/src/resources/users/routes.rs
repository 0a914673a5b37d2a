//! The operations of `/enterprises/{id}/users` and `/users/{id}`.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, delete, get, patch, post};
use domain::enterprise::SbcRegionCode;
use domain::id::{PbxId, TrunkId};
use domain::limits::TAG_MAX;
use persistence::users;
use persistence::users::UserFilter;

use super::operations;
use super::wire::{CreateUser, PatchUser, User, UserPage};
use crate::access::{Actor, Change, Create, Read};
use crate::app::App;
use crate::error::Error;
use crate::http::params::{IdempotencyKeyHeader, IfMatch, IfNoneMatch, PageQuery};
use crate::http::query::{Query, search_text};
use crate::http::{Answer, Body, Caller, Conditions, IdempotencyKey};
use crate::resources::telephony::ListRequest;
use crate::shown;

/// Add a user
///
/// Assigns a Teams user to a PBX (`pbx_id`, `sip_user`) or to a trunk (`trunk_id`, `default_number`), within the
/// enterprise's user limit. The password is stored encrypted and never shown.
#[utoipa::path(
    tag = "Users",
    operation_id = "create_user",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"), IdempotencyKeyHeader),
    request_body(content = CreateUser, example = json!({"teams_user": "anna@kiosk.example", "pbx_id": "pbx_01h455vb4pex5vsknk084sn02q", "sip_user": "1001", "password": "s3cret-of-anna", "voice_route": "emea", "tag": "Reception"})),
    responses(
        (status = 201, description = "Added.", body = User, headers(("Location" = String, description = "Where the user is."), ("ETag" = String, description = "For `If-Match`."))),
        (status = 403, description = "`extensions_not_allowed`: the enterprise may not add users itself. `forbidden`, `account_not_operating`: you may not do this."),
        (status = 409, description = "`user_limit_reached`. `direct_routing_not_established`: the `voice_route` is not established. `teams_user_taken`, `sip_user_taken`, `number_taken`: another user has it. `external_numbers_not_allowed`: a user of a PBX has its numbers there. `account_closed`. `idempotency_key_in_use`."),
    ),
    security(("bearer" = []))
)]
#[post("")]
pub(crate) async fn create_user(
    app: Data<App>,
    caller: Caller<Create>,
    id: Path<String>,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer, Error> {
    let command = body.parse::<CreateUser, operations::WriteUser>();
    let seal = Arc::clone(&app.seal);
    app.write_once(caller, key.with_body(&body), move |tx, actor, now| {
        let account = actor.load_enterprise(tx, &id)?;
        operations::may_add(actor, &account)?;
        let user = operations::create(tx, actor, &account, command.get()?, now, &seal)?;
        let location = format!("/users/{}", user.id);
        Ok(answer(user, actor.sees_sip_data(&account))?.created(location))
    })
    .await
}

/// List users
///
/// The users of an enterprise, by the time of their creation.
#[utoipa::path(
    tag = "Users",
    operation_id = "list_users",
    params(
        ("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"),
        PageQuery,
        ("q" = Option<shown::Search>, Query, description = "Only those with this text in Teams user, SIP user, numbers or tag, in any case."),
        ("pbx_id" = Option<String>, Query, description = "Only those of this PBX."),
        ("trunk_id" = Option<String>, Query, description = "Only those of this trunk."),
        ("voice_route" = Option<shown::RegionCode>, Query, description = "Only those whose calls take the route of this SBC region."),
        ("tag" = Option<shown::Reference>, Query, description = "Only those with exactly this tag."),
    ),
    responses((status = 200, description = "A page of users.", body = UserPage, headers(("Link" = String, description = "The next page, if there is one (RFC 8288).")))),
    security(("bearer" = []))
)]
#[get("")]
pub(crate) async fn list_users(
    app: Data<App>,
    caller: Caller<Read>,
    id: Path<String>,
    request: HttpRequest,
) -> Result<Answer, Error> {
    let (path, text) = (format!("/enterprises/{id}/users"), request.query_string().to_owned());
    app.read_question(caller, &format!("GET {path}?{text}"), move |tx, actor, _| {
        let account = actor.load_enterprise(tx, &id)?;
        let mut query = Query::read(&text)?;
        let list = ListRequest::from_query(path.clone(), &text, &mut query)?;
        let pbx = query.parameter("pbx_id", "the id of a PBX", PbxId::parse)?;
        let trunk = query.parameter("trunk_id", "the id of a trunk", TrunkId::parse)?;
        let voice_route = query.parameter("voice_route", "the code of an SBC region", SbcRegionCode::parse)?;
        let tag = query.parameter("tag", "1–255 characters", |text| search_text(text, TAG_MAX))?;
        query.finish()?;
        let (caller, sees) = (actor.name(), actor.sees_sip_data(&account));
        let filter = UserFilter { pbx, trunk, voice_route, tag, page: list.filter(&caller, sees)? };
        let rows = users::list(tx, account.id, &filter)?;
        list.paging.answer(&caller, rows, |user| user.id.uuid(), |user| User::view(user, sees))
    })
    .await
}

/// Read a user
///
/// One user that you see, with its `ETag`.
#[utoipa::path(
    tag = "Users",
    operation_id = "get_user",
    params(("user_id" = String, Path, description = "The id of the user.", example = "user_01h455vb4pex5vsknk084sn02q"), IfNoneMatch),
    responses(
        (status = 200, description = "The user.", body = User, headers(("ETag" = String, description = "For `If-Match` and `If-None-Match`."))),
        (status = 304, description = "It is what you have."),
    ),
    security(("bearer" = []))
)]
#[get("/{user_id}")]
pub(crate) async fn get_user(
    app: Data<App>,
    caller: Caller<Read>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    let get = move |tx: &mut _, actor: &Actor, _| {
        let (account, user) = operations::load(tx, actor, &id)?;
        answer(user, actor.sees_sip_data(&account))
    };
    Ok(conditions.answer(app.read(caller, get).await?))
}

/// Change a user
///
/// Takes a merge patch: members that you leave out stay as they are, and `null` takes away what a user can be without. A new
/// `trunk_id` takes the user from its PBX, and what it was there goes; a new `pbx_id` takes it from its trunk.
#[utoipa::path(
    tag = "Users",
    operation_id = "update_user",
    params(("user_id" = String, Path, description = "The id of the user.", example = "user_01h455vb4pex5vsknk084sn02q"), IfMatch),
    request_body(content((PatchUser = "application/merge-patch+json", example = json!({"tag": "Back office", "password": null})), (PatchUser = "application/json", example = json!({"tag": "Back office", "password": null})))),
    responses(
        (status = 200, description = "The user after the change.", body = User, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`teams_user_taken`, `sip_user_taken`, `number_taken`: another user has it. `direct_routing_not_established`: the `voice_route` is not established. `external_numbers_not_allowed`: a user of a PBX has its numbers there. `account_closed`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
    ),
    security(("bearer" = []))
)]
#[patch("/{user_id}")]
pub(crate) async fn update_user(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    body: Body,
) -> Result<Answer, Error> {
    let command = body.parse_patch::<PatchUser, operations::WriteUser>();
    let seal = Arc::clone(&app.seal);
    app.write(caller, move |tx, actor, now| {
        let (account, user) = operations::load(tx, actor, &id)?;
        let change = command.get()?;
        conditions.check_version(user.version)?;
        let user = operations::update(tx, actor, &account, user, change, now, &seal)?;
        answer(user, actor.sees_sip_data(&account))
    })
    .await
}

/// Remove a user
///
/// For good. Whatever it had is free at once: Teams user, SIP user and numbers.
#[utoipa::path(
    tag = "Users",
    operation_id = "delete_user",
    params(("user_id" = String, Path, description = "The id of the user.", example = "user_01h455vb4pex5vsknk084sn02q"), IfMatch),
    responses(
        (status = 204, description = "Removed."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
    ),
    security(("bearer" = []))
)]
#[delete("/{user_id}")]
pub(crate) async fn delete_user(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    app.write(caller, move |tx, actor, now| {
        let (account, user) = operations::load(tx, actor, &id)?;
        conditions.check_version(user.version)?;
        operations::delete(tx, actor, &account, &user, now)?;
        Ok(Answer::no_content())
    })
    .await
}

fn answer(user: domain::user::User, sees_sip_data: bool) -> Result<Answer, Error> {
    let version = user.version;
    Answer::resource(&User::view(user, sees_sip_data), version)
}
