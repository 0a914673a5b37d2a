//! Accounts one at a time, and what stands below one.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};
use domain::account::{Account, Scope, Status, Tier};
use domain::email::EmailAddress;
use domain::id::AccountId;
use domain::limits::BLOCKERS_LISTED;
use domain::refusal::{Blocker, Blockers};
use domain::services::Service;

use super::row::{Row, account, parse_status, query, query_where};
use crate::connection::{MultiBackend, StoreConnection, on};
use crate::error::Error;
use crate::key::Key;
use crate::prepared::Prepared;
use crate::schema::{accounts, email_addresses};
use crate::{enterprises, telephony};

/// The account with this id and tier, if it is in the scope (R8).
pub fn by_id(tx: &mut StoreConnection, scope: &Scope, tier: Tier, id: AccountId) -> Result<Option<Account>, Error> {
    let everything = scope.account().is_none();
    let top = scope.account().map(Key::from);
    // The account or one above it is the caller's: said once for all tiers, on a row that is already found by its id.
    let visible = accounts::id
        .nullable()
        .eq(top)
        .or(accounts::master_reseller_id.eq(top))
        .or(accounts::reseller_id.eq(top))
        .or(everything.into_sql::<Nullable<Bool>>());
    let found = query_where(accounts::id.eq(Key::from(id)).and(accounts::tier.eq(tier.as_str())).and(visible));
    let row: Option<Row> = on!(tx, connection => Prepared(found).get_result(connection)).optional()?;
    let mut found = row.map(account).transpose()?;
    if tier == Tier::Enterprise {
        enterprises::complete(tx, found.as_mut_slice())?;
    }
    Ok(found)
}

/// The open account of a tier that has an address, if it is in the scope.
pub fn by_email(
    tx: &mut StoreConnection,
    scope: &Scope,
    tier: Tier,
    email: &EmailAddress,
) -> Result<Option<Account>, Error> {
    let claim = email_addresses::table.filter(email_addresses::canonical.eq(email.canonical()));
    let holder: Option<Key> =
        on!(tx, connection => claim.select(email_addresses::account_id).first(connection)).optional()?;
    let Some(holder) = holder else { return Ok(None) };
    // Addresses of further members are claimed for the account as well.
    let own =
        |account: &Account| EmailAddress::parse(&account.email).is_ok_and(|own| own.canonical() == email.canonical());
    Ok(by_id(tx, scope, tier, holder.id())?.filter(own))
}

/// The accounts with these ids, in no order, for who has found them in a scope.
pub(crate) fn of_ids(tx: &mut StoreConnection, ids: &[Key]) -> Result<Vec<Account>, Error> {
    let rows: Vec<Row> = query().filter(accounts::id.eq_any(ids)).load(tx)?;
    let found = rows.into_iter().map(account).collect::<Result<Vec<_>, _>>()?;
    let (mut enterprises, others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|account| account.tier == Tier::Enterprise);
    enterprises::complete(tx, &mut enterprises)?;
    enterprises.extend(others);
    Ok(enterprises)
}

/// Whether there is any account but the platform's own.
pub fn any_below_platform(tx: &mut StoreConnection) -> Result<bool, Error> {
    let first: Option<Key> =
        accounts::table.filter(accounts::tier.ne(Tier::Platform.as_str())).select(accounts::id).first(tx).optional()?;
    Ok(first.is_some())
}

/// What is below an account and keeps it from closing (R7): open accounts; PBXs, trunks and users of an enterprise.
pub fn open_descendants(tx: &mut StoreConnection, account: &Account) -> Result<Blockers, Error> {
    match account.tier {
        Tier::Enterprise => telephony::everything(tx, account.id),
        Tier::Platform | Tier::MasterReseller | Tier::Reseller => descendants(tx, account, None),
    }
}

/// What is below an account and uses a service, which keeps it from being taken away (R5).
pub fn open_descendants_with(tx: &mut StoreConnection, account: &Account, service: Service) -> Result<Blockers, Error> {
    match account.tier {
        Tier::Enterprise => telephony::with_service(tx, account.id, service),
        Tier::Platform | Tier::MasterReseller | Tier::Reseller => descendants(tx, account, Some(service)),
    }
}

type Open = accounts::BoxedQuery<'static, MultiBackend>;

fn descendants(tx: &mut StoreConnection, account: &Account, service: Option<Service>) -> Result<Blockers, Error> {
    let select = || -> Option<Open> {
        let open: Open = accounts::table.filter(accounts::status.ne(Status::Closed.as_str())).into_boxed();
        let id = Key::from(account.id);
        let below = match account.tier {
            Tier::Platform => open.filter(accounts::tier.ne(Tier::Platform.as_str())),
            Tier::MasterReseller => {
                open.filter(accounts::master_reseller_id.eq(id)).filter(accounts::tier.ne(account.tier.as_str()))
            }
            Tier::Reseller => {
                open.filter(accounts::reseller_id.eq(id)).filter(accounts::tier.ne(account.tier.as_str()))
            }
            Tier::Enterprise => return None,
        };
        Some(match service {
            None => below,
            Some(Service::Pbx) => below.filter(accounts::service_pbx.eq(true)),
            Some(Service::Trunk) => below.filter(accounts::service_trunk.eq(true)),
        })
    };
    let (Some(counted), Some(listed)) = (select(), select()) else { return Ok(Blockers::default()) };
    let total = counted.select(sql::<diesel::sql_types::BigInt>("count(*)")).first(tx)?;
    let rows: Vec<(Key, String, String, String)> = listed
        .select((accounts::id, accounts::tier, accounts::name, accounts::status))
        .order(accounts::id)
        .limit(BLOCKERS_LISTED)
        .load(tx)?;
    let listed = rows
        .into_iter()
        .map(|(id, tier, name, status)| {
            let tier = Tier::parse(&tier).ok_or_else(|| Error::Corrupt(format!("tier {tier:?}")))?;
            let status = parse_status(&status)?.as_str();
            Ok(Blocker { kind: tier.as_str(), id: tier.format_id(id.id()), name, status })
        })
        .collect::<Result<_, Error>>()?;
    Ok(Blockers { listed, total })
}
