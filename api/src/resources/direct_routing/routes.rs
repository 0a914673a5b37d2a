//! The operations of `/enterprises/{id}/direct-routing`.

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use domain::account::{Account, Tier};
use domain::authority::Target;
use domain::direct_routing::Command;
use domain::enterprise::SbcRegionCode;
use domain::refusal::Refusal;
use persistence::{StoreConnection, direct_routing};

use super::operations;
use super::wire::{ConfirmRoute, DirectRouting, Start, StartRoute};
use crate::access::{Actor, Change, Read};
use crate::app::App;
use crate::error::Error;
use crate::http::idempotency::IdempotentRequest;
use crate::http::params::{IdempotencyKeyHeader, IfMatch, IfNoneMatch};
use crate::http::{Answer, Body, Caller, Conditions, IdempotencyKey};
use crate::shown;

/// See how far Direct Routing is
///
/// Every route with its state, what comes next on it, who must do that, the exact DNS record, and what went wrong last.
#[utoipa::path(
    tag = "Direct Routing",
    operation_id = "get_direct_routing",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"), IfNoneMatch),
    responses(
        (status = 200, description = "Every route.", body = DirectRouting, headers(("ETag" = String, description = "For `If-Match` and `If-None-Match`."))),
        (status = 304, description = "It is what you have."),
    ),
    security(("bearer" = []))
)]
#[get("")]
pub(crate) async fn get_direct_routing(
    app: Data<App>,
    caller: Caller<Read>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    let (id, shared) = (id.into_inner(), app.clone());
    let get = move |tx: &mut _, actor: &Actor, _| {
        let account = actor.load_account(tx, Tier::Enterprise, &id)?;
        let routing = direct_routing::load(tx, account.id)?;
        view(&shared, &account, &routing)
    };
    Ok(conditions.answer(app.read(caller, get).await?))
}

/// Start a route
///
/// Claims the domain `<label>.<base domain>` for the route of a region. Then the route waits for the enterprise's Global
/// Administrator to let its tenant take the domain on.
#[utoipa::path(
    tag = "Direct Routing",
    operation_id = "start_route",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"), ("region" = shown::RegionCode, Path, description = "The code of the SBC region, one of the enterprise's.", example = "emea"), IfMatch, IdempotencyKeyHeader),
    request_body(content = StartRoute, example = json!({"label": "kiosk"})),
    responses(
        (status = 200, description = "Every route after that.", body = DirectRouting, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`wrong_route_state`: it was started. `route_domain_taken`: another route has the domain. `account_closed`. `idempotency_key_in_use`."),
        (status = 412, description = "`precondition_failed`: somebody took a step since you read it."),
    ),
    security(("bearer" = []))
)]
#[post("/routes/{region}/start")]
pub(crate) async fn start_route(
    app: Data<App>,
    caller: Caller<Change>,
    path: Path<(String, String)>,
    conditions: Conditions,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer, Error> {
    let (regions, start) = (app.settings.sbc_regions.clone(), body.json::<StartRoute>());
    let parse = move |actor: &Actor, account: &Account, region: &SbcRegionCode| {
        // A region that is not configured any more has no base domain to be below.
        let base = regions.regions().iter().find(|known| known.code == *region).ok_or(Refusal::NotFound)?;
        let by_staff = actor.tier() == Tier::Platform;
        let of = Start { base: &base.base_domain, address: &account.email, by_staff };
        Ok(Command::Start(start.clone()?.link(&of)?))
    };
    step(app, caller, path.into_inner(), conditions, key.with_body(&body), false, parse).await
}

/// Confirm a step of a route
///
/// Says that what the route waits for (`next`) has happened. Where the service takes the steps by itself, only staff do so;
/// elsewhere the enterprise does, staff, and those between them if the enterprise has given its management consent. The
/// first confirmation comes with the TXT record that Microsoft 365 shows for the domain.
#[utoipa::path(
    tag = "Direct Routing",
    operation_id = "confirm_route",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"), ("region" = shown::RegionCode, Path, description = "The code of the SBC region, one of the enterprise's.", example = "emea"), IfMatch, IdempotencyKeyHeader),
    request_body(content = Option<ConfirmRoute>, example = json!({"verification_txt": "MS=ms12345678"})),
    responses(
        (status = 200, description = "Every route after that.", body = DirectRouting, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 403, description = "`management_consent_missing`: the enterprise has not consented to you managing it. `forbidden`, `account_not_operating`: you may not do this."),
        (status = 409, description = "`wrong_route_state`: the route waits for nothing. `steps_are_automatic`: the service takes the steps by itself. `account_closed`. `idempotency_key_in_use`."),
        (status = 412, description = "`precondition_failed`: somebody took a step since you read it."),
    ),
    security(("bearer" = []))
)]
#[post("/routes/{region}/confirm")]
pub(crate) async fn confirm_route(
    app: Data<App>,
    caller: Caller<Change>,
    path: Path<(String, String)>,
    conditions: Conditions,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer, Error> {
    let command = body.parse_or_default::<ConfirmRoute, Command>();
    let parse = move |_: &_, _: &_, _: &_| command.get().cloned();
    step(app, caller, path.into_inner(), conditions, key.with_body(&body), true, parse).await
}

/// Retry a route that failed
///
/// Takes it up again where it failed (`failed_in`).
#[utoipa::path(
    tag = "Direct Routing",
    operation_id = "retry_route",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"), ("region" = shown::RegionCode, Path, description = "The code of the SBC region, one of the enterprise's.", example = "emea"), IfMatch, IdempotencyKeyHeader),
    responses(
        (status = 200, description = "Every route after that.", body = DirectRouting, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`wrong_route_state`: it has not failed. `account_closed`. `idempotency_key_in_use`."),
        (status = 412, description = "`precondition_failed`: somebody took a step since you read it."),
        (status = 422, description = "`idempotency_key_reused`: the key came with another request before."),
    ),
    security(("bearer" = []))
)]
#[post("/routes/{region}/retry")]
pub(crate) async fn retry_route(
    app: Data<App>,
    caller: Caller<Change>,
    path: Path<(String, String)>,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    step(app, caller, path.into_inner(), conditions, key.without_body(), false, |_: &_, _: &_, _: &_| {
        Ok(Command::Retry)
    })
    .await
}

/// Remove a route
///
/// Gives the route up and frees its domain, which the enterprise then takes out of its tenant. A route that PBXs, trunks
/// or users need can't be removed.
#[utoipa::path(
    tag = "Direct Routing",
    operation_id = "remove_route",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"), ("region" = shown::RegionCode, Path, description = "The code of the SBC region, one of the enterprise's.", example = "emea"), IfMatch, IdempotencyKeyHeader),
    responses(
        (status = 200, description = "Every route after that.", body = DirectRouting, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`route_in_use`: see `blockers`. `wrong_route_state`: it is not started. `account_closed`. `idempotency_key_in_use`."),
        (status = 412, description = "`precondition_failed`: somebody took a step since you read it."),
        (status = 422, description = "`idempotency_key_reused`: the key came with another request before."),
    ),
    security(("bearer" = []))
)]
#[post("/routes/{region}/remove")]
pub(crate) async fn remove_route(
    app: Data<App>,
    caller: Caller<Change>,
    path: Path<(String, String)>,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    step(app, caller, path.into_inner(), conditions, key.without_body(), false, |_: &_, _: &_, _: &_| {
        Ok(Command::Remove)
    })
    .await
}

/// Consent to being managed
///
/// Lets those above the enterprise confirm the steps of its routes. Given by the enterprise itself; giving it twice changes
/// nothing.
#[utoipa::path(
    tag = "Direct Routing",
    operation_id = "give_management_consent",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"), IfMatch, IdempotencyKeyHeader),
    responses(
        (status = 200, description = "Every route after that.", body = DirectRouting, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`account_closed`. `idempotency_key_in_use`."),
        (status = 412, description = "`precondition_failed`: somebody took a step since you read it."),
        (status = 422, description = "`idempotency_key_reused`: the key came with another request before."),
    ),
    security(("bearer" = []))
)]
#[post("/give-consent")]
pub(crate) async fn give_management_consent(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    set_consent(app, caller, id.into_inner(), conditions, key.without_body(), true).await
}

/// Withdraw the consent to being managed
///
/// From then on only the enterprise itself and staff confirm the steps of its routes.
#[utoipa::path(
    tag = "Direct Routing",
    operation_id = "withdraw_management_consent",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"), IfMatch, IdempotencyKeyHeader),
    responses(
        (status = 200, description = "Every route after that.", body = DirectRouting, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`account_closed`. `idempotency_key_in_use`."),
        (status = 412, description = "`precondition_failed`: somebody took a step since you read it."),
        (status = 422, description = "`idempotency_key_reused`: the key came with another request before."),
    ),
    security(("bearer" = []))
)]
#[post("/withdraw-consent")]
pub(crate) async fn withdraw_management_consent(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    set_consent(app, caller, id.into_inner(), conditions, key.without_body(), false).await
}

async fn step(
    app: Data<App>,
    caller: Caller<Change>,
    (id, region): (String, String),
    conditions: Conditions,
    key: IdempotentRequest,
    confirms: bool,
    parse: impl Fn(&Actor, &Account, &SbcRegionCode) -> Result<Command, Error> + Send + 'static,
) -> Result<Answer, Error> {
    let shared = app.clone();
    let answer = app
        .write_once(caller, key, move |tx: &mut StoreConnection, actor, now| {
            let account = actor.load_enterprise(tx, &id)?;
            let region = operations::region_of(&account, &region)?;
            let before = direct_routing::load(tx, account.id)?;
            if confirms {
                operations::may_confirm(actor, &before, shared.graph.is_some())?;
            }
            let command = parse(actor, &account, &region)?;
            conditions.check_version(before.version)?;
            let after = operations::command(tx, actor, &account, &before, &region, command, now)?;
            view(&shared, &account, &after)
        })
        .await;
    app.routes_ready.notify_one();
    answer
}

async fn set_consent(
    app: Data<App>,
    caller: Caller<Change>,
    id: String,
    conditions: Conditions,
    key: IdempotentRequest,
    given: bool,
) -> Result<Answer, Error> {
    let shared = app.clone();
    app.write_once(caller, key, move |tx, actor, now| {
        let account = actor.load_account_for(tx, Tier::Enterprise, &id, Target::ManagementConsent)?;
        let before = direct_routing::load(tx, account.id)?;
        conditions.check_version(before.version)?;
        let after = operations::set_consent(tx, actor, &account, &before, given, now)?;
        view(&shared, &account, &after)
    })
    .await
}

fn view(app: &App, account: &Account, routing: &domain::direct_routing::DirectRouting) -> Result<Answer, Error> {
    let view = DirectRouting::view(account, routing, &app.settings.sbc_regions, app.graph.is_some());
    Answer::resource(&view, routing.version)
}
