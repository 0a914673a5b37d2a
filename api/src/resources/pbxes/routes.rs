//! Handlers of `/enterprises/{id}/pbxes`, `/pbxes/{id}` and `/pbx-types`.

use actix_web::{HttpRequest, delete, get, patch, post};
use domain::authority::Target;
use domain::pbx::PbxType;
use persistence::pbxes;

use super::operations;
use super::wire::{CreatePbx, PatchPbx, Pbx, PbxPage, PbxTypeDefaults, PbxTypeList};
use crate::access::{Change, Create, Read};
use crate::app::Call;
use crate::error::Result;
use crate::http::params::{IdempotencyKeyHeader, IfMatch, IfNoneMatch, PageQuery};
use crate::http::query::Query;
use crate::http::{Answer, Body, Conditions, Id, IdempotencyKey};
use crate::resources::telephony::ListRequest;
use crate::shown;

/// List PBX types
///
/// Lists the types of phone systems and the default settings that each gives a new PBX. The list is complete and not
/// paged.
#[utoipa::path(responses((status = 200, description = "All PBX types.", body = PbxTypeList)))]
#[get("/pbx-types")]
pub(crate) async fn list_pbx_types(call: Call<Read>) -> Result<Answer> {
    let list = Answer::ok(&PbxTypeList { items: PbxType::ALL.map(PbxTypeDefaults::from).to_vec() })?;
    call.read(move |_, actor| actor.may(Target::Catalogue).map(|()| list.clone())).await
}

/// Add a PBX
///
/// Adds a PBX to an enterprise. The enterprise needs the service `pbx` and at least one established route. Settings
/// that you leave out get the defaults of the PBX type.
#[utoipa::path(
    params(IdempotencyKeyHeader),
    request_body(content = CreatePbx, example = json!({"type": "asterisk", "location": "Berlin", "sip_domain": "sip.kiosk.example"})),
    responses(
        (status = 201, description = "The new PBX.", body = Pbx, headers(("Location" = String, description = "URL of the new PBX."))),
        (status = 409, description = "`direct_routing_not_established`: no route is established; `detail` names the next step. `service_missing`: the enterprise does not have the service `pbx`. `location_taken`: another PBX of the enterprise has this location. `account_closed`: the account is closed."),
    ),
)]
#[post("")]
pub(crate) async fn create_pbx(call: Call<Create>, id: Id, key: IdempotencyKey, body: Body) -> Result<Answer> {
    let command = body.parse::<CreatePbx, operations::CreatePbx>();
    call.write_once(key.with_body(&body), move |tx, actor| {
        let account = actor.load_enterprise(tx, &id)?;
        let command = command.get()?;
        let pbx = operations::create(tx, &account, command)?;
        let location = format!("/pbxes/{}", pbx.id);
        Ok(answer(pbx, actor.sees_sip_data(&account))?.created(location))
    })
    .await
}

/// List PBXs
///
/// Lists the PBXs of an enterprise, sorted by creation time.
#[utoipa::path(
    params(
        PageQuery,
        ("q" = Option<shown::Search>, Query, description = "Only PBXs whose location or SIP domain contains this text (case-insensitive)."),
    ),
    responses((status = 200, description = "A page of PBXs.", body = PbxPage)),
)]
#[get("")]
pub(crate) async fn list_pbxes(call: Call<Read>, id: Id, request: HttpRequest) -> Result<Answer> {
    let (path, text) = (format!("/enterprises/{id}/pbxes"), request.query_string().to_owned());
    call.read_question(&format!("GET {path}?{text}"), move |tx, actor| {
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
/// Returns one PBX that you can see, with its `ETag`.
#[utoipa::path(params(IfNoneMatch), responses((status = 200, description = "The PBX.", body = Pbx)))]
#[get("/{pbx_id}")]
pub(crate) async fn get_pbx(call: Call<Read>, id: Id, conditions: Conditions) -> Result<Answer> {
    call.read_if_changed(conditions, move |tx, actor| {
        let (account, pbx) = operations::load(tx, actor, &id)?;
        answer(pbx, actor.sees_sip_data(&account))
    })
    .await
}

/// Change a PBX
///
/// Takes a JSON merge patch (RFC 7396): fields that you leave out keep their values, and `null` removes
/// `outbound_proxy` or `voicemail_feature_code`. Changing `sip_domain` moves all users of the PBX to the new domain.
#[utoipa::path(params(IfMatch), request_body(content = PatchPbx, example = json!({"transport": "tls", "port": 5061})), responses(
    (status = 200, description = "The updated PBX.", body = Pbx),
    (status = 409, description = "`location_taken`: another PBX of the enterprise has this location. `sip_user_taken`: the new SIP domain already has one of its SIP users. `account_closed`: the account is closed."),
    (status = 429, description = "`too_many_taken_claims`: your account has tried too many values today that others have. `rate_limited`: too many requests. See `Retry-After`."),
))]
#[patch("/{pbx_id}")]
pub(crate) async fn update_pbx(call: Call<Change>, id: Id, conditions: Conditions, body: Body) -> Result<Answer> {
    let command = body.parse_patch::<PatchPbx, _>();
    call.write(move |tx, actor| {
        let (account, pbx) = operations::load(tx, actor, &id)?;
        let change = command.get()?;
        conditions.check_version(pbx.version)?;
        let pbx = operations::update(tx, &account, pbx, change)?;
        answer(pbx, actor.sees_sip_data(&account))
    })
    .await
}

/// Remove a PBX
///
/// Deletes a PBX permanently. Users that are assigned to it must be removed or reassigned first.
#[utoipa::path(params(IfMatch), responses(
    (status = 204, description = "The PBX is deleted."),
    (status = 409, description = "`has_users`: users are assigned to the PBX, see `blockers`."),
))]
#[delete("/{pbx_id}")]
pub(crate) async fn delete_pbx(call: Call<Change>, id: Id, conditions: Conditions) -> Result<Answer> {
    call.write(move |tx, actor| {
        let (account, pbx) = operations::load(tx, actor, &id)?;
        conditions.check_version(pbx.version)?;
        operations::delete(tx, &account, &pbx)?;
        Ok(Answer::no_content())
    })
    .await
}

fn answer(pbx: domain::pbx::Pbx, sees_sip_data: bool) -> Result<Answer> {
    let version = pbx.version;
    Answer::resource(&Pbx::view(pbx, sees_sip_data), version)
}
