//! Writing accounts: creating, updating and changing their status.

use diesel::prelude::*;
use domain::Timestamp;
use domain::account::{Account, Activation, Tier};
use domain::enterprise::{Enterprise, EnterpriseChange};
use domain::id::AccountId;
use domain::services::{Service, Services};
use domain::status::Status;
use domain::values::email::EmailAddress;

use super::addresses::{claim_email, free_emails, is_taken};
use crate::history::{State, above, note_account};
use crate::schema::accounts;
use crate::store::connection::{StoreConnection, on};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::prepared::Prepared;
use crate::store::text::search_text;
use crate::store::time::{Instant, column};
use crate::{FIRST_VERSION, enterprises, history};

/// An account to be created.
#[derive(Debug, Clone)]
pub struct NewAccount<'a> {
    /// Its id.
    pub id: AccountId,
    /// Its tier.
    pub tier: Tier,
    /// The master reseller above it; for a master reseller, its own id.
    pub master_reseller_id: Option<AccountId>,
    /// The reseller above it; for a reseller, its own id.
    pub reseller_id: Option<AccountId>,
    /// Its name.
    pub name: &'a str,
    /// Its e-mail address.
    pub email: &'a EmailAddress,
    /// Its billing reference in the system of its parent (R6).
    pub billing_reference: Option<&'a str>,
    /// Its services.
    pub services: Services,
    /// The settings that only enterprises have.
    pub enterprise: Option<&'a Enterprise>,
    /// When it is created.
    pub now: Timestamp,
}

impl NewAccount<'_> {
    /// The account as it would be read after [`insert`].
    #[must_use]
    pub fn pending(&self, ancestors_active: bool, activation: Activation) -> Account {
        let NewAccount {
            id,
            tier,
            master_reseller_id,
            reseller_id,
            name,
            email,
            billing_reference,
            services,
            enterprise,
            now,
        } = *self;
        Account {
            id,
            tier,
            master_reseller_id,
            reseller_id,
            name: name.to_owned(),
            email: email.clone(),
            billing_reference: billing_reference.map(str::to_owned),
            services,
            status: Status::Pending,
            ancestors_active,
            version: FIRST_VERSION,
            created_at: now,
            updated_at: now,
            activated_at: None,
            closed_at: None,
            activation: Some(activation),
            enterprise: enterprise.cloned(),
        }
    }
}

/// Creates a pending account. Returns `false` if another account has its e-mail address (R1); the transaction must then
/// be rolled back.
pub fn insert(tx: &mut StoreConnection, account: &NewAccount<'_>) -> Result<bool, Error> {
    insert_as(tx, account, Status::Pending)
}

/// Creates an account that is active from the start. Only used for example data and tests. Returns `false` if another
/// account has its e-mail address; the transaction must then be rolled back.
pub fn insert_active(tx: &mut StoreConnection, account: &NewAccount<'_>) -> Result<bool, Error> {
    insert_as(tx, account, Status::Active)
}

fn insert_as(tx: &mut StoreConnection, account: &NewAccount<'_>, status: Status) -> Result<bool, Error> {
    let NewAccount {
        id,
        tier,
        master_reseller_id,
        reseller_id,
        name,
        email,
        billing_reference,
        services,
        enterprise,
        now,
    } = account;
    if is_taken(tx, email, *id)? {
        return Ok(false);
    }
    on!(tx, connection => Prepared(diesel::insert_into(accounts::table)
        .values((
            accounts::id.eq(Key::from(*id)),
            accounts::tier.eq(tier.as_str()),
            accounts::master_reseller_id.eq(master_reseller_id.map(Key::from)),
            accounts::reseller_id.eq(reseller_id.map(Key::from)),
            accounts::name.eq(name),
            accounts::email.eq(email.given()),
            accounts::billing_reference.eq(billing_reference),
            accounts::service_pbx.eq(services.has(Service::Pbx)),
            accounts::service_trunk.eq(services.has(Service::Trunk)),
            accounts::status.eq(status.as_str()),
            accounts::search_text.eq(search_text(&[name, email.given(), billing_reference.unwrap_or_default()])),
            accounts::version.eq(FIRST_VERSION),
            accounts::created_at.eq(column(*now)),
            accounts::updated_at.eq(column(*now)),
            accounts::activated_at.eq((status == Status::Active).then_some(column(*now))),
            accounts::closed_at.eq(None::<Instant>),
        )))
        .execute(connection))?;
    let (above_master, above_reseller) = above(*tier, *master_reseller_id, *reseller_id);
    let state = State {
        master_reseller_id: above_master.map(Key::from),
        reseller_id: above_reseller.map(Key::from),
        name: (*name).to_owned(),
        billing_reference: billing_reference.map(str::to_owned),
        status: status.as_str().to_owned(),
        service_pbx: services.has(Service::Pbx),
        service_trunk: services.has(Service::Trunk),
    };
    history::begin(tx, *id, state, *now)?;
    if let Some(enterprise) = enterprise {
        enterprises::insert(tx, *id, enterprise)?;
    }
    claim_email(tx, email, *id)
}

/// A change of an account's fields; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub name: Option<String>,
    /// Its e-mail address.
    pub email: Option<EmailAddress>,
    /// Its services.
    pub services: Option<Services>,
    /// Its billing reference; `Some(None)` removes it.
    pub billing_reference: Option<Option<String>>,
    /// The settings that only enterprises have.
    pub enterprise: EnterpriseChange,
}

/// Updates an account. Returns `false` if another account has the new e-mail address (R1); the transaction must then be
/// rolled back.
pub fn update(tx: &mut StoreConnection, account: &Account, change: &Change, now: Timestamp) -> Result<bool, Error> {
    let Change { name, email, services, billing_reference, enterprise } = change;
    if let Some(email) = email
        && is_taken(tx, email, account.id)?
    {
        return Ok(false);
    }
    let name = name.as_deref().unwrap_or(&account.name);
    let services = services.unwrap_or(account.services);
    let billing_reference = billing_reference.as_ref().unwrap_or(&account.billing_reference).as_deref();
    let given = email.as_ref().unwrap_or(&account.email).given();
    diesel::update(accounts::table.filter(accounts::id.eq(Key::from(account.id))))
        .set((
            accounts::name.eq(name),
            accounts::email.eq(given),
            accounts::service_pbx.eq(services.has(Service::Pbx)),
            accounts::service_trunk.eq(services.has(Service::Trunk)),
            accounts::billing_reference.eq(billing_reference),
            accounts::search_text.eq(search_text(&[name, given, billing_reference.unwrap_or_default()])),
            accounts::version.eq(account.version + 1),
            accounts::updated_at.eq(column(now)),
        ))
        .execute(tx)?;
    note_account(tx, account.id, now)?;
    if let Some(before) = &account.enterprise {
        let after = enterprise.apply(before);
        if after != *before {
            enterprises::update(tx, account.id, &after)?;
        }
    }
    match email {
        None => Ok(true),
        Some(email) => {
            free_emails(tx, account.id)?;
            claim_email(tx, email, account.id)
        }
    }
}

/// Suspends or resumes an account.
pub fn set_status(tx: &mut StoreConnection, account: &Account, status: Status, now: Timestamp) -> Result<(), Error> {
    diesel::update(accounts::table.filter(accounts::id.eq(Key::from(account.id))))
        .set((
            accounts::status.eq(status.as_str()),
            accounts::version.eq(account.version + 1),
            accounts::updated_at.eq(column(now)),
        ))
        .execute(tx)?;
    note_account(tx, account.id, now)
}

/// Makes a pending account active.
pub fn activate(tx: &mut StoreConnection, account: &Account, now: Timestamp) -> Result<(), Error> {
    set_status(tx, account, Status::Active, now)?;
    diesel::update(accounts::table.filter(accounts::id.eq(Key::from(account.id))))
        .set(accounts::activated_at.eq(column(now)))
        .execute(tx)?;
    Ok(())
}
