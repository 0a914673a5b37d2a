//! Changing the fields of an account.

use domain::account::{Account, Scope, Tier, check_email_change, check_offered, check_open};
use domain::enterprise::SbcRegionCode;
use domain::refusal::Refusal;
use domain::services::Services;
use domain::user::check_limit;
use domain::values::email::EmailAddress;
use persistence::accounts::{Change, Lock};
use persistence::{StoreConnection, accounts, blockers, direct_routing, users};

use super::create::{fields, write_again};
use super::routing;
use crate::access::Actor;
use crate::app::Tx;
use crate::error::Result;
use crate::events::record::{NewEvent, difference, record};

/// Changes an account that was loaded for the actor, and records the event. If no value differs, nothing is written.
pub fn update(tx: &mut Tx<'_>, actor: &Actor, account: Account, mut change: Change) -> Result<Account> {
    let now = tx.now;
    check_open(account.status)?;
    let same_email = |email: &EmailAddress| *email == account.email;
    if change.email.as_ref().is_some_and(same_email) {
        change.email = None;
    }
    if change.email.is_some() {
        check_email_change(account.status)?;
    }
    if let Some(services) = change.services {
        check_services(tx, &account, services)?;
    }
    if let (Some(regions), Some(enterprise)) = (&change.enterprise.sbc_regions, &account.enterprise) {
        check_regions(tx, &account, enterprise.sbc_regions.beyond(regions))?;
    }
    if let Some(limit @ Some(_)) = change.enterprise.user_limit {
        check_limit(limit, users::counts(tx, &[account.id])?.remove(&account.id).unwrap_or_default())?;
    }
    if changes_nothing(&account, &change) {
        return Ok(account);
    }
    if !accounts::update(tx, &account, &change, now)? {
        return Err(Refusal::EmailTaken.into());
    }
    if let Some(email) = &change.email {
        routing::unbind(tx, &account, email)?;
        let renamed = Account { name: change.name.clone().unwrap_or_else(|| account.name.clone()), ..account.clone() };
        write_again(tx, &renamed, email)?;
    }
    let changed = accounts::by_id(tx, &actor.scope(), account.tier, account.id)?.ok_or(Refusal::NotFound)?;
    let (before, after) = difference(fields(&account), fields(&changed));
    record(tx, &NewEvent::to_account(&changed, "updated", before, after))?;
    Ok(changed)
}

/// Checks new services (R5): the parent must have all of them, and a service that is removed must not be in use below.
fn check_services(tx: &mut StoreConnection, account: &Account, services: Services) -> Result<()> {
    let parent = match account.tier {
        Tier::Reseller => account.master_reseller_id.map(|id| (Tier::MasterReseller, id)),
        Tier::Enterprise => account.reseller_id.map(|id| (Tier::Reseller, id)),
        Tier::Platform | Tier::MasterReseller => None,
    };
    if let Some((tier, id)) = parent {
        accounts::lock(tx, id, Lock::Shared)?;
        let parent = accounts::by_id(tx, &Scope::Platform, tier, id)?.ok_or(Refusal::NotFound)?;
        check_offered(services, parent.services)?;
    }
    for service in account.services.beyond(services) {
        let users = blockers::open_descendants_with(tx, account, service)?;
        if users.total > 0 {
            return Err(Refusal::ServiceInUse(users).into());
        }
    }
    Ok(())
}

/// Checks the SBC regions that are removed: none of them may have a route that was started (R10, R11).
fn check_regions<'a>(
    tx: &mut StoreConnection,
    account: &Account,
    going: impl Iterator<Item = &'a SbcRegionCode>,
) -> Result<()> {
    let started = direct_routing::load(tx, account.id)?.blockers(going);
    if started.total > 0 { Err(Refusal::SbcRegionInUse(started).into()) } else { Ok(()) }
}

fn changes_nothing(account: &Account, change: &Change) -> bool {
    let Change { name, email, services, billing_reference, enterprise } = change;
    name.as_ref().is_none_or(|name| *name == account.name)
        && email.is_none()
        && services.is_none_or(|services| services == account.services)
        && billing_reference.as_ref().is_none_or(|reference| *reference == account.billing_reference)
        && account.enterprise.as_ref().is_none_or(|before| enterprise.apply(before) == *before)
}
