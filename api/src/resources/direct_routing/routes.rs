//! Handlers of `/enterprises/{id}/direct-routing`.

use actix_web::web::Path;
use actix_web::{get, post};
use domain::account::{Account, Tier};
use domain::authority::Target;
use domain::direct_routing::Command;
use domain::enterprise::SbcRegionCode;
use domain::refusal::Refusal;
use persistence::direct_routing;

use super::operations;
use super::requests::{ConfirmRoute, Start, StartRoute};
use super::wire::{DirectRouting, VoiceRoutingScripts};
use crate::access::{Actor, Change, Read};
use crate::app::{App, Call};
use crate::error::Result;
use crate::http::idempotency::IdempotentRequest;
use crate::http::params::{IdempotencyKeyHeader, IfMatch, IfNoneMatch};
use crate::http::{Answer, Body, Conditions, Id, IdempotencyKey};
use crate::shown;

/// Read the Direct Routing of an enterprise
///
/// Returns the routes of an enterprise, one for each of its SBC regions. Each route has its state, the next step and
/// who must take it, the DNS record to publish, and the latest error.
#[utoipa::path(params(IfNoneMatch), responses(
    (status = 200, description = "The Direct Routing of the enterprise.", body = DirectRouting),
))]
#[get("")]
pub(crate) async fn get_direct_routing(call: Call<Read>, id: Id, conditions: Conditions) -> Result<Answer> {
    let (id, shared) = (id.into_inner(), call.app.clone());
    call.read_if_changed(conditions, move |tx, actor| {
        let account = actor.load_account(tx, Tier::Enterprise, &id)?;
        let routing = direct_routing::load(tx, account.id)?;
        view(&shared, &account, &routing)
    })
    .await
}

/// Read the PowerShell scripts of a route
///
/// Returns two Teams PowerShell scripts for a Teams Administrator of the enterprise's tenant. One sets voice routing up for
/// the route: a PSTN usage, a voice route to the route's domain, the voice routing policy that users are given, and a dial
/// plan. The other removes them again. Both can be run more than once. The scripts of a route are the same until it is
/// removed.
#[utoipa::path(
    params(("region" = shown::RegionCode, Path, description = "The code of one of the enterprise's SBC regions.", example = "emea"), IfNoneMatch),
    responses(
        (status = 200, description = "The scripts.", body = VoiceRoutingScripts),
        (status = 409, description = "`wrong_route_state`: the route has not been started, so that it has no domain yet."),
    ),
)]
#[get("/routes/{region}/powershell")]
pub(crate) async fn get_voice_routing_scripts(
    call: Call<Read>,
    path: Path<(String, String)>,
    conditions: Conditions,
) -> Result<Answer> {
    let ((id, region), shared) = (path.into_inner(), call.app.clone());
    call.read_if_changed(conditions, move |tx, actor| {
        let account = actor.load_account(tx, Tier::Enterprise, &id)?;
        let region = operations::region_of(&account, &region)?;
        let routing = direct_routing::load(tx, account.id)?;
        let state = routing.state(&region);
        let command = "set up in Teams";
        let link = state.link().ok_or(Refusal::WrongRouteState { state: state.as_str(), command })?;
        let tenant = shared.graph.as_ref().map_or(&link.tenant, |graph| graph.tenant(&link.tenant));
        Answer::resource(&VoiceRoutingScripts::new(&link.domain, tenant), routing.version)
    })
    .await
}

/// Start a route
///
/// Starts the route of a region and reserves the domain `<label>.<base domain>` for it. The route then waits until the
/// enterprise's Global Administrator has consented and the domain has been added to the Microsoft 365 tenant.
#[utoipa::path(
    params(("region" = shown::RegionCode, Path, description = "The code of one of the enterprise's SBC regions.", example = "emea"), IfMatch, IdempotencyKeyHeader),
    request_body(content = StartRoute, example = json!({"label": "kiosk"})),
    responses(
        (status = 200, description = "The updated Direct Routing.", body = DirectRouting),
        (status = 409, description = "`wrong_route_state`: the route has already been started. `route_domain_taken`: another route has the domain. `route_domain_being_removed`: an earlier route had the domain, which is currently being removed from the tenant. `account_closed`: the account is closed."),
    ),
)]
#[post("/routes/{region}/start")]
pub(crate) async fn start_route(
    call: Call<Change>,
    path: Path<(String, String)>,
    conditions: Conditions,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer> {
    let (regions, start) = (call.app.settings.sbc_regions.clone(), body.json());
    let parse = move |actor: &Actor, account: &Account, region: &SbcRegionCode| {
        // A region that was removed from the configuration has no base domain.
        let base = regions.regions().iter().find(|known| known.code == *region).ok_or(Refusal::NotFound)?;
        let by_staff = actor.tier() == Tier::Platform;
        let of = Start { base: &base.base_domain, address: account.email.given(), by_staff };
        Ok(Command::Start(StartRoute::link(start.clone()?, &of)?))
    };
    step(call, path.into_inner(), conditions, key.with_body(&body), false, parse).await
}

/// Confirm a step of a route
///
/// Confirms that the step that the route waits for (`next`) has been taken, and advances the route to its next state.
/// If the service takes the steps itself (`automatic`), only staff can confirm them. Otherwise the enterprise and staff
/// can, and so can its reseller and master reseller if the enterprise has given its management consent. The first
/// confirmation, in the state `consent_requested`, needs `verification_txt`: the TXT record that Microsoft 365 shows
/// for the domain.
#[utoipa::path(
    params(("region" = shown::RegionCode, Path, description = "The code of one of the enterprise's SBC regions.", example = "emea"), IfMatch, IdempotencyKeyHeader),
    request_body(content = Option<ConfirmRoute>, example = json!({"verification_txt": "MS=ms12345678"})),
    responses(
        (status = 200, description = "The updated Direct Routing.", body = DirectRouting),
        (status = 403, description = "`management_consent_missing`: the enterprise has not given its management consent. `forbidden`, `account_not_operating`: you may not do this."),
        (status = 409, description = "`wrong_route_state`: the route is not waiting for a step. `steps_are_automatic`: the service takes the steps itself. `account_closed`: the account is closed."),
    ),
)]
#[post("/routes/{region}/confirm")]
pub(crate) async fn confirm_route(
    call: Call<Change>,
    path: Path<(String, String)>,
    conditions: Conditions,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer> {
    let command = body.parse_or_default::<ConfirmRoute, Command>();
    let parse = move |_: &_, _: &_, _: &_| command.get().cloned();
    step(call, path.into_inner(), conditions, key.with_body(&body), true, parse).await
}

/// Retry a failed route
///
/// Returns a failed route to the state in which it failed (`failed_in`), so that the step is tried again.
#[utoipa::path(
    params(("region" = shown::RegionCode, Path, description = "The code of one of the enterprise's SBC regions.", example = "emea"), IfMatch, IdempotencyKeyHeader),
    responses(
        (status = 200, description = "The updated Direct Routing.", body = DirectRouting),
        (status = 409, description = "`wrong_route_state`: the route has not failed. `account_closed`: the account is closed."),
    ),
)]
#[post("/routes/{region}/retry")]
pub(crate) async fn retry_route(
    call: Call<Change>,
    path: Path<(String, String)>,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer> {
    step(call, path.into_inner(), conditions, key.without_body(), false, |_: &_, _: &_, _: &_| Ok(Command::Retry)).await
}

/// Remove a route
///
/// Removes a route, which is then `not_started` again, and frees its domain. If the service takes the steps itself, it then
/// removes the domain and its anchor user from the Microsoft 365 tenant (event `direct_routing.domain_removed`); otherwise
/// the enterprise should do so. The voice routing stays until somebody runs the script `remove` there, which can be read
/// until the route is removed. A route that PBXs, trunks or users need cannot be removed.
#[utoipa::path(
    params(("region" = shown::RegionCode, Path, description = "The code of one of the enterprise's SBC regions.", example = "emea"), IfMatch, IdempotencyKeyHeader),
    responses(
        (status = 200, description = "The updated Direct Routing.", body = DirectRouting),
        (status = 409, description = "`route_in_use`: PBXs, trunks or users need the route, see `blockers`. `wrong_route_state`: the route has not been started. `account_closed`: the account is closed."),
    ),
)]
#[post("/routes/{region}/remove")]
pub(crate) async fn remove_route(
    call: Call<Change>,
    path: Path<(String, String)>,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer> {
    step(call, path.into_inner(), conditions, key.without_body(), false, |_: &_, _: &_, _: &_| Ok(Command::Remove))
        .await
}

/// Give management consent
///
/// Lets the enterprise's reseller and master reseller confirm the steps of its routes. Only the enterprise itself can
/// consent. Has no effect if the consent has been given already.
#[utoipa::path(params(IfMatch, IdempotencyKeyHeader), responses(
    (status = 200, description = "The updated Direct Routing.", body = DirectRouting),
    (status = 409, description = "`account_closed`: the account is closed."),
))]
#[post("/give-consent")]
pub(crate) async fn give_management_consent(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer> {
    set_consent(call, id.into_inner(), conditions, key.without_body(), true).await
}

/// Withdraw management consent
///
/// Withdraws the enterprise's management consent: from then on, its reseller and master reseller cannot confirm the
/// steps of its routes. Only the enterprise itself can withdraw it. Has no effect if there is no consent.
#[utoipa::path(params(IfMatch, IdempotencyKeyHeader), responses(
    (status = 200, description = "The updated Direct Routing.", body = DirectRouting),
    (status = 409, description = "`account_closed`: the account is closed."),
))]
#[post("/withdraw-consent")]
pub(crate) async fn withdraw_management_consent(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer> {
    set_consent(call, id.into_inner(), conditions, key.without_body(), false).await
}

async fn step(
    call: Call<Change>,
    (id, region): (String, String),
    conditions: Conditions,
    key: IdempotentRequest,
    confirms: bool,
    parse: impl Fn(&Actor, &Account, &SbcRegionCode) -> Result<Command> + Send + 'static,
) -> Result<Answer> {
    let shared = call.app.clone();
    let answer = call
        .write_once(key, move |tx: &mut _, actor| {
            let account = actor.load_enterprise(tx, &id)?;
            let region = operations::region_of(&account, &region)?;
            let before = direct_routing::load(tx, account.id)?;
            if confirms {
                operations::may_confirm(actor, &before, shared.graph.is_some())?;
            }
            let command = parse(actor, &account, &region)?;
            conditions.check_version(before.version)?;
            let after = operations::command(tx, &account, &before, &region, command)?;
            view(&shared, &account, &after)
        })
        .await;
    call.app.routes_ready.notify_one();
    answer
}

async fn set_consent(
    call: Call<Change>,
    id: String,
    conditions: Conditions,
    key: IdempotentRequest,
    given: bool,
) -> Result<Answer> {
    let shared = call.app.clone();
    call.write_once(key, move |tx, actor| {
        let account = actor.load_account_for(tx, Tier::Enterprise, &id, Target::ManagementConsent)?;
        let before = direct_routing::load(tx, account.id)?;
        conditions.check_version(before.version)?;
        let after = operations::set_consent(tx, &account, &before, given)?;
        view(&shared, &account, &after)
    })
    .await
}

fn view(app: &App, account: &Account, routing: &domain::direct_routing::DirectRouting) -> Result<Answer> {
    let view = DirectRouting::view(account, routing, &app.settings.sbc_regions, app.graph.is_some());
    Answer::resource(&view, routing.version)
}
