//! Suspending, resuming, closing, and sending the activation e-mail again (R3, R7).

use domain::account::{Account, Scope, check_resend};
use domain::refusal::Refusal;
use domain::status::{Status, Transition};
use persistence::{accounts, blockers, closing, direct_routing};
use serde_json::{Value, json};

use super::create::write_again;
use super::routing::{leave_domain, take_licence_back};
use crate::app::Tx;
use crate::error::Result;
use crate::events::record::{NewEvent, record};

/// Suspends an account. The accounts below it keep their own status: they can't be used because their ancestor is
/// suspended.
pub fn suspend(tx: &mut Tx<'_>, account: &Account) -> Result<Account> {
    step(tx, account, Transition::Suspend)
}

/// Resumes an account. Accounts below it work again unless they, or another account above them, are suspended too.
pub fn resume(tx: &mut Tx<'_>, account: &Account) -> Result<Account> {
    step(tx, account, Transition::Resume)
}

/// Closes an account permanently. Refused while anything below it is open. Closing a closed account changes nothing.
pub fn close(tx: &mut Tx<'_>, account: &Account) -> Result<()> {
    if account.status == Status::Closed {
        return Ok(());
    }
    let below = blockers::open_descendants(tx, account)?;
    if below.total > 0 {
        return Err(Refusal::HasOpenChildren(below).into());
    }
    step(tx, account, Transition::Close).map(drop)
}

/// Sends a new activation e-mail to a pending account; earlier links stop working.
pub fn resend_activation(tx: &mut Tx<'_>, account: &Account) -> Result<Account> {
    check_resend(account.status)?;
    write_again(tx, account, &account.email)?;
    record(tx, &NewEvent::to_account(account, "activation_resent", Value::Null, Value::Null))?;
    Ok(accounts::by_id(tx, &Scope::Platform, account.tier, account.id)?.ok_or(Refusal::NotFound)?)
}

fn step(tx: &mut Tx<'_>, account: &Account, transition: Transition) -> Result<Account> {
    let now = tx.now;
    let status = account.status.after(transition)?;
    if transition == Transition::Close {
        for route in direct_routing::load(tx, account.id)?.routes {
            take_licence_back(tx, Some(&route))?;
            leave_domain(tx, account, Some(&route))?;
        }
        closing::close(tx, account, now)?;
    } else {
        accounts::set_status(tx, account, status, now)?;
    }
    let (before, after) = (json!({"status": account.status.as_str()}), json!({"status": status.as_str()}));
    record(tx, &NewEvent::to_account(account, transition.done(), before, after))?;
    Ok(accounts::by_id(tx, &Scope::Platform, account.tier, account.id)?.ok_or(Refusal::NotFound)?)
}
