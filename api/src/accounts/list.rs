//! Which accounts a list request asks for.

use domain::account::{Status, Tier};
use domain::id::AccountId;
use domain::limits::{BILLING_REFERENCE_MAX, SEARCH_MAX};
use domain::services::Service;
use persistence::accounts::Filter;

use crate::http::Error;
use crate::http::page::Paging;
use crate::http::query::Query;

/// A list request.
#[derive(Debug)]
pub struct ListRequest {
    /// Which page.
    pub paging: Paging,
    filter: Filter,
}

impl ListRequest {
    /// Reads the query string of a list of accounts of a tier.
    pub fn read(tier: Tier, path: &'static str, text: &str) -> Result<Self, Error> {
        let mut query = Query::read(text)?;
        let paging = Paging::take(path, text, &mut query)?;
        let status = query.take("status", "pending, active, suspended or closed", Status::parse)?;
        let service = query.take("service", "pbx or trunk", Service::parse)?;
        let search = query.take("q", "1–100 characters", |text| up_to(text, SEARCH_MAX))?;
        // Only resellers have a parent to choose and a reference to look for.
        let (master_reseller_id, billing_reference) = if tier == Tier::Reseller {
            (
                query.take("master_reseller_id", "the id of a master reseller", |text| {
                    Tier::MasterReseller.parse_id(text)
                })?,
                query.take("billing_reference", "1–255 characters", |text| up_to(text, BILLING_REFERENCE_MAX))?,
            )
        } else {
            (None, None)
        };
        query.finish()?;
        let newest_first = paging.newest_first;
        let limit = paging.limit + 1;
        let after = None;
        let filter =
            Filter { tier, master_reseller_id, status, service, billing_reference, search, newest_first, after, limit };
        Ok(Self { paging, filter })
    }

    /// What to ask the store for, for a caller.
    pub fn filter(&self, caller: &str) -> Result<Filter, Error> {
        Ok(Filter { after: self.paging.after(caller)?.map(AccountId::from_uuid), ..self.filter.clone() })
    }
}

/// A text that can be looked for: PostgreSQL can't even hold a NUL.
#[must_use]
pub fn up_to(text: &str, max: usize) -> Option<String> {
    let length = text.chars().count();
    ((1..=max).contains(&length) && !text.contains('\0')).then(|| text.to_owned())
}
