//! Suspending, resuming, closing, and sending the activation e-mail again (R3, R7).

use domain::Timestamp;
use domain::account::{Account, Scope, check_resend};
use domain::refusal::Refusal;
use domain::status::{Status, Transition};
use persistence::blockers;
use persistence::closing;
use persistence::{StoreConnection, accounts};
use serde_json::{Value, json};

use super::create::write_again;
use crate::access::Actor;
use crate::error::Result;
use crate::events::record::{NewEvent, record};
use crate::mail::Outbox;

/// Suspends an account. The accounts below it keep their own status: they can't be used because their ancestor is
/// suspended.
pub fn suspend(tx: &mut StoreConnection, actor: &Actor, account: &Account, now: Timestamp) -> Result<Account> {
    step(tx, actor, account, Transition::Suspend, now)
}

/// Resumes an account. Accounts below it work again unless they, or another account above them, are suspended too.
pub fn resume(tx: &mut StoreConnection, actor: &Actor, account: &Account, now: Timestamp) -> Result<Account> {
    step(tx, actor, account, Transition::Resume, now)
}

/// Closes an account permanently. Refused while anything below it is open. Closing a closed account changes nothing.
pub fn close(tx: &mut StoreConnection, actor: &Actor, account: &Account, now: Timestamp) -> Result<()> {
    if account.status == Status::Closed {
        return Ok(());
    }
    let below = blockers::open_descendants(tx, account)?;
    if below.total > 0 {
        return Err(Refusal::HasOpenChildren(below).into());
    }
    step(tx, actor, account, Transition::Close, now).map(drop)
}

/// Sends a new activation e-mail to a pending account; earlier links stop working.
pub fn resend_activation(
    tx: &mut StoreConnection,
    actor: &Actor,
    account: &Account,
    now: Timestamp,
    outbox: &Outbox,
) -> Result<Account> {
    check_resend(account.status)?;
    write_again(tx, account, &account.email, now, outbox)?;
    record(tx, actor.origin(), now, &NewEvent::to_account(account, "activation_resent", Value::Null, Value::Null))?;
    Ok(accounts::by_id(tx, &Scope::Platform, account.tier, account.id)?.ok_or(Refusal::NotFound)?)
}

fn step(
    tx: &mut StoreConnection,
    actor: &Actor,
    account: &Account,
    transition: Transition,
    now: Timestamp,
) -> Result<Account> {
    let status = account.status.after(transition)?;
    if transition == Transition::Close {
        closing::close(tx, account, now)?;
    } else {
        accounts::set_status(tx, account, status, now)?;
    }
    let (before, after) = (json!({"status": account.status.as_str()}), json!({"status": status.as_str()}));
    record(tx, actor.origin(), now, &NewEvent::to_account(account, transition.done(), before, after))?;
    Ok(accounts::by_id(tx, &Scope::Platform, account.tier, account.id)?.ok_or(Refusal::NotFound)?)
}
