//! The operations of `/enterprises/{id}/pbxes`, `/pbxes/{id}` and `/pbx-types`.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, delete, get, patch, post};
use domain::authority::Target;
use domain::pbx::PbxType;
use persistence::pbxes;

use super::operations;
use super::wire::{CreatePbx, PatchPbx, Pbx, PbxPage, PbxTypeDefaults, PbxTypeList};
use crate::access::{Actor, Change, Create, Read};
use crate::app::App;
use crate::error::Error;
use crate::http::params::{IdempotencyKeyHeader, IfMatch, IfNoneMatch, PageQuery};
use crate::http::query::Query;
use crate::http::{Answer, Body, Caller, Conditions, IdempotencyKey};
use crate::resources::telephony::ListRequest;
use crate::shown;

/// List types of PBX
///
/// The kinds of phone systems and what each pre-fills in a new PBX. All of them are on one page.
#[utoipa::path(
    tag = "PBXs",
    operation_id = "list_pbx_types",
    responses((status = 200, description = "Every type.", body = PbxTypeList)),
    security(("bearer" = []))
)]
#[get("/pbx-types")]
pub(crate) async fn list_pbx_types(app: Data<App>, caller: Caller<Read>) -> Result<Answer, Error> {
    let list = Answer::ok(&PbxTypeList { items: PbxType::ALL.map(PbxTypeDefaults::from).to_vec() })?;
    app.read(caller, move |_, actor, _| actor.may(Target::Catalogue).map(|()| list.clone())).await
}

/// Add a PBX
///
/// Needs the service `pbx` and an established route. What you leave out is what the type pre-fills.
#[utoipa::path(
    tag = "PBXs",
    operation_id = "create_pbx",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"), IdempotencyKeyHeader),
    request_body(content = CreatePbx, example = json!({"type": "asterisk", "location": "Berlin", "sip_domain": "sip.kiosk.example"})),
    responses(
        (status = 201, description = "Added.", body = Pbx, headers(("Location" = String, description = "Where the PBX is."), ("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`direct_routing_not_established`: `detail` names the missing step. `service_missing`: the enterprise lacks `pbx`. `location_taken`: another PBX is there. `account_closed`. `idempotency_key_in_use`."),
    ),
    security(("bearer" = []))
)]
#[post("")]
pub(crate) async fn create_pbx(
    app: Data<App>,
    caller: Caller<Create>,
    id: Path<String>,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer, Error> {
    let command = body.parse::<CreatePbx, operations::CreatePbx>();
    app.write_once(caller, key.with_body(&body), move |tx, actor, now| {
        let account = actor.load_enterprise(tx, &id)?;
        let command = command.get()?;
        let pbx = operations::create(tx, actor, &account, command, now)?;
        let location = format!("/pbxes/{}", pbx.id);
        Ok(answer(pbx, actor.sees_sip_data(&account))?.created(location))
    })
    .await
}

/// List PBXs
///
/// The PBXs of an enterprise, by the time of their creation.
#[utoipa::path(
    tag = "PBXs",
    operation_id = "list_pbxes",
    params(
        ("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"),
        PageQuery,
        ("q" = Option<shown::Search>, Query, description = "Only those with this text in location or SIP domain, in any case."),
    ),
    responses((status = 200, description = "A page of PBXs.", body = PbxPage, headers(("Link" = String, description = "The next page, if there is one (RFC 8288).")))),
    security(("bearer" = []))
)]
#[get("")]
pub(crate) async fn list_pbxes(
    app: Data<App>,
    caller: Caller<Read>,
    id: Path<String>,
    request: HttpRequest,
) -> Result<Answer, Error> {
    let (path, text) = (format!("/enterprises/{id}/pbxes"), request.query_string().to_owned());
    app.read_question(caller, &format!("GET {path}?{text}"), move |tx, actor, _| {
        let account = actor.load_enterprise(tx, &id)?;
        let mut query = Query::read(&text)?;
        let list = ListRequest::from_query(path.clone(), &text, &mut query)?;
        query.finish()?;
        let (caller, sees) = (actor.name(), actor.sees_sip_data(&account));
        let rows = pbxes::list(tx, account.id, &list.filter(&caller, sees)?)?;
        list.paging.answer(&caller, rows, |pbx| pbx.id.uuid(), |pbx| Pbx::view(pbx, sees))
    })
    .await
}

/// Read a PBX
///
/// One PBX that you see, with its `ETag`.
#[utoipa::path(
    tag = "PBXs",
    operation_id = "get_pbx",
    params(("pbx_id" = String, Path, description = "The id of the PBX.", example = "pbx_01h455vb4pex5vsknk084sn02q"), IfNoneMatch),
    responses(
        (status = 200, description = "The PBX.", body = Pbx, headers(("ETag" = String, description = "For `If-Match` and `If-None-Match`."))),
        (status = 304, description = "It is what you have."),
    ),
    security(("bearer" = []))
)]
#[get("/{pbx_id}")]
pub(crate) async fn get_pbx(
    app: Data<App>,
    caller: Caller<Read>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    let get = move |tx: &mut _, actor: &Actor, _| {
        let (account, pbx) = operations::load(tx, actor, &id)?;
        answer(pbx, actor.sees_sip_data(&account))
    };
    Ok(conditions.answer(app.read(caller, get).await?))
}

/// Change a PBX
///
/// Takes a merge patch: members that you leave out stay as they are, and `null` takes `outbound_proxy` and
/// `voicemail_feature_code` away. With a new `sip_domain`, its users are in that.
#[utoipa::path(
    tag = "PBXs",
    operation_id = "update_pbx",
    params(("pbx_id" = String, Path, description = "The id of the PBX.", example = "pbx_01h455vb4pex5vsknk084sn02q"), IfMatch),
    request_body(content((PatchPbx = "application/merge-patch+json", example = json!({"transport": "tls", "port": 5061})), (PatchPbx = "application/json", example = json!({"transport": "tls", "port": 5061})))),
    responses(
        (status = 200, description = "The PBX after the change.", body = Pbx, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`location_taken`: another PBX is there. `sip_user_taken`: one of its SIP users is in the new domain already. `account_closed`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
    ),
    security(("bearer" = []))
)]
#[patch("/{pbx_id}")]
pub(crate) async fn update_pbx(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    body: Body,
) -> Result<Answer, Error> {
    let command = body.parse_patch::<PatchPbx, _>();
    app.write(caller, move |tx, actor, now| {
        let (account, pbx) = operations::load(tx, actor, &id)?;
        let change = command.get()?;
        conditions.check_version(pbx.version)?;
        let pbx = operations::update(tx, actor, &account, pbx, change, now)?;
        answer(pbx, actor.sees_sip_data(&account))
    })
    .await
}

/// Remove a PBX
///
/// For good. Users that are assigned to it have to be removed or moved first.
#[utoipa::path(
    tag = "PBXs",
    operation_id = "delete_pbx",
    params(("pbx_id" = String, Path, description = "The id of the PBX.", example = "pbx_01h455vb4pex5vsknk084sn02q"), IfMatch),
    responses(
        (status = 204, description = "Removed."),
        (status = 409, description = "`has_users`: see `blockers`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
    ),
    security(("bearer" = []))
)]
#[delete("/{pbx_id}")]
pub(crate) async fn delete_pbx(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    app.write(caller, move |tx, actor, now| {
        let (account, pbx) = operations::load(tx, actor, &id)?;
        conditions.check_version(pbx.version)?;
        operations::delete(tx, actor, &account, &pbx, now)?;
        Ok(Answer::no_content())
    })
    .await
}

fn answer(pbx: domain::pbx::Pbx, sees_sip_data: bool) -> Result<Answer, Error> {
    let version = pbx.version;
    Answer::resource(&Pbx::view(pbx, sees_sip_data), version)
}
