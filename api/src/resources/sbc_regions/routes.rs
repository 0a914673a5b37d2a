//! Handler of `/sbc-regions`.

use actix_web::get;
use domain::authority::Target;
use domain::limits;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Read;
use crate::app::Call;
use crate::error::Result;
use crate::http::{Answer, field};
use crate::settings::sbc_regions::SbcRegion;
use crate::shown;

/// A region whose session border controllers connect enterprises to Teams.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SbcRegion)]
#[schema(example = json!({"code": "emea", "name": "Europe, Middle East, Africa", "base_domain": "emea.teammate.example", "sbcs": ["sbc1.emea.teammate.example"]}))]
pub struct SbcRegionView {
    /// The code to use in an enterprise's `sbc_regions`.
    #[schema(value_type = shown::SbcRegionCode)]
    pub code: String,
    /// The display name of the region.
    #[schema(value_type = field::AccountName)]
    pub name: String,
    /// The domain below which the domains of this region's routes are.
    #[schema(value_type = shown::RouteDomain)]
    pub base_domain: String,
    /// The host names of the region's session border controllers.
    #[schema(value_type = shown::SomeSbcs)]
    pub sbcs: Vec<String>,
}

/// All SBC regions.
#[derive(Debug, Serialize, ToSchema)]
pub struct SbcRegionList {
    /// The regions.
    #[schema(value_type = SbcRegions)]
    pub items: Vec<SbcRegionView>,
}

impl From<&SbcRegion> for SbcRegionView {
    fn from(region: &SbcRegion) -> Self {
        let SbcRegion { code, name, base_domain, sbcs } = region;
        Self {
            code: code.as_str().to_owned(),
            name: name.clone(),
            base_domain: base_domain.as_str().to_owned(),
            sbcs: sbcs.iter().map(|sbc| sbc.as_str().to_owned()).collect(),
        }
    }
}

/// List SBC regions
///
/// Lists the regions from which enterprises can be connected to Teams. The list is complete and not paged.
#[utoipa::path(responses((status = 200, description = "All regions.", body = SbcRegionList)))]
#[get("/sbc-regions")]
pub(crate) async fn list_sbc_regions(call: Call<Read>) -> Result<Answer> {
    let items = call.app.settings.sbc_regions.regions().iter().map(SbcRegionView::from).collect();
    let list = Answer::ok(&SbcRegionList { items })?;
    call.read(move |_, actor| actor.may(Target::Catalogue).map(|()| list.clone())).await
}

type SbcRegions = shown::Many<SbcRegionView, 1, { limits::SBC_REGIONS_MAX }>;
