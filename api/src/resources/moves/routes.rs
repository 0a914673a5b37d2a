//! The operations of moves. Asking for one belongs to the scope of what is moved, which adds it.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, get, post};
use domain::account::Tier;
use domain::authority::Target;
use domain::id::AccountId;
use domain::moves as rules;
use domain::moves::MoveStatus;
use persistence::{StoreConnection, moves};

use super::operations;
use super::operations::Side;
use super::wire::{AcceptMove, Move, MoveEnterprise, MovePage, MoveReseller};
use crate::access::{Actor, Change, Read};
use crate::app::App;
use crate::error::Error;
use crate::http::page::Paging;
use crate::http::params::{IdempotencyKeyHeader, PageQuery};
use crate::http::query::Query;
use crate::http::{Answer, Body, Caller, IdempotencyKey, Parsed};

const PATH: &str = "/moves";

/// Ask for a reseller to be moved
///
/// The master reseller that you name finds it in `GET /moves` and has 14 days to accept it; until then nothing changes. Whether there is such a master
/// reseller is not said.
#[utoipa::path(
    tag = "Moves",
    operation_id = "move_reseller",
    params(("reseller_id" = String, Path, description = "The id of the reseller.", example = "reseller_01h455vb4pex5vsknk084sn02q"), IdempotencyKeyHeader),
    request_body(content = MoveReseller, example = json!({"master_reseller_id": "master_reseller_01h455vb4pex5vsknk084sn03r"})),
    responses(
        (status = 201, description = "Asked for.", body = Move, headers(("Location" = String, description = "Where the move is."))),
        (status = 409, description = "`move_pending`: cancel the one that waits first. `account_closed`. `idempotency_key_in_use`."),
    ),
    security(("bearer" = []))
)]
#[post("/{reseller_id}/move")]
pub(crate) async fn move_reseller(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer, Error> {
    let to = body.parse::<MoveReseller, AccountId>();
    ask(&app, caller, Tier::Reseller, id.into_inner(), to, key, &body).await
}

/// Ask for an enterprise to be moved
///
/// The reseller that you name finds it in `GET /moves` and has 14 days to accept it; until then nothing changes. Whether there is such a reseller is not
/// said.
#[utoipa::path(
    tag = "Moves",
    operation_id = "move_enterprise",
    params(("enterprise_id" = String, Path, description = "The id of the enterprise.", example = "enterprise_01h455vb4pex5vsknk084sn02q"), IdempotencyKeyHeader),
    request_body(content = MoveEnterprise, example = json!({"reseller_id": "reseller_01h455vb4pex5vsknk084sn03r"})),
    responses(
        (status = 201, description = "Asked for.", body = Move, headers(("Location" = String, description = "Where the move is."))),
        (status = 409, description = "`move_pending`: cancel the one that waits first. `account_closed`. `idempotency_key_in_use`."),
    ),
    security(("bearer" = []))
)]
#[post("/{enterprise_id}/move")]
pub(crate) async fn move_enterprise(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer, Error> {
    let to = body.parse::<MoveEnterprise, AccountId>();
    ask(&app, caller, Tier::Enterprise, id.into_inner(), to, key, &body).await
}

async fn ask(
    app: &App,
    caller: Caller<Change>,
    tier: Tier,
    id: String,
    to: Parsed<AccountId>,
    key: IdempotencyKey,
    body: &Body,
) -> Result<Answer, Error> {
    app.write_once(caller, key.with_body(body), move |tx, actor, now| {
        let account = actor.load_account(tx, tier, &id)?;
        let asked = operations::request(tx, actor, &account, *to.get()?, now)?;
        let location = format!("{PATH}/{}", asked.id);
        Ok(answer(tx, actor, asked)?.created(location))
    })
    .await
}

/// List moves
///
/// Those that accounts of yours have asked for or are to decide, by the time of asking.
#[utoipa::path(
    tag = "Moves",
    operation_id = "list_moves",
    params(PageQuery),
    responses((status = 200, description = "A page of moves.", body = MovePage, headers(("Link" = String, description = "The next page, if there is one (RFC 8288).")))),
    security(("bearer" = []))
)]
#[get("")]
pub(crate) async fn list_moves(app: Data<App>, caller: Caller<Read>, request: HttpRequest) -> Result<Answer, Error> {
    let text = request.query_string().to_owned();
    app.read(caller, move |tx, actor, now| {
        actor.may(Target::AccountBelow)?;
        let mut query = Query::read(&text)?;
        let paging = Paging::from_query(PATH, &text, &mut query)?;
        query.finish()?;
        let caller = actor.name();
        let (after, limit) = (paging.after(&caller)?, paging.limit + 1);
        let mut views = Vec::new();
        for found in moves::list(tx, actor.scope(), after, paging.newest_first, limit, now)? {
            let sees_from = operations::sees_from(tx, actor.scope(), &found)?;
            views.push((found.id, Move::view(found, sees_from)));
        }
        paging.answer(&caller, views, |(id, _)| id.uuid(), |(_, view)| view)
    })
    .await
}

/// Read a move
///
/// One that an account of yours has asked for or is to decide.
#[utoipa::path(
    tag = "Moves",
    operation_id = "get_move",
    params(("move_id" = String, Path, description = "The id of the move.", example = "move_01h455vb4pex5vsknk084sn02q")),
    responses((status = 200, description = "The move.", body = Move)),
    security(("bearer" = []))
)]
#[get("/{move_id}")]
pub(crate) async fn get_move(app: Data<App>, caller: Caller<Read>, id: Path<String>) -> Result<Answer, Error> {
    app.read(caller, move |tx, actor, now| {
        let (found, _) = operations::load(tx, actor, &id, now)?;
        answer(tx, actor, found)
    })
    .await
}

/// Accept a move
///
/// By the side that the account is to go below. At that instant the account, with all below it, is yours: you see it, and its billing goes on in your reports. Its
/// services must be among those of the account that it goes below.
#[utoipa::path(
    tag = "Moves",
    operation_id = "accept_move",
    params(("move_id" = String, Path, description = "The id of the move.", example = "move_01h455vb4pex5vsknk084sn02q"), IdempotencyKeyHeader),
    request_body(content = Option<AcceptMove>, example = json!({"billing_reference": "CUST-4711"})),
    responses(
        (status = 200, description = "The account has moved.", body = Move),
        (status = 409, description = "`move_decided`: it was decided, or its time is over. `service_not_offered`: the new parent lacks a service. `parent_closed`, `account_closed`. `idempotency_key_in_use`."),
    ),
    security(("bearer" = []))
)]
#[post("/{move_id}/accept")]
pub(crate) async fn accept_move(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer, Error> {
    let repeatable = key.with_body(&body);
    app.write_once(caller, repeatable, move |tx, actor, now| {
        let (found, sides) = operations::load(tx, actor, &id, now)?;
        operations::mine(&sides, Side::To)?;
        let reference = body.json_or_nothing::<AcceptMove>()?.reference(&found.account)?;
        let accepted = operations::accept(tx, actor, &found, reference.as_ref(), now)?;
        answer(tx, actor, accepted)
    })
    .await
}

/// Decline a move
///
/// By the side that the account was to go below. Nothing changes.
#[utoipa::path(
    tag = "Moves",
    operation_id = "decline_move",
    params(("move_id" = String, Path, description = "The id of the move.", example = "move_01h455vb4pex5vsknk084sn02q"), IdempotencyKeyHeader),
    responses(
        (status = 200, description = "Declined.", body = Move),
        (status = 409, description = "`move_decided`: it was decided, or its time is over. `idempotency_key_in_use`."),
        (status = 422, description = "`idempotency_key_reused`: use a new key for a new request."),
    ),
    security(("bearer" = []))
)]
#[post("/{move_id}/decline")]
pub(crate) async fn decline_move(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    refuse(&app, caller, id.into_inner(), key, MoveStatus::Declined).await
}

/// Cancel a move
///
/// By the side that asked for it. Nothing changes.
#[utoipa::path(
    tag = "Moves",
    operation_id = "cancel_move",
    params(("move_id" = String, Path, description = "The id of the move.", example = "move_01h455vb4pex5vsknk084sn02q"), IdempotencyKeyHeader),
    responses(
        (status = 200, description = "Cancelled.", body = Move),
        (status = 409, description = "`move_decided`: it was decided, or its time is over. `idempotency_key_in_use`."),
        (status = 422, description = "`idempotency_key_reused`: use a new key for a new request."),
    ),
    security(("bearer" = []))
)]
#[post("/{move_id}/cancel")]
pub(crate) async fn cancel_move(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    refuse(&app, caller, id.into_inner(), key, MoveStatus::Cancelled).await
}

async fn refuse(
    app: &App,
    caller: Caller<Change>,
    id: String,
    key: IdempotencyKey,
    status: MoveStatus,
) -> Result<Answer, Error> {
    app.write_once(caller, key.without_body(), move |tx, actor, now| {
        let (found, sides) = operations::load(tx, actor, &id, now)?;
        let decided = operations::refuse(tx, actor, &found, &sides, status, now)?;
        answer(tx, actor, decided)
    })
    .await
}

fn answer(tx: &mut StoreConnection, actor: &Actor, of: rules::Move) -> Result<Answer, Error> {
    let sees_from = operations::sees_from(tx, actor.scope(), &of)?;
    Answer::ok(&Move::view(of, sees_from))
}
