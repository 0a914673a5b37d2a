//! The operations of `/enterprises/{id}/trunks` and `/trunks/{id}`.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, delete, get, patch, post};
use persistence::trunks;

use super::operations;
use super::wire::{CreateTrunk, PatchTrunk, Trunk, TrunkPage};
use crate::access::{Actor, Change, Create, Read};
use crate::app::App;
use crate::error::Error;
use crate::http::params::{IdempotencyKeyHeader, IfMatch, IfNoneMatch, PageQuery};
use crate::http::query::Query;
use crate::http::{Answer, Body, Caller, Conditions, IdempotencyKey};
use crate::resources::telephony::ListRequest;
use crate::shown;

/// Add a trunk
///
/// Needs the service `trunk` and an established route. The password is stored encrypted and never shown.
#[utoipa::path(
    tag = "Trunks",
    operation_id = "create_trunk",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"), IdempotencyKeyHeader),
    request_body(content = CreateTrunk, example = json!({"name": "Main line", "host": "sip.carrier.example", "authentication": "registration", "user_name": "kiosk", "password": "s3cret-of-the-trunk"})),
    responses(
        (status = 201, description = "Added.", body = Trunk, headers(("Location" = String, description = "Where the trunk is."), ("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`direct_routing_not_established`: `detail` names the missing step. `service_missing`: the enterprise lacks `trunk`. `account_closed`. `idempotency_key_in_use`."),
    ),
    security(("bearer" = []))
)]
#[post("")]
pub(crate) async fn create_trunk(
    app: Data<App>,
    caller: Caller<Create>,
    id: Path<String>,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer, Error> {
    let command = body.parse::<CreateTrunk, operations::CreateTrunk>();
    let seal = Arc::clone(&app.seal);
    app.write_once(caller, key.with_body(&body), move |tx, actor, now| {
        let account = actor.load_enterprise(tx, &id)?;
        let command = command.get()?;
        let trunk = operations::create(tx, actor, &account, command, now, &seal)?;
        let location = format!("/trunks/{}", trunk.id);
        Ok(answer(trunk, actor.sees_sip_data(&account))?.created(location))
    })
    .await
}

/// List trunks
///
/// The trunks of an enterprise, by the time of their creation.
#[utoipa::path(
    tag = "Trunks",
    operation_id = "list_trunks",
    params(
        ("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"),
        PageQuery,
        ("q" = Option<shown::Search>, Query, description = "Only those with this text in name, host or user name, in any case."),
    ),
    responses((status = 200, description = "A page of trunks.", body = TrunkPage, headers(("Link" = String, description = "The next page, if there is one (RFC 8288).")))),
    security(("bearer" = []))
)]
#[get("")]
pub(crate) async fn list_trunks(
    app: Data<App>,
    caller: Caller<Read>,
    id: Path<String>,
    request: HttpRequest,
) -> Result<Answer, Error> {
    let (path, text) = (format!("/enterprises/{id}/trunks"), request.query_string().to_owned());
    app.read_question(caller, &format!("GET {path}?{text}"), move |tx, actor, _| {
        let account = actor.load_enterprise(tx, &id)?;
        let mut query = Query::read(&text)?;
        let list = ListRequest::from_query(path.clone(), &text, &mut query)?;
        query.finish()?;
        let (caller, sees) = (actor.name(), actor.sees_sip_data(&account));
        let rows = trunks::list(tx, account.id, &list.filter(&caller, sees)?)?;
        list.paging.answer(&caller, rows, |trunk| trunk.id.uuid(), |trunk| Trunk::view(trunk, sees))
    })
    .await
}

/// Read a trunk
///
/// One trunk that you see, with its `ETag`.
#[utoipa::path(
    tag = "Trunks",
    operation_id = "get_trunk",
    params(("trunk_id" = String, Path, description = "The id of the trunk.", example = "trunk_01h455vb4pex5vsknk084sn02q"), IfNoneMatch),
    responses(
        (status = 200, description = "The trunk.", body = Trunk, headers(("ETag" = String, description = "For `If-Match` and `If-None-Match`."))),
        (status = 304, description = "It is what you have."),
    ),
    security(("bearer" = []))
)]
#[get("/{trunk_id}")]
pub(crate) async fn get_trunk(
    app: Data<App>,
    caller: Caller<Read>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    let get = move |tx: &mut _, actor: &Actor, _| {
        let (account, trunk) = operations::load(tx, actor, &id)?;
        answer(trunk, actor.sees_sip_data(&account))
    };
    Ok(conditions.answer(app.read(caller, get).await?))
}

/// Change a trunk
///
/// Takes a merge patch: members that you leave out stay as they are, and `null` takes `password` and
/// `max_concurrent_calls` away. With another `authentication`, what belonged to the former one goes.
#[utoipa::path(
    tag = "Trunks",
    operation_id = "update_trunk",
    params(("trunk_id" = String, Path, description = "The id of the trunk.", example = "trunk_01h455vb4pex5vsknk084sn02q"), IfMatch),
    request_body(content((PatchTrunk = "application/merge-patch+json", example = json!({"max_concurrent_calls": 30})), (PatchTrunk = "application/json", example = json!({"max_concurrent_calls": 30})))),
    responses(
        (status = 200, description = "The trunk after the change.", body = Trunk, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`account_closed`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
    ),
    security(("bearer" = []))
)]
#[patch("/{trunk_id}")]
pub(crate) async fn update_trunk(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    body: Body,
) -> Result<Answer, Error> {
    let command = body.parse_patch::<PatchTrunk, _>();
    let seal = Arc::clone(&app.seal);
    app.write(caller, move |tx, actor, now| {
        let (account, trunk) = operations::load(tx, actor, &id)?;
        let change = command.get()?;
        conditions.check_version(trunk.version)?;
        let trunk = operations::update(tx, actor, &account, trunk, change, now, &seal)?;
        answer(trunk, actor.sees_sip_data(&account))
    })
    .await
}

/// Remove a trunk
///
/// For good. Users that are assigned to it have to be removed or moved first.
#[utoipa::path(
    tag = "Trunks",
    operation_id = "delete_trunk",
    params(("trunk_id" = String, Path, description = "The id of the trunk.", example = "trunk_01h455vb4pex5vsknk084sn02q"), IfMatch),
    responses(
        (status = 204, description = "Removed."),
        (status = 409, description = "`has_users`: see `blockers`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
    ),
    security(("bearer" = []))
)]
#[delete("/{trunk_id}")]
pub(crate) async fn delete_trunk(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    app.write(caller, move |tx, actor, now| {
        let (account, trunk) = operations::load(tx, actor, &id)?;
        conditions.check_version(trunk.version)?;
        operations::delete(tx, actor, &account, &trunk, now)?;
        Ok(Answer::no_content())
    })
    .await
}

fn answer(trunk: domain::trunk::Trunk, sees_sip_data: bool) -> Result<Answer, Error> {
    let version = trunk.version;
    Answer::resource(&Trunk::view(trunk, sees_sip_data), version)
}
