//! Writing accounts: creating, updating and changing their status.

use diesel::prelude::*;
use domain::Timestamp;
use domain::account::{Account, Activation, Tier};
use domain::enterprise::{Enterprise, EnterpriseChange};
use domain::id::AccountId;
use domain::services::{Service, Services};
use domain::status::Status;
use domain::values::email::EmailAddress;

use super::addresses::{claim_email, claim_emails, free_emails, is_taken};
use crate::history::{State, above, note_account};
use crate::schema::accounts;
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::rows::{self, Values};
use crate::store::text::search_text;
use crate::store::time::column;
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
    fn search_text(&self) -> String {
        search_text(&[self.name, self.email.given(), self.billing_reference.unwrap_or_default()])
    }

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
    if let StoreConnection::Sqlite(connection) = tx
        && is_taken(connection, account.email, account.id)?
    {
        return Ok(false);
    }
    insert_all(tx, std::slice::from_ref(account), status)
}

/// Creates accounts, with one statement for each table. Returns `false` if the e-mail address of one of them is taken
/// (R1), also by another of them; the transaction must then be rolled back. On SQLite that makes a whole group of
/// operations run again, so ask [`super::taken_emails`] before.
pub fn insert_all(tx: &mut StoreConnection, accounts: &[NewAccount<'_>], status: Status) -> Result<bool, Error> {
    insert_rows(tx, accounts, status)?;
    let begin = |account: &NewAccount<'_>| (account.id, state(account, status), account.now);
    history::begin_all(tx, &accounts.iter().map(begin).collect::<Vec<_>>())?;
    let enterprises: Vec<_> = accounts.iter().filter_map(|account| Some((account.id, account.enterprise?))).collect();
    enterprises::insert_all(tx, &enterprises)?;
    let claims: Vec<_> = accounts.iter().map(|account| (account.email, account.id)).collect();
    claim_emails(tx, &claims)
}

fn insert_rows(tx: &mut StoreConnection, accounts: &[NewAccount<'_>], status: Status) -> Result<(), Error> {
    let texts: Vec<String> = accounts.iter().map(NewAccount::search_text).collect();
    let activated = |account: &NewAccount<'_>| (status == Status::Active).then(|| column(account.now));
    let mut columns = rows::columns!(accounts;
        id: Keys = |account| Some(account.id.into()),
        tier: Texts = |account| Some(account.tier.as_str()),
        master_reseller_id: Keys = |account| account.master_reseller_id.map(Key::from),
        reseller_id: Keys = |account| account.reseller_id.map(Key::from),
        name: Texts = |account| Some(account.name),
        email: Texts = |account| Some(account.email.given()),
        billing_reference: Texts = |account| account.billing_reference,
        service_pbx: Flags = |account| account.services.has(Service::Pbx),
        service_trunk: Flags = |account| account.services.has(Service::Trunk),
        status: Texts = |_| Some(status.as_str()),
        version: Longs = |_| FIRST_VERSION,
        created_at: Instants = |account| Some(column(account.now)),
        updated_at: Instants = |account| Some(column(account.now)),
        activated_at: Instants = activated,
    );
    columns.push(("search_text", Values::Texts(texts.iter().map(|text| Some(text.as_str())).collect())));
    rows::insert(tx, "accounts", columns)?;
    Ok(())
}

/// The state with which the history of a new account begins.
fn state(account: &NewAccount<'_>, status: Status) -> State {
    let (above_master, above_reseller) = above(account.tier, account.master_reseller_id, account.reseller_id);
    State {
        master_reseller_id: above_master.map(Key::from),
        reseller_id: above_reseller.map(Key::from),
        name: account.name.to_owned(),
        billing_reference: account.billing_reference.map(str::to_owned),
        status: status.as_str().to_owned(),
        service_pbx: account.services.has(Service::Pbx),
        service_trunk: account.services.has(Service::Trunk),
    }
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
    if let (Some(email), StoreConnection::Sqlite(connection)) = (email, &mut *tx)
        && is_taken(connection, email, account.id)?
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
