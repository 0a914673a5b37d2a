//! Handlers of `/moves`, and of `/resellers/{id}/move` and `/enterprises/{id}/move`.

use actix_web::{HttpRequest, get, post};
use domain::account::Tier;
use domain::authority::Target;
use domain::id::AccountId;
use domain::moves as rules;
use domain::moves::MoveStatus;
use persistence::{StoreConnection, moves};

use super::operations::{self, Side};
use super::wire::{AcceptMove, Move, MoveEnterprise, MovePage, MoveReseller};
use crate::access::{Actor, Change, Read};
use crate::app::Call;
use crate::error::Result;
use crate::http::page::Paging;
use crate::http::params::{IdempotencyKeyHeader, PageQuery};
use crate::http::query::Query;
use crate::http::{Answer, Body, Id, IdempotencyKey, Parsed};

const PATH: &str = "/moves";

/// Request to move a reseller
///
/// Requests to move a reseller, with all of its enterprises, to another master reseller. That master reseller sees the
/// request in `GET /moves` and has 14 days to accept it. Until then nothing changes. The response is the same whether
/// or not the master reseller exists.
#[utoipa::path(params(IdempotencyKeyHeader), request_body(content = MoveReseller, example = json!({"master_reseller_id": "master_reseller_01h455vb4pex5vsknk084sn03r"})), responses(
    (status = 201, description = "The requested move.", body = Move, headers(("Location" = String, description = "URL of the new move."))),
    (status = 409, description = "`move_pending`: the account has a pending move; cancel that one first. `account_closed`: the account is closed."),
))]
#[post("/{reseller_id}/move")]
pub(crate) async fn move_reseller(call: Call<Change>, id: Id, key: IdempotencyKey, body: Body) -> Result<Answer> {
    let to = body.parse::<MoveReseller, AccountId>();
    ask(call, Tier::Reseller, id.into_inner(), to, key, &body).await
}

/// Request to move an enterprise
///
/// Requests to move an enterprise to another reseller. That reseller sees the request in `GET /moves` and has 14 days
/// to accept it. Until then nothing changes. The response is the same whether or not the reseller exists.
#[utoipa::path(params(IdempotencyKeyHeader), request_body(content = MoveEnterprise, example = json!({"reseller_id": "reseller_01h455vb4pex5vsknk084sn03r"})), responses(
    (status = 201, description = "The requested move.", body = Move, headers(("Location" = String, description = "URL of the new move."))),
    (status = 409, description = "`move_pending`: the account has a pending move; cancel that one first. `account_closed`: the account is closed."),
))]
#[post("/{enterprise_id}/move")]
pub(crate) async fn move_enterprise(call: Call<Change>, id: Id, key: IdempotencyKey, body: Body) -> Result<Answer> {
    let to = body.parse::<MoveEnterprise, AccountId>();
    ask(call, Tier::Enterprise, id.into_inner(), to, key, &body).await
}

async fn ask(
    call: Call<Change>,
    tier: Tier,
    id: String,
    to: Parsed<AccountId>,
    key: IdempotencyKey,
    body: &Body,
) -> Result<Answer> {
    call.write_once(key.with_body(body), move |tx, actor| {
        let account = actor.load_account(tx, tier, &id)?;
        let asked = operations::request(tx, &account, *to.get()?)?;
        let location = format!("{PATH}/{}", asked.id);
        Ok(answer(tx, actor, asked)?.created(location))
    })
    .await
}

/// List moves
///
/// Lists the moves in which your account, or one below it, is the current or the receiving parent. Sorted by request
/// time.
#[utoipa::path(params(PageQuery), responses((status = 200, description = "A page of moves.", body = MovePage)))]
#[get("")]
pub(crate) async fn list_moves(call: Call<Read>, request: HttpRequest) -> Result<Answer> {
    let text = request.query_string().to_owned();
    call.read(move |tx, actor| {
        let now = tx.now;
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
/// Returns a move in which your account, or one below it, is the current or the receiving parent.
#[utoipa::path(responses((status = 200, description = "The move.", body = Move)))]
#[get("/{move_id}")]
pub(crate) async fn get_move(call: Call<Read>, id: Id) -> Result<Answer> {
    call.read(move |tx, actor| {
        let (found, _) = operations::load(tx, actor, &id)?;
        answer(tx, actor, found)
    })
    .await
}

/// Accept a move
///
/// For the receiving account. The account and everything below it move to the receiving account immediately: it can see
/// them from then on, and their usage continues in its billing reports. The receiving account must have all services of
/// the moved account.
#[utoipa::path(params(IdempotencyKeyHeader), request_body(content = Option<AcceptMove>, example = json!({"billing_reference": "CUST-4711"})), responses(
    (status = 200, description = "The accepted move. The account has moved.", body = Move),
    (status = 409, description = "`move_decided`: the move has been decided already, or it has expired. `service_not_offered`: the receiving account does not have all services of the account. `parent_closed`: the receiving account is closed. `account_closed`: the account is closed."),
))]
#[post("/{move_id}/accept")]
pub(crate) async fn accept_move(call: Call<Change>, id: Id, key: IdempotencyKey, body: Body) -> Result<Answer> {
    let repeatable = key.with_body(&body);
    call.write_once(repeatable, move |tx, actor| {
        let (found, sides) = operations::load(tx, actor, &id)?;
        operations::mine(&sides, Side::To)?;
        let reference = AcceptMove::reference(body.json_or_nothing()?, &found.account)?;
        let accepted = operations::accept(tx, &found, reference.as_ref())?;
        answer(tx, actor, accepted)
    })
    .await
}

/// Decline a move
///
/// For the receiving account. Declines a pending move; the account stays where it is.
#[utoipa::path(params(IdempotencyKeyHeader), responses(
    (status = 200, description = "The declined move.", body = Move),
    (status = 409, description = "`move_decided`: the move has been decided already, or it has expired."),
))]
#[post("/{move_id}/decline")]
pub(crate) async fn decline_move(call: Call<Change>, id: Id, key: IdempotencyKey) -> Result<Answer> {
    refuse(call, id.into_inner(), key, MoveStatus::Declined).await
}

/// Cancel a move
///
/// For the account that requested the move. Cancels a pending move; the account stays where it is.
#[utoipa::path(params(IdempotencyKeyHeader), responses(
    (status = 200, description = "The cancelled move.", body = Move),
    (status = 409, description = "`move_decided`: the move has been decided already, or it has expired."),
))]
#[post("/{move_id}/cancel")]
pub(crate) async fn cancel_move(call: Call<Change>, id: Id, key: IdempotencyKey) -> Result<Answer> {
    refuse(call, id.into_inner(), key, MoveStatus::Cancelled).await
}

async fn refuse(call: Call<Change>, id: String, key: IdempotencyKey, status: MoveStatus) -> Result<Answer> {
    call.write_once(key.without_body(), move |tx, actor| {
        let (found, sides) = operations::load(tx, actor, &id)?;
        let decided = operations::refuse(tx, &found, &sides, status)?;
        answer(tx, actor, decided)
    })
    .await
}

fn answer(tx: &mut StoreConnection, actor: &Actor, of: rules::Move) -> Result<Answer> {
    let sees_from = operations::sees_from(tx, actor.scope(), &of)?;
    Answer::ok(&Move::view(of, sees_from))
}
