//! Handlers of `/enterprises/{id}/trunks` and `/trunks/{id}`.

use actix_web::{HttpRequest, delete, get, patch, post};
use persistence::trunks;

use super::operations;
use super::wire::{CreateTrunk, PatchTrunk, Trunk, TrunkPage};
use crate::access::{Change, Create, Read};
use crate::app::Call;
use crate::error::Result;
use crate::http::params::{IdempotencyKeyHeader, IfMatch, IfNoneMatch, PageQuery};
use crate::http::query::Query;
use crate::http::{Answer, Body, Conditions, Id, IdempotencyKey};
use crate::resources::telephony::ListRequest;
use crate::shown;

/// Add a trunk
///
/// Adds a SIP trunk to an enterprise. The enterprise needs the service `trunk` and at least one established route. The
/// password is stored encrypted and never shown.
#[utoipa::path(
    params(IdempotencyKeyHeader),
    request_body(content = CreateTrunk, example = json!({"name": "Main line", "host": "sip.carrier.example", "authentication": "registration", "user_name": "kiosk", "password": "s3cret-of-the-trunk"})),
    responses(
        (status = 201, description = "The new trunk.", body = Trunk, headers(("Location" = String, description = "URL of the new trunk."))),
        (status = 409, description = "`direct_routing_not_established`: no route is established; `detail` names the next step. `service_missing`: the enterprise does not have the service `trunk`. `account_closed`: the account is closed."),
    ),
)]
#[post("")]
pub(crate) async fn create_trunk(call: Call<Create>, id: Id, key: IdempotencyKey, body: Body) -> Result<Answer> {
    let command = body.parse::<CreateTrunk, operations::CreateTrunk>();
    call.write_once(key.with_body(&body), move |tx, actor| {
        let account = actor.load_enterprise(tx, &id)?;
        let command = command.get()?;
        let trunk = operations::create(tx, &account, command)?;
        let location = format!("/trunks/{}", trunk.id);
        Ok(answer(trunk, actor.sees_sip_data(&account))?.created(location))
    })
    .await
}

/// List trunks
///
/// Lists the trunks of an enterprise, sorted by creation time.
#[utoipa::path(
    params(
        PageQuery,
        ("q" = Option<shown::Search>, Query, description = "Only trunks whose name, host or user name contains this text (case-insensitive)."),
    ),
    responses((status = 200, description = "A page of trunks.", body = TrunkPage)),
)]
#[get("")]
pub(crate) async fn list_trunks(call: Call<Read>, id: Id, request: HttpRequest) -> Result<Answer> {
    let (path, text) = (format!("/enterprises/{id}/trunks"), request.query_string().to_owned());
    call.read_question(&format!("GET {path}?{text}"), move |tx, actor| {
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
/// Returns one trunk that you can see, with its `ETag`.
#[utoipa::path(params(IfNoneMatch), responses((status = 200, description = "The trunk.", body = Trunk)))]
#[get("/{trunk_id}")]
pub(crate) async fn get_trunk(call: Call<Read>, id: Id, conditions: Conditions) -> Result<Answer> {
    call.read_if_changed(conditions, move |tx, actor| {
        let (account, trunk) = operations::load(tx, actor, &id)?;
        answer(trunk, actor.sees_sip_data(&account))
    })
    .await
}

/// Change a trunk
///
/// Takes a JSON merge patch (RFC 7396): fields that you leave out keep their values, and `null` removes `password` or
/// `max_concurrent_calls`. Changing `authentication` removes the values of the previous method: `addresses` of `ip`, or
/// `user_name` and `password` of `registration`.
#[utoipa::path(params(IfMatch), request_body(content = PatchTrunk, example = json!({"max_concurrent_calls": 30})), responses(
    (status = 200, description = "The updated trunk.", body = Trunk),
    (status = 409, description = "`account_closed`: the account is closed."),
))]
#[patch("/{trunk_id}")]
pub(crate) async fn update_trunk(call: Call<Change>, id: Id, conditions: Conditions, body: Body) -> Result<Answer> {
    let command = body.parse_patch::<PatchTrunk, _>();
    call.write(move |tx, actor| {
        let (account, trunk) = operations::load(tx, actor, &id)?;
        let change = command.get()?;
        conditions.check_version(trunk.version)?;
        let trunk = operations::update(tx, &account, trunk, change)?;
        answer(trunk, actor.sees_sip_data(&account))
    })
    .await
}

/// Remove a trunk
///
/// Deletes a trunk permanently. Users that are assigned to it must be removed or reassigned first.
#[utoipa::path(params(IfMatch), responses(
    (status = 204, description = "The trunk is deleted."),
    (status = 409, description = "`has_users`: users are assigned to the trunk, see `blockers`."),
))]
#[delete("/{trunk_id}")]
pub(crate) async fn delete_trunk(call: Call<Change>, id: Id, conditions: Conditions) -> Result<Answer> {
    call.write(move |tx, actor| {
        let (account, trunk) = operations::load(tx, actor, &id)?;
        conditions.check_version(trunk.version)?;
        operations::delete(tx, &account, &trunk)?;
        Ok(Answer::no_content())
    })
    .await
}

fn answer(trunk: domain::trunk::Trunk, sees_sip_data: bool) -> Result<Answer> {
    let version = trunk.version;
    Answer::resource(&Trunk::view(trunk, sees_sip_data), version)
}
