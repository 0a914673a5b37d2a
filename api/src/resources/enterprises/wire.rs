//! JSON of enterprises.

use chrono::{DateTime, Utc};
use domain::account::{Account, Tier};
use domain::enterprise::{self, EnterpriseChange, Switches, UserLimit};
use domain::id::GivenId;
use domain::values::text::{AccountName, BillingReference};
use persistence::accounts::Change;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::http::field::{self, Field};
use crate::http::page::{Listed, Page};
use crate::http::validation::items_wrong;
use crate::http::{Valid, nullable};
use crate::resources::accounts::create::CreateAccount;
use crate::resources::accounts::requests::View;
use crate::settings::sbc_regions::SbcRegionList;
use crate::views::account::{ActivationView, ServiceView, StatusView, services_view};
use crate::views::instant;

/// An enterprise: a customer whose phone system is connected to Teams.
#[expect(clippy::struct_excessive_bools, reason = "five independent switches are five bools")]
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"name": "Kiosk am Tor", "email": "admin@kiosk.example", "country": "DE", "sbc_regions": ["emea"], "user_limit": 25, "billing_reference": "K-0815"}))]
pub struct Enterprise {
    /// Its id.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// Id of the reseller that it belongs to.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub reseller_id: String,
    /// Id of the master reseller that it belongs to.
    #[schema(example = "master_reseller_01h455vb4pex5vsknk084sn02q")]
    pub master_reseller_id: String,
    /// Its name.
    #[schema(value_type = field::AccountName)]
    pub name: String,
    /// The e-mail address of its Microsoft Global Administrator, spelled as it was given.
    #[schema(value_type = field::EmailAddress)]
    pub email: String,
    /// Its country: an ISO 3166-1 alpha-2 code.
    #[schema(value_type = field::Country)]
    pub country: &'static str,
    /// The codes of the regions whose SBCs connect it to Teams, in alphabetical order.
    #[schema(value_type = field::RegionCodes)]
    pub sbc_regions: Vec<String>,
    /// The services that it uses.
    #[schema(value_type = field::Services)]
    pub services: Vec<ServiceView>,
    /// Maximum number of users; `null` means unlimited.
    #[schema(value_type = Option<field::UserLimit>)]
    pub user_limit: Option<i32>,
    /// Its reference in the reseller's billing system, exactly as given; `null` if it has none.
    #[schema(value_type = Option<field::BillingReference>)]
    pub billing_reference: Option<String>,
    /// Whether music on hold comes from the PBX instead of from Teams.
    #[schema(example = true)]
    pub pbx_music_on_hold: bool,
    /// Whether the enterprise itself may read the SIP data of its PBXs, trunks and users.
    #[schema(example = false)]
    pub access_sip_data: bool,
    /// Whether the reseller asks the enterprise for consent to manage Direct Routing in its Microsoft 365 tenant.
    #[schema(example = false)]
    pub request_management_consent: bool,
    /// Whether the enterprise may add users (extensions) itself.
    #[schema(example = false)]
    pub can_add_extensions: bool,
    /// Whether users of a PBX may have phone numbers that do not come from the PBX.
    #[schema(example = false)]
    pub allow_external_numbers: bool,
    /// Its own status. Does not reflect the accounts above it: see `operates`.
    pub status: StatusView,
    /// Whether it can be used: `true` if it and all accounts above it are active.
    #[schema(example = false)]
    pub operates: bool,
    /// Its latest activation e-mail; `null` once the account is closed.
    pub activation: Option<ActivationView>,
    /// When its activation link was redeemed; `null` if it has not been.
    #[serde(serialize_with = "instant::write_option")]
    pub activated_at: Option<DateTime<Utc>>,
    /// When it was closed; `null` while it is open.
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
            email: email.into_given(),
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

/// The data of a new enterprise.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields, context = SbcRegionList)]
#[schema(example = json!({"name": "Kiosk am Tor", "email": "admin@kiosk.example", "country": "DE", "sbc_regions": ["emea"], "services": ["pbx"], "user_limit": 25, "billing_reference": "K-0815"}))]
pub struct CreateEnterprise {
    /// Id of its reseller. Required if you are a master reseller or staff. Not allowed if you are a reseller: your own
    /// account is its reseller.
    reseller_id: nullable::Id,
    /// Its name: 1–120 characters, at least one of them visible.
    #[schema(required = true)]
    #[validate(required)]
    name: field::AccountName,
    /// The e-mail address of its Microsoft Global Administrator, to which the activation link is sent. No other open
    /// account may have it.
    #[schema(required = true)]
    #[validate(required)]
    email: field::EmailAddress,
    /// Its country: an ISO 3166-1 alpha-2 code in capital letters.
    #[schema(required = true)]
    #[validate(required)]
    country: field::Country,
    /// The codes of the regions whose SBCs connect it to Teams. `GET /sbc-regions` lists the available codes.
    #[schema(required = true)]
    #[validate(required, custom(function = on_offer, use_context))]
    sbc_regions: field::RegionCodes,
    /// The services that it uses. Its reseller must have them.
    #[schema(required = true)]
    #[validate(required)]
    services: field::Services,
    /// Maximum number of users; unlimited if left out or `null`.
    user_limit: nullable::UserLimit,
    /// Its reference in the reseller's billing system: 1–255 characters, any except NUL. Stored exactly as given.
    billing_reference: nullable::BillingReference,
    /// Whether music on hold comes from the PBX instead of from Teams.
    #[schema(value_type = bool, default = false)]
    pbx_music_on_hold: field::Flag,
    /// Whether the enterprise itself may read the SIP data of its PBXs, trunks and users.
    #[schema(value_type = bool, default = false)]
    access_sip_data: field::Flag,
    /// Whether the reseller asks the enterprise for consent to manage Direct Routing in its Microsoft 365 tenant.
    #[schema(value_type = bool, default = false)]
    request_management_consent: field::Flag,
    /// Whether the enterprise may add users (extensions) itself.
    #[schema(value_type = bool, default = false)]
    can_add_extensions: field::Flag,
    /// Whether users of a PBX may have phone numbers that do not come from the PBX.
    #[schema(value_type = bool, default = false)]
    allow_external_numbers: field::Flag,
}

impl From<Valid<CreateEnterprise>> for CreateAccount {
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
        } = request.into_inner();
        let switch = |field: field::Flag| field.given().unwrap_or_default();
        Self {
            // `null` means the same as leaving it out.
            parent: reseller_id.given().map(GivenId::into_string),
            name: name.required(),
            email: email.required(),
            services: services.required(),
            billing_reference: billing_reference.given(),
            enterprise: Some(enterprise::Enterprise {
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
            }),
        }
    }
}

/// A merge patch of an enterprise (RFC 7396): absent fields keep their values. `null` removes `user_limit` or
/// `billing_reference`; no other field can be `null`.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields, context = SbcRegionList)]
#[schema(example = json!({"name": "Kiosk am Markt"}))]
pub struct PatchEnterprise {
    /// A new name.
    name: field::AccountName,
    /// A new e-mail address, allowed only while the enterprise is pending. A new activation e-mail is sent and earlier
    /// links stop working.
    email: field::EmailAddress,
    /// A new country: an ISO 3166-1 alpha-2 code in capital letters.
    country: field::Country,
    /// The complete new list of SBC regions. A region that has a started route cannot be removed.
    #[validate(custom(function = on_offer, use_context))]
    sbc_regions: field::RegionCodes,
    /// The complete new list of services. Its reseller must have them. A service that PBXs or trunks use cannot be
    /// removed.
    services: field::Services,
    /// A new maximum number of users; `null` removes the limit.
    user_limit: nullable::UserLimit,
    /// A new billing reference, stored exactly as given; `null` removes it.
    billing_reference: nullable::BillingReference,
    /// Whether music on hold comes from the PBX instead of from Teams.
    #[schema(value_type = bool)]
    pbx_music_on_hold: field::Flag,
    /// Whether the enterprise itself may read the SIP data of its PBXs, trunks and users.
    #[schema(value_type = bool)]
    access_sip_data: field::Flag,
    /// Whether the reseller asks the enterprise for consent to manage Direct Routing in its Microsoft 365 tenant.
    #[schema(value_type = bool)]
    request_management_consent: field::Flag,
    /// Whether the enterprise may add users (extensions) itself.
    #[schema(value_type = bool)]
    can_add_extensions: field::Flag,
    /// Whether users of a PBX may have phone numbers that do not come from the PBX.
    #[schema(value_type = bool)]
    allow_external_numbers: field::Flag,
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

/// Checks that all regions are configured.
fn on_offer(codes: &field::RegionCodes, offered: &SbcRegionList) -> Result<(), ValidationError> {
    match codes {
        Field::Given(codes) => codes.among(offered.codes()).map(drop).map_err(items_wrong),
        _ => Ok(()),
    }
}
