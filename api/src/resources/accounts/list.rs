//! Query parameters of the lists of accounts.

use domain::account::Tier;
use domain::enterprise::{Country, SbcRegionCode};
use domain::id::AccountId;
use domain::limits::{BILLING_REFERENCE_MAX, SEARCH_MAX};
use domain::services::Service;
use domain::status::Status;
use persistence::accounts::Filter;

use crate::error::Result;
use crate::http::page::Paging;
use crate::http::query::{Query, search_text};

/// A request for a page of accounts of one tier.
#[derive(Debug)]
pub struct ListRequest {
    /// The page: sort order, size and cursor.
    pub paging: Paging,
    filter: Filter,
}

impl ListRequest {
    /// Reads the query string (`text`) of a request for accounts of a tier. Unknown parameters are refused.
    pub fn read(tier: Tier, path: &'static str, text: &str) -> Result<Self> {
        let mut query = Query::read(text)?;
        let paging = Paging::from_query(path, text, &mut query)?;
        let status = query.parameter("status", "pending, active, suspended or closed", Status::parse)?;
        let service = query.parameter("service", "pbx or trunk", Service::parse)?;
        let search = query.parameter("q", "1–100 characters", |text| search_text(text, SEARCH_MAX))?;
        let (newest_first, limit) = (paging.newest_first, paging.limit + 1);
        let mut filter = Filter { status, service, search, newest_first, ..Filter::all(tier, limit) };
        // Filters on fields that the tier does not have are refused as unknown parameters.
        if matches!(tier, Tier::Reseller | Tier::Enterprise) {
            filter.billing_reference = query.parameter("billing_reference", "1–255 characters", |text| {
                search_text(text, BILLING_REFERENCE_MAX)
            })?;
        }
        if tier == Tier::Reseller {
            filter.master_reseller_id =
                query.parameter("master_reseller_id", "the id of a master reseller", |text| {
                    Tier::MasterReseller.parse_id(text)
                })?;
        }
        if tier == Tier::Enterprise {
            filter.reseller_id =
                query.parameter("reseller_id", "the id of a reseller", |text| Tier::Reseller.parse_id(text))?;
            filter.country =
                query.parameter("country", "an ISO 3166-1 code such as DE", |text| Country::parse(text).ok())?;
            filter.sbc_region = query.parameter("sbc_region", "the code of an SBC region", SbcRegionCode::parse)?;
        }
        query.finish()?;
        Ok(Self { paging, filter })
    }

    /// The database filter for this page. Fails if the cursor was issued to another caller.
    pub fn filter(&self, caller: &str) -> Result<Filter> {
        Ok(Filter { after: self.paging.after(caller)?.map(AccountId::from_uuid), ..self.filter.clone() })
    }
}
