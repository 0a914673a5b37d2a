//! Enterprises on the wire.

use chrono::{DateTime, Utc};
use domain::account::{Account, Tier};
use domain::enterprise::{self, EnterpriseChange, Switches, UserLimit};
use domain::id::GivenId;
use domain::values::text::{AccountName, BillingReference};
use persistence::accounts::Change;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::http::field::{self, Field, Unknown};
use crate::http::page::{Listed, Page};
use crate::http::validation::items_wrong;
use crate::http::{Valid, nullable};
use crate::resources::accounts::create;
use crate::resources::accounts::requests::View;
use crate::settings::sbc_regions::SbcRegionList;
use crate::views::account::{ActivationView, ServiceView, StatusView, services_view};
use crate::views::instant;

/// An enterprise: a customer that is connected with Teams.
#[expect(clippy::struct_excessive_bools, reason = "five independent switches are five bools")]
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"name": "Kiosk am Tor", "email": "admin@kiosk.example", "country": "DE", "sbc_regions": ["emea"], "user_limit": 25, "billing_reference": "K-0815"}))]
pub struct Enterprise {
    /// Its id.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The reseller that it belongs to.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub reseller_id: String,
    /// The master reseller that it belongs to.
    #[schema(example = "master_reseller_01h455vb4pex5vsknk084sn02q")]
    pub master_reseller_id: String,
    /// Its name.
    #[schema(value_type = field::AccountName)]
    pub name: String,
    /// The e-mail address of its Microsoft Global Administrator, in the spelling that was given.
    #[schema(value_type = field::EmailAddress)]
    pub email: String,
    /// Where it is: an ISO 3166-1 alpha-2 code.
    #[schema(value_type = field::Country)]
    pub country: &'static str,
    /// The codes of the regions whose SBCs connect it, in alphabetical order.
    #[schema(value_type = field::RegionCodes)]
    pub sbc_regions: Vec<String>,
    /// The services that it uses.
    #[schema(value_type = field::Services)]
    pub services: Vec<ServiceView>,
    /// Most users that it may have; `null` is as many as it likes.
    #[schema(value_type = Option<field::UserLimit>)]
    pub user_limit: Option<i32>,
    /// What it is called in the reseller's billing system, exactly as given; `null` if it has no name there.
    #[schema(value_type = Option<field::BillingReference>)]
    pub billing_reference: Option<String>,
    /// Whether its PBX plays the music on hold, not Teams.
    #[schema(example = true)]
    pub pbx_music_on_hold: bool,
    /// Whether it may read the SIP data of its PBXs, trunks and users.
    #[schema(example = false)]
    pub access_sip_data: bool,
    /// Whether it is asked to let its reseller manage Direct Routing in its Microsoft 365 tenant.
    #[schema(example = false)]
    pub request_management_consent: bool,
    /// Whether it may add extensions itself.
    #[schema(example = false)]
    pub can_add_extensions: bool,
    /// Whether its users may have numbers that are not from its own PBX or trunk.
    #[schema(example = false)]
    pub allow_external_numbers: bool,
    /// Its own status, whatever that of the accounts above it.
    pub status: StatusView,
    /// Whether it can be used: it and all accounts above it are active.
    #[schema(example = false)]
    pub operates: bool,
    /// Its latest activation e-mail; `null` once it is closed.
    pub activation: Option<ActivationView>,
    /// When its activation link was redeemed.
    #[serde(serialize_with = "instant::write_option")]
    pub activated_at: Option<DateTime<Utc>>,
    /// When it was closed.
    #[serde(serialize_with = "instant::write_option")]
    pub closed_at: Option<DateTime<Utc>>,
    /// When it was created.
    #[serde(serialize_with = "instant::write")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(serialize_with = "instant::write")]
    pub updated_at: DateTime<Utc>,
}

impl From<Account> for Enterprise {
    fn from(account: Account) -> Self {
        let (id, operates) = (account.id_text(), account.operates());
        let Account {
            id: _,
            tier: _,
            master_reseller_id,
            reseller_id,
            name,
            email,
            billing_reference,
            services,
            status,
            ancestors_active: _,
            version: _,
            created_at,
            updated_at,
            activated_at,
            closed_at,
            activation,
            enterprise,
        } = account;
        let enterprise::Enterprise { country, sbc_regions, user_limit, switches } =
            enterprise.expect("the store gives an enterprise what only it has");
        let Switches {
            pbx_music_on_hold,
            access_sip_data,
            request_management_consent,
            can_add_extensions,
            allow_external_numbers,
        } = switches;
        Self {
            id,
            reseller_id: reseller_id.map(|id| Tier::Reseller.format_id(id)).unwrap_or_default(),
            master_reseller_id: master_reseller_id.map(|id| Tier::MasterReseller.format_id(id)).unwrap_or_default(),
            name,
            email,
            country: country.as_str(),
            sbc_regions: sbc_regions.iter().map(|code| code.as_str().to_owned()).collect(),
            services: services_view(services),
            user_limit: user_limit.map(UserLimit::get),
            billing_reference,
            pbx_music_on_hold,
            access_sip_data,
            request_management_consent,
            can_add_extensions,
            allow_external_numbers,
            status: status.into(),
            operates,
            activation: activation.map(Into::into),
            activated_at,
            closed_at,
            created_at,
            updated_at,
        }
    }
}

impl View for Enterprise {
    const TIER: Tier = Tier::Enterprise;
    const PATH: &'static str = "/enterprises";
}

impl Listed for Enterprise {
    const PLURAL: &str = "enterprises";
}

/// A page of enterprises.
pub type EnterprisePage = Page<Enterprise>;

/// An enterprise to be created.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields, context = SbcRegionList)]
#[schema(example = json!({"name": "Kiosk am Tor", "email": "admin@kiosk.example", "country": "DE", "sbc_regions": ["emea"], "services": ["pbx"], "user_limit": 25, "billing_reference": "K-0815"}))]
pub struct CreateEnterprise {
    /// The reseller that it goes below: required from those above a reseller, refused from resellers, whose own account
    /// it is.
    #[serde(default)]
    reseller_id: nullable::Id,
    /// Its name: 1–120 characters, one of them visible.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    name: field::AccountName,
    /// The e-mail address of its Microsoft Global Administrator, who is invited. No other open account has it.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    email: field::EmailAddress,
    /// Where it is: an ISO 3166-1 alpha-2 code in capital letters.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    country: field::Country,
    /// The codes of the regions whose SBCs connect it, of those that `GET /sbc-regions` lists.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required, custom(function = on_offer, use_context))]
    sbc_regions: field::RegionCodes,
    /// The services that it uses, of those that its reseller has.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    services: field::Services,
    /// Most users that it may have; as many as it likes when left out or `null`.
    #[serde(default)]
    user_limit: nullable::UserLimit,
    /// What it is called in your billing system: any 1–255 characters but NUL, kept exactly as given.
    #[serde(default)]
    billing_reference: nullable::BillingReference,
    /// Whether its PBX plays the music on hold, not Teams.
    #[serde(default)]
    #[schema(value_type = bool, default = false)]
    pbx_music_on_hold: field::Flag,
    /// Whether it may read the SIP data of its PBXs, trunks and users.
    #[serde(default)]
    #[schema(value_type = bool, default = false)]
    access_sip_data: field::Flag,
    /// Whether it is asked to let its reseller manage Direct Routing in its Microsoft 365 tenant.
    #[serde(default)]
    #[schema(value_type = bool, default = false)]
    request_management_consent: field::Flag,
    /// Whether it may add extensions itself.
    #[serde(default)]
    #[schema(value_type = bool, default = false)]
    can_add_extensions: field::Flag,
    /// Whether its users may have numbers that are not from its own PBX or trunk.
    #[serde(default)]
    #[schema(value_type = bool, default = false)]
    allow_external_numbers: field::Flag,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<CreateEnterprise>> for create::CreateEnterprise {
    fn from(request: Valid<CreateEnterprise>) -> Self {
        let CreateEnterprise {
            reseller_id,
            name,
            email,
            country,
            sbc_regions,
            services,
            user_limit,
            billing_reference,
            pbx_music_on_hold,
            access_sip_data,
            request_management_consent,
            can_add_extensions,
            allow_external_numbers,
            unknown: _,
        } = request.into_inner();
        let switch = |field: field::Flag| field.given().unwrap_or_default();
        Self {
            // `null` means the same as leaving it out.
            reseller_id: reseller_id.given().map(GivenId::into_string),
            name: name.required(),
            email: email.required(),
            services: services.required(),
            billing_reference: billing_reference.given(),
            enterprise: enterprise::Enterprise {
                country: country.required(),
                sbc_regions: sbc_regions.required().into(),
                user_limit: user_limit.given(),
                switches: Switches {
                    pbx_music_on_hold: switch(pbx_music_on_hold),
                    access_sip_data: switch(access_sip_data),
                    request_management_consent: switch(request_management_consent),
                    can_add_extensions: switch(can_add_extensions),
                    allow_external_numbers: switch(allow_external_numbers),
                },
            },
        }
    }
}

/// A merge patch of an enterprise (RFC 7396): members that are absent stay as they are; `user_limit` and
/// `billing_reference` can be `null`.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields, context = SbcRegionList)]
#[schema(example = json!({"name": "Kiosk am Markt"}))]
pub struct PatchEnterprise {
    /// A new name.
    #[serde(default)]
    name: field::AccountName,
    /// A new e-mail address, only while the enterprise is pending: earlier links are void and a new e-mail goes out.
    #[serde(default)]
    email: field::EmailAddress,
    /// A new country: an ISO 3166-1 alpha-2 code in capital letters.
    #[serde(default)]
    country: field::Country,
    /// New SBC regions.
    #[serde(default)]
    #[validate(custom(function = on_offer, use_context))]
    sbc_regions: field::RegionCodes,
    /// New services, of those that the reseller has.
    #[serde(default)]
    services: field::Services,
    /// A new user limit; `null` takes it away.
    #[serde(default)]
    user_limit: nullable::UserLimit,
    /// A new billing reference, kept exactly as given; `null` takes it away.
    #[serde(default)]
    billing_reference: nullable::BillingReference,
    /// Whether its PBX plays the music on hold, not Teams.
    #[serde(default)]
    #[schema(value_type = bool)]
    pbx_music_on_hold: field::Flag,
    /// Whether it may read the SIP data of its PBXs, trunks and users.
    #[serde(default)]
    #[schema(value_type = bool)]
    access_sip_data: field::Flag,
    /// Whether it is asked to let its reseller manage Direct Routing in its Microsoft 365 tenant.
    #[serde(default)]
    #[schema(value_type = bool)]
    request_management_consent: field::Flag,
    /// Whether it may add extensions itself.
    #[serde(default)]
    #[schema(value_type = bool)]
    can_add_extensions: field::Flag,
    /// Whether its users may have numbers that are not from its own PBX or trunk.
    #[serde(default)]
    #[schema(value_type = bool)]
    allow_external_numbers: field::Flag,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<PatchEnterprise>> for Change {
    fn from(request: Valid<PatchEnterprise>) -> Self {
        let PatchEnterprise {
            name,
            email,
            country,
            sbc_regions,
            services,
            user_limit,
            billing_reference,
            pbx_music_on_hold,
            access_sip_data,
            request_management_consent,
            can_add_extensions,
            allow_external_numbers,
            unknown: _,
        } = request.into_inner();
        Self {
            name: name.given().map(AccountName::into_string),
            email: email.given(),
            services: services.given(),
            billing_reference: billing_reference.change().map(|text| text.map(BillingReference::into_string)),
            enterprise: EnterpriseChange {
                country: country.given(),
                sbc_regions: sbc_regions.given().map(Into::into),
                user_limit: user_limit.change(),
                pbx_music_on_hold: pbx_music_on_hold.given(),
                access_sip_data: access_sip_data.given(),
                request_management_consent: request_management_consent.given(),
                can_add_extensions: can_add_extensions.given(),
                allow_external_numbers: allow_external_numbers.given(),
            },
        }
    }
}

/// Regions are of those that are configured.
fn on_offer(codes: &field::RegionCodes, offered: &SbcRegionList) -> Result<(), ValidationError> {
    match codes {
        Field::Given(codes) => codes.among(offered.codes()).map(drop).map_err(items_wrong),
        _ => Ok(()),
    }
}
