//! Requesting, accepting, declining and cancelling moves.

use chrono::TimeDelta;
use domain::account::{Account, Ancestry, Scope, check_open};
use domain::authority::Target;
use domain::fault::Fault;
use domain::id::{AccountId, MoveId};
use domain::limits::MOVE_DAYS;
use domain::moves::{Move, MoveStatus, check_move, parent_tier};
use domain::refusal::Refusal;
use domain::values::text::BillingReference;
use persistence::accounts::Lock;
use persistence::moves::NewMove;
use persistence::{StoreConnection, accounts, moves};
use serde_json::{Value, json};

use crate::access::{Actor, Origin};
use crate::app::Tx;
use crate::error::{Error, Result, value_error};
use crate::events::record::{NewEvent, record, record_as};
use crate::ids::new_id;

/// The two parties of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The current parent, which requested the move.
    From,
    /// The receiving account, which decides.
    To,
}

/// Requests that an account that was loaded for the actor is moved below `to`. Whether `to` exists is not checked: the
/// response must not reveal it (R8). Refused if another move of the account is pending.
pub fn request(tx: &mut Tx<'_>, account: &Account, to: AccountId) -> Result<Move> {
    let now = tx.now;
    check_open(account.status)?;
    let tier = parent_tier(account.tier).ok_or(Refusal::Forbidden)?;
    let from = account.ancestry().account_of(tier).ok_or(Refusal::NotFound)?;
    if from == to {
        let fault = Fault::new("same_parent", "The account is below this one already.");
        return Err(Error::validation(vec![value_error(format!("/{}_id", tier.as_str()), fault)]));
    }
    let id = new_id(now);
    let expires_at = now + TimeDelta::days(MOVE_DAYS);
    if !moves::insert(tx, &NewMove { id, account: account.id, from, to, now, expires_at })? {
        return Err(Refusal::MovePending.into());
    }
    let asked = moves::by_id(tx, Scope::Platform, id, now)?.ok_or(Refusal::NotFound)?;
    let own = parent_place(tx, &asked, Side::From)?;
    note(tx, tx.origin, &asked, "requested", own)?;
    // The receiving side's event must not reveal who made the request.
    if let Some(place) = parent_place(tx, &asked, Side::To)? {
        note(tx, &Origin::system("move"), &asked, "offered", Some(place))?;
    }
    Ok(asked)
}

/// Loads a move that the actor can see, and the sides of it that are in the actor's scope.
pub fn load(tx: &mut Tx<'_>, actor: &Actor, id: &str) -> Result<(Move, Vec<Side>)> {
    let now = tx.now;
    let id = MoveId::parse(id).ok_or(Refusal::NotFound)?;
    let found = moves::by_id(tx, actor.scope(), id, now)?.ok_or(Refusal::NotFound)?;
    actor.may(Target::AccountBelow)?;
    let mut sides = Vec::new();
    for side in [Side::From, Side::To] {
        if parent(tx, &actor.scope(), &found, side)?.is_some() {
            sides.push(side);
        }
    }
    Ok((found, sides))
}

/// Whether a scope contains the current parent of the move.
pub fn sees_from(tx: &mut StoreConnection, scope: Scope, found: &Move) -> Result<bool> {
    Ok(parent(tx, &scope, found, Side::From)?.is_some())
}

/// Accepts a move: the account and everything below it belong to the new parent from `now` on. The caller must have
/// checked that the actor may decide for the receiving side.
pub fn accept(tx: &mut Tx<'_>, found: &Move, billing_reference: Option<&BillingReference>) -> Result<Move> {
    let now = tx.now;
    // Anything that is created below the account at the same time must either move with it or see its new parent.
    accounts::lock(tx, found.account.id, Lock::Exclusive)?;
    accounts::lock(tx, found.to, Lock::Shared)?;
    let found = moves::by_id(tx, Scope::Platform, found.id, now)?.ok_or(Refusal::NotFound)?;
    found.status.check_pending()?;
    let parent = parent(tx, &Scope::Platform, &found, Side::To)?.ok_or(Refusal::NotFound)?;
    check_move(&found.account, &parent)?;
    let reference = billing_reference.map(BillingReference::as_str);
    if !moves::decide(tx, found.id, MoveStatus::Accepted, now)? {
        return Err(Refusal::MoveDecided { status: "decided" }.into());
    }
    moves::carry_out(tx, &found.account, &parent, reference, now)?;
    let decided = moves::by_id(tx, Scope::Platform, found.id, now)?.ok_or(Refusal::NotFound)?;
    conclude(tx, &decided, "accepted", Side::To)?;
    let (tier, moved) = (parent.tier, &decided.account);
    let after = json!({
        format!("{}_id", tier.as_str()): parent.id_text(),
        "billing_reference": moved.billing_reference,
    });
    record(tx, &NewEvent::to_account(moved, "moved", Value::Null, after))?;
    Ok(decided)
}

/// Declines a move or, for its requester, cancels it.
pub fn refuse(tx: &mut Tx<'_>, found: &Move, sides: &[Side], status: MoveStatus) -> Result<Move> {
    let now = tx.now;
    let side = if status == MoveStatus::Cancelled { Side::From } else { Side::To };
    mine(sides, side)?;
    found.status.check_pending()?;
    if !moves::decide(tx, found.id, status, now)? {
        return Err(Refusal::MoveDecided { status: "decided" }.into());
    }
    let decided = moves::by_id(tx, Scope::Platform, found.id, now)?.ok_or(Refusal::NotFound)?;
    conclude(tx, &decided, status.as_str(), side)?;
    Ok(decided)
}

/// Refuses unless `side` is one of the actor's sides.
pub fn mine(sides: &[Side], side: Side) -> Result<()> {
    if sides.contains(&side) { Ok(()) } else { Err(Refusal::Forbidden.into()) }
}

/// Records an event for each side. The event of the other side does not reveal who acted.
fn conclude(tx: &mut Tx<'_>, decided: &Move, done: &str, by: Side) -> Result<()> {
    let system = Origin::system("move");
    for side in [Side::From, Side::To] {
        let Some(place) = parent_place(tx, decided, side)? else { continue };
        let origin = if side == by { tx.origin } else { &system };
        note(tx, origin, decided, done, Some(place))?;
    }
    Ok(())
}

fn note(tx: &mut Tx<'_>, origin: &Origin, of: &Move, done: &str, ancestry: Option<Ancestry>) -> Result<()> {
    let after = json!({
        "account_id": of.account.id_text(),
        "account_name": of.account.name,
        "status": of.status.as_str(),
        "expires_at": of.expires_at,
    });
    let (action, subject) = (format!("move.{done}"), of.id.to_string());
    let ancestry = ancestry.unwrap_or_default();
    record_as(tx, origin, &NewEvent { action, subject, ancestry, before: Value::Null, after })
}

/// The ancestry of the parent on one side of the move, if that parent exists.
fn parent_place(tx: &mut StoreConnection, of: &Move, side: Side) -> Result<Option<Ancestry>> {
    Ok(parent(tx, &Scope::Platform, of, side)?.map(|parent| parent.ancestry()))
}

fn parent(tx: &mut StoreConnection, scope: &Scope, of: &Move, side: Side) -> Result<Option<Account>> {
    let Some(tier) = parent_tier(of.account.tier) else { return Ok(None) };
    let id = if side == Side::From { of.from } else { of.to };
    Ok(accounts::by_id(tx, scope, tier, id)?)
}
