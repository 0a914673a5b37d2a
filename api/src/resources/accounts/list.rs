//! Which accounts a list request asks for.

use domain::account::Tier;
use domain::enterprise::{Country, SbcRegionCode};
use domain::id::AccountId;
use domain::limits::{BILLING_REFERENCE_MAX, SEARCH_MAX};
use domain::services::Service;
use domain::status::Status;
use persistence::accounts::Filter;

use crate::error::Error;
use crate::http::page::Paging;
use crate::http::query::{Query, up_to};

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
        let (newest_first, limit) = (paging.newest_first, paging.limit + 1);
        let mut filter = Filter { status, service, search, newest_first, ..Filter::all(tier, limit) };
        // What an account does not have can't be asked for.
        if matches!(tier, Tier::Reseller | Tier::Enterprise) {
            filter.billing_reference =
                query.take("billing_reference", "1–255 characters", |text| up_to(text, BILLING_REFERENCE_MAX))?;
        }
        if tier == Tier::Reseller {
            filter.master_reseller_id = query.take("master_reseller_id", "the id of a master reseller", |text| {
                Tier::MasterReseller.parse_id(text)
            })?;
        }
        if tier == Tier::Enterprise {
            filter.reseller_id =
                query.take("reseller_id", "the id of a reseller", |text| Tier::Reseller.parse_id(text))?;
            filter.country =
                query.take("country", "an ISO 3166-1 code such as DE", |text| Country::parse(text).ok())?;
            filter.sbc_region = query.take("sbc_region", "the code of an SBC region", SbcRegionCode::parse)?;
        }
        query.finish()?;
        Ok(Self { paging, filter })
    }

    /// What to ask the store for, for a caller.
    pub fn filter(&self, caller: &str) -> Result<Filter, Error> {
        Ok(Filter { after: self.paging.after(caller)?.map(AccountId::from_uuid), ..self.filter.clone() })
    }
}
