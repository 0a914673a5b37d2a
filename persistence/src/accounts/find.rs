//! Finding single accounts.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};
use domain::account::{Account, Scope, Tier};
use domain::id::AccountId;
use domain::status::Status;

use super::addresses::email_holders;
use super::lock::Lock;
use super::row::{QueryWhere, Row, account};
use crate::enterprises;
use crate::schema::accounts;
use crate::store::connection::{StoreConnection, on};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::known::Known;

/// The account with this id and tier, if it is in the scope (R8).
pub fn by_id(tx: &mut StoreConnection, scope: &Scope, tier: Tier, id: AccountId) -> Result<Option<Account>, Error> {
    let everything = scope.account().is_none();
    let top = scope.account().map(Key::from);
    // The caller's account is this account or one above it. One condition covers all tiers; it costs little, because
    // the row is already found by its id.
    let visible = accounts::id
        .nullable()
        .eq(top)
        .or(accounts::master_reseller_id.eq(top))
        .or(accounts::reseller_id.eq(top))
        .or(everything.into_sql::<Nullable<Bool>>());
    let found = QueryWhere(accounts::id.eq(Key::from(id)).and(accounts::tier.eq(tier.as_str())).and(visible));
    let row: Option<Row> = on!(tx, connection => found.get_result(connection)).optional()?;
    let mut found = row.map(account).transpose()?;
    if tier == Tier::Enterprise {
        enterprises::complete(tx, found.as_mut_slice())?;
    }
    Ok(found)
}

/// Like [`by_id`], for an account that may be known on this snapshot.
pub fn known_by_id(
    tx: &mut StoreConnection,
    known: &Known,
    scope: &Scope,
    tier: Tier,
    id: AccountId,
) -> Result<Option<Account>, Error> {
    match known.account(id) {
        None => by_id(tx, scope, tier, id),
        Some(found) => {
            let visible = |account: &&Account| account.tier == tier && account.ancestry().is_in(*scope);
            Ok(found.as_ref().filter(visible).cloned())
        }
    }
}

/// The accounts below which something is to be created, each if it has this tier and is in this scope (R8). Until the
/// transaction ends, nobody can change them. They are locked in the order of their ids, so that transactions don't
/// deadlock.
pub fn parents(
    tx: &mut StoreConnection,
    wanted: &[(Scope, Tier, AccountId)],
    hold: Lock,
) -> Result<HashMap<AccountId, Account>, Error> {
    let visible = |account: &Account| {
        let is_meant = |(scope, tier, id): &(Scope, Tier, AccountId)| {
            *id == account.id && *tier == account.tier && account.ancestry().is_in(*scope)
        };
        wanted.iter().any(is_meant)
    };
    let ids: BTreeSet<AccountId> = wanted.iter().map(|(_, _, id)| *id).collect();
    let mut keys: Vec<Key> = ids.into_iter().map(Key::from).collect();
    let mut found = of_ids(tx, &keys)?;
    found.retain(visible);
    if let StoreConnection::Postgresql(connection) = tx
        && !found.is_empty()
    {
        // What the caller can't see is not locked, or the wait for it would tell that it is there.
        keys.retain(|key| found.iter().any(|account| Key::from(account.id) == *key));
        let locked = accounts::table.filter(accounts::id.eq_any(keys.clone())).select(accounts::id);
        let locked = locked.order(accounts::id);
        let _: Vec<Key> = match hold {
            Lock::Shared => locked.for_share().load(connection)?,
            Lock::Exclusive => locked.for_no_key_update().load(connection)?,
        };
        found = of_ids(tx, &keys)?;
        found.retain(visible);
    }
    Ok(found.into_iter().map(|account| (account.id, account)).collect())
}

/// Loads accounts to be known on this snapshot, all in one statement. Takes no scope: [`known_by_id`] does.
pub(crate) fn load_known(tx: &mut StoreConnection, known: &mut Known, ids: &HashSet<AccountId>) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let keys: Vec<Key> = ids.iter().copied().map(Key::from).collect();
    for id in ids {
        known.add_account(*id, None);
    }
    for account in of_ids(tx, &keys)? {
        known.add_account(account.id, Some(account));
    }
    Ok(())
}

/// Whether an account is in the scope (R8).
pub fn is_in_scope(tx: &mut StoreConnection, scope: &Scope, id: AccountId) -> Result<bool, Error> {
    let Some(top) = scope.account().map(Key::from) else { return Ok(true) };
    let visible = accounts::id.eq(top).or(accounts::master_reseller_id.eq(top)).or(accounts::reseller_id.eq(top));
    let found = accounts::table.filter(accounts::id.eq(Key::from(id))).filter(visible.assume_not_null());
    Ok(found.select(accounts::id).first::<Key>(tx).optional()?.is_some())
}

/// The open accounts of a tier with some of these e-mail addresses, given in canonical form, if they are in the scope; by
/// their addresses.
pub fn by_emails(
    tx: &mut StoreConnection,
    scope: &Scope,
    tier: Tier,
    canonical: &[&str],
) -> Result<HashMap<String, Account>, Error> {
    let holders: HashSet<Key> = email_holders(tx, canonical)?.into_values().collect();
    let mut found = of_ids(tx, &holders.into_iter().collect::<Vec<_>>())?;
    // An account also has claims for the addresses of its members, which don't count here.
    found.retain(|account| {
        account.tier == tier && account.ancestry().is_in(*scope) && canonical.contains(&account.email.canonical())
    });
    Ok(found.into_iter().map(|account| (account.email.canonical().to_owned(), account)).collect())
}

/// The accounts with these ids, in no particular order. Takes no scope: the ids must come from a query that has one.
pub(crate) fn of_ids(tx: &mut StoreConnection, ids: &[Key]) -> Result<Vec<Account>, Error> {
    let rows: Vec<Row> = match tx {
        _ if ids.is_empty() => Vec::new(),
        StoreConnection::Postgresql(connection) => QueryWhere(accounts::id.eq_any(ids)).load(connection)?,
        StoreConnection::Sqlite(connection) => {
            let mut rows = Vec::with_capacity(ids.len());
            for id in ids {
                rows.extend(QueryWhere(accounts::id.eq(*id)).get_result(connection).optional()?);
            }
            rows
        }
    };
    let found = rows.into_iter().map(account).collect::<Result<Vec<_>, _>>()?;
    let (mut enterprises, others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|account| account.tier == Tier::Enterprise);
    enterprises::complete(tx, &mut enterprises)?;
    enterprises.extend(others);
    Ok(enterprises)
}

/// Those of some accounts that are not active. Takes no scope: the ids must come from a query that has one.
pub(super) fn inactive(tx: &mut StoreConnection, ids: &BTreeSet<AccountId>) -> Result<HashSet<AccountId>, Error> {
    let inactive = accounts::table.filter(accounts::status.ne(Status::Active.as_str())).select(accounts::id);
    let keys: Vec<Key> = ids.iter().copied().map(Key::from).collect();
    let found: Vec<Key> = match tx {
        _ if keys.is_empty() => Vec::new(),
        StoreConnection::Postgresql(connection) => inactive.filter(accounts::id.eq_any(keys)).load(connection)?,
        StoreConnection::Sqlite(connection) => {
            let mut found = Vec::new();
            for key in keys {
                found.extend(inactive.filter(accounts::id.eq(key)).get_result::<Key>(connection).optional()?);
            }
            found
        }
    };
    Ok(found.into_iter().map(Key::id).collect())
}

/// Whether there is any account besides the platform.
pub fn any_below_platform(tx: &mut StoreConnection) -> Result<bool, Error> {
    let first: Option<Key> =
        accounts::table.filter(accounts::tier.ne(Tier::Platform.as_str())).select(accounts::id).first(tx).optional()?;
    Ok(first.is_some())
}
