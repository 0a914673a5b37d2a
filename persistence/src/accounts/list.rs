//! Lists of accounts by page, sorted by id, which is the order of creation (W3).

use std::collections::BTreeSet;

use diesel::prelude::*;
use domain::account::{Account, Scope, Tier};
use domain::enterprise::{Country, SbcRegionCode};
use domain::id::AccountId;
use domain::services::Service;
use domain::status::Status;

use super::find::inactive;
use super::row::{QueryList, Row, account};
use crate::enterprises::complete;
use crate::history::above;
use crate::schema::{accounts, enterprise_sbc_regions, enterprises};
use crate::store::connection::{StoreConnection, on};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::page::page;
use crate::store::text::search_pattern;

/// Filter and page of a list of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Only accounts of this tier.
    pub tier: Tier,
    /// Only accounts below this master reseller.
    pub master_reseller_id: Option<AccountId>,
    /// Only accounts below this reseller.
    pub reseller_id: Option<AccountId>,
    /// Only enterprises in this country.
    pub country: Option<Country>,
    /// Only enterprises with this SBC region.
    pub sbc_region: Option<SbcRegionCode>,
    /// Only accounts with this status.
    pub status: Option<Status>,
    /// Only accounts with this service.
    pub service: Option<Service>,
    /// Only accounts with exactly this billing reference.
    pub billing_reference: Option<String>,
    /// Only accounts whose name, e-mail address or billing reference contains this text, ignoring case.
    pub search: Option<String>,
    /// Newest first instead of oldest first.
    pub newest_first: bool,
    /// The cursor: only accounts after this one in the sort order.
    pub after: Option<AccountId>,
    /// Most accounts to return.
    pub limit: i64,
}

impl Filter {
    /// A filter for the first accounts of a tier, oldest first, without further conditions.
    #[must_use]
    pub const fn all(tier: Tier, limit: i64) -> Self {
        Self {
            tier,
            master_reseller_id: None,
            reseller_id: None,
            country: None,
            sbc_region: None,
            status: None,
            service: None,
            billing_reference: None,
            search: None,
            newest_first: false,
            after: None,
            limit,
        }
    }
}

/// The accounts of a scope that match a filter.
pub fn list(tx: &mut StoreConnection, scope: &Scope, filter: &Filter) -> Result<Vec<Account>, Error> {
    let rows: Vec<Row> = on!(tx, connection => {
        let mut wanted = QueryList::new(filter.newest_first, connection);
        wanted.filter(accounts::tier.eq(filter.tier.as_str()));
        match *scope {
            Scope::Platform => {}
            Scope::MasterReseller(id) => wanted.filter(accounts::master_reseller_id.eq(Key::from(id))),
            Scope::Reseller(id) => wanted.filter(accounts::reseller_id.eq(Key::from(id))),
            Scope::Enterprise(id) => wanted.filter(accounts::id.eq(Key::from(id))),
        }
        if let Some(id) = filter.master_reseller_id {
            wanted.filter(accounts::master_reseller_id.eq(Key::from(id)));
        }
        if let Some(id) = filter.reseller_id {
            wanted.filter(accounts::reseller_id.eq(Key::from(id)));
        }
        if let Some(country) = filter.country {
            let there = enterprises::table.filter(enterprises::country.eq(country.as_str()));
            wanted.filter(accounts::id.eq_any(there.select(enterprises::account_id)));
        }
        if let Some(region) = &filter.sbc_region {
            let connected = enterprise_sbc_regions::table.filter(enterprise_sbc_regions::region.eq(region.as_str()));
            wanted.filter(accounts::id.eq_any(connected.select(enterprise_sbc_regions::account_id)));
        }
        if let Some(status) = filter.status {
            wanted.filter(accounts::status.eq(status.as_str()));
        }
        match filter.service {
            None => {}
            Some(Service::Pbx) => wanted.filter(accounts::service_pbx.eq(true)),
            Some(Service::Trunk) => wanted.filter(accounts::service_trunk.eq(true)),
        }
        if let Some(reference) = &filter.billing_reference {
            wanted.filter(accounts::billing_reference.eq(reference));
        }
        if let Some(text) = &filter.search {
            wanted.filter(accounts::search_text.like(search_pattern(text)).escape('\\'));
        }
        match (filter.newest_first, filter.after.map(Key::from)) {
            (_, None) => {}
            (false, Some(after)) => wanted.filter(accounts::id.gt(after)),
            (true, Some(after)) => wanted.filter(accounts::id.lt(after)),
        }
        page(wanted, filter.limit, connection)
    })?;
    let mut found = rows.into_iter().map(account).collect::<Result<Vec<_>, _>>()?;
    note_ancestors(tx, &mut found)?;
    if filter.tier == Tier::Enterprise {
        complete(tx, &mut found)?;
    }
    Ok(found)
}

/// Completes accounts by whether those above them are active. Most accounts of a page have the same above them, so each
/// of these is looked up once.
fn note_ancestors(tx: &mut StoreConnection, accounts: &mut [Account]) -> Result<(), Error> {
    let ancestors = |account: &Account| {
        let (master, reseller) = above(account.tier, account.master_reseller_id, account.reseller_id);
        [master, reseller].into_iter().flatten()
    };
    let ids: BTreeSet<AccountId> = accounts.iter().flat_map(ancestors).collect();
    let inactive = inactive(tx, &ids)?;
    for account in accounts {
        account.ancestors_active = !ancestors(account).any(|id| inactive.contains(&id));
    }
    Ok(())
}
