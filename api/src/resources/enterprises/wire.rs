//! Enterprises on the wire.

use chrono::{DateTime, Utc};
use domain::account::{Account, Tier};
use domain::enterprise;
use domain::enterprise::{Country, EnterpriseChange, SbcRegionCode, SbcRegions, Switches, UserLimit};
use persistence::accounts::Change;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Error;
use crate::http::body::refuse_empty;
use crate::http::{Field, Members, Unknown};
use crate::resources::accounts::create;
use crate::resources::accounts::requests::View;
use crate::resources::accounts::wire::{billing_reference, email, name, services};
use crate::views::account::{ActivationView, ServiceView, StatusView, services_view};
use crate::views::instant;

/// An enterprise: a customer that is connected with Teams.
#[expect(clippy::struct_excessive_bools, reason = "five independent switches are five bools")]
#[derive(Debug, Serialize, ToSchema)]
pub struct Enterprise {
    /// Its id.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub id: String,
    /// The reseller that it belongs to.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub reseller_id: String,
    /// The master reseller that it belongs to.
    #[schema(example = "master_reseller_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub master_reseller_id: String,
    /// Its name.
    #[schema(example = "Kiosk am Tor", min_length = 1, max_length = 120)]
    pub name: String,
    /// The e-mail address of its Microsoft Global Administrator, in the spelling that was given.
    #[schema(example = "admin@kiosk.example", format = "email", max_length = 254)]
    pub email: String,
    /// Where it is: an ISO 3166-1 alpha-2 code.
    #[schema(example = "DE", min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$")]
    pub country: &'static str,
    /// The codes of the regions whose SBCs connect it, in alphabetical order.
    #[schema(example = json!(["emea"]), min_items = 1, max_items = 100)]
    pub sbc_regions: Vec<String>,
    /// The services that it uses.
    #[schema(min_items = 1, max_items = 2)]
    pub services: Vec<ServiceView>,
    /// Most users that it may have; `null` is as many as it likes.
    #[schema(example = 25, minimum = 0, maximum = 1_000_000)]
    pub user_limit: Option<i32>,
    /// What it is called in the reseller's billing system, exactly as given; `null` if it has no name there.
    #[schema(example = "K-0815", min_length = 1, max_length = 255)]
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

/// A page of enterprises.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnterprisePage {
    /// The enterprises of this page, in the list's order.
    #[schema(max_items = 200)]
    pub items: Vec<Enterprise>,
    /// Give it as `cursor` to get the next page; `null` on the last one.
    #[schema(max_length = 60)]
    pub next_cursor: Option<String>,
}

/// An enterprise to be created.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct CreateEnterprise {
    /// The reseller that it goes below: required from those above a reseller, refused from resellers, whose own account
    /// it is.
    #[schema(value_type = Option<String>, max_length = 60)]
    #[serde(default)]
    reseller_id: Field<String>,
    /// Its name: 1–120 characters, one of them visible.
    #[schema(value_type = String, required = true, example = "Kiosk am Tor", min_length = 1, max_length = 120)]
    #[serde(default)]
    name: Field<String>,
    /// The e-mail address of its Microsoft Global Administrator, who is invited. No other open account has it.
    #[schema(value_type = String, required = true, example = "admin@kiosk.example", format = "email", min_length = 3, max_length = 254)]
    #[serde(default)]
    email: Field<String>,
    /// Where it is: an ISO 3166-1 alpha-2 code in capital letters.
    #[schema(value_type = String, required = true, example = "DE", min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$")]
    #[serde(default)]
    country: Field<String>,
    /// The codes of the regions whose SBCs connect it, of those that `GET /sbc-regions` lists.
    #[schema(value_type = Vec<String>, required = true, min_items = 1, max_items = 100, example = json!(["emea"]))]
    #[serde(default)]
    sbc_regions: Field<Vec<String>>,
    /// The services that it uses, of those that its reseller has.
    #[schema(value_type = Vec<ServiceView>, required = true, min_items = 1, max_items = 2, example = json!(["pbx"]))]
    #[serde(default)]
    services: Field<Vec<String>>,
    /// Most users that it may have; as many as it likes when left out or `null`.
    #[schema(value_type = Option<i32>, minimum = 0, maximum = 1_000_000, example = 25)]
    #[serde(default)]
    user_limit: Field<i64>,
    /// What it is called in your billing system: any 1–255 characters but NUL, kept exactly as given.
    #[schema(value_type = Option<String>, example = "K-0815", min_length = 1, max_length = 255)]
    #[serde(default)]
    billing_reference: Field<String>,
    /// Whether its PBX plays the music on hold, not Teams.
    #[schema(value_type = bool, required = false, default = false)]
    #[serde(default)]
    pbx_music_on_hold: Field<bool>,
    /// Whether it may read the SIP data of its PBXs, trunks and users.
    #[schema(value_type = bool, required = false, default = false)]
    #[serde(default)]
    access_sip_data: Field<bool>,
    /// Whether it is asked to let its reseller manage Direct Routing in its Microsoft 365 tenant.
    #[schema(value_type = bool, required = false, default = false)]
    #[serde(default)]
    request_management_consent: Field<bool>,
    /// Whether it may add extensions itself.
    #[schema(value_type = bool, required = false, default = false)]
    #[serde(default)]
    can_add_extensions: Field<bool>,
    /// Whether its users may have numbers that are not from its own PBX or trunk.
    #[schema(value_type = bool, required = false, default = false)]
    #[serde(default)]
    allow_external_numbers: Field<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl CreateEnterprise {
    /// The command, or everything that is wrong with it.
    pub fn command(self, offered: &[SbcRegionCode]) -> Result<create::CreateEnterprise, Error> {
        let mut members = Members::new(self.unknown);
        // `null` means the same as leaving it out.
        let parent = members.nullable("/reseller_id", self.reseller_id, |text| Ok(text.to_owned())).flatten();
        let name = members.required("/name", self.name, name);
        let email = members.required("/email", self.email, email);
        let country = members.required("/country", self.country, Country::parse);
        let regions = sbc_regions(&mut members, self.sbc_regions, offered, true);
        let services = services(&mut members, self.services, true);
        let limit = members.nullable("/user_limit", self.user_limit, |number| UserLimit::parse(*number)).flatten();
        let reference = members.nullable("/billing_reference", self.billing_reference, billing_reference).flatten();
        let mut switch = |pointer: &str, field| members.optional(pointer, field, |on| Ok(*on)).unwrap_or_default();
        let switches = Switches {
            pbx_music_on_hold: switch("/pbx_music_on_hold", self.pbx_music_on_hold),
            access_sip_data: switch("/access_sip_data", self.access_sip_data),
            request_management_consent: switch("/request_management_consent", self.request_management_consent),
            can_add_extensions: switch("/can_add_extensions", self.can_add_extensions),
            allow_external_numbers: switch("/allow_external_numbers", self.allow_external_numbers),
        };
        let command = (|| {
            Some(create::CreateEnterprise {
                reseller_id: parent,
                name: name?,
                email: email?,
                services: services?,
                billing_reference: reference,
                enterprise: enterprise::Enterprise {
                    country: country?,
                    sbc_regions: regions?,
                    user_limit: limit,
                    switches,
                },
            })
        })();
        members.finish(command)
    }
}

/// A merge patch of an enterprise (RFC 7396): members that are absent stay as they are; `user_limit` and
/// `billing_reference` can be `null`.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PatchEnterprise {
    /// A new name.
    #[schema(value_type = String, required = false, example = "Kiosk am Markt", min_length = 1, max_length = 120)]
    #[serde(default)]
    name: Field<String>,
    /// A new e-mail address, only while the enterprise is pending: earlier links are void and a new e-mail goes out.
    #[schema(value_type = String, required = false, format = "email", min_length = 3, max_length = 254)]
    #[serde(default)]
    email: Field<String>,
    /// A new country: an ISO 3166-1 alpha-2 code in capital letters.
    #[schema(value_type = String, required = false, min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$")]
    #[serde(default)]
    country: Field<String>,
    /// New SBC regions.
    #[schema(value_type = Vec<String>, required = false, min_items = 1, max_items = 100)]
    #[serde(default)]
    sbc_regions: Field<Vec<String>>,
    /// New services, of those that the reseller has.
    #[schema(value_type = Vec<ServiceView>, required = false, min_items = 1, max_items = 2)]
    #[serde(default)]
    services: Field<Vec<String>>,
    /// A new user limit; `null` takes it away.
    #[schema(value_type = Option<i32>, minimum = 0, maximum = 1_000_000)]
    #[serde(default)]
    user_limit: Field<i64>,
    /// A new billing reference, kept exactly as given; `null` takes it away.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    #[serde(default)]
    billing_reference: Field<String>,
    /// Whether its PBX plays the music on hold, not Teams.
    #[schema(value_type = bool, required = false)]
    #[serde(default)]
    pbx_music_on_hold: Field<bool>,
    /// Whether it may read the SIP data of its PBXs, trunks and users.
    #[schema(value_type = bool, required = false)]
    #[serde(default)]
    access_sip_data: Field<bool>,
    /// Whether it is asked to let its reseller manage Direct Routing in its Microsoft 365 tenant.
    #[schema(value_type = bool, required = false)]
    #[serde(default)]
    request_management_consent: Field<bool>,
    /// Whether it may add extensions itself.
    #[schema(value_type = bool, required = false)]
    #[serde(default)]
    can_add_extensions: Field<bool>,
    /// Whether its users may have numbers that are not from its own PBX or trunk.
    #[schema(value_type = bool, required = false)]
    #[serde(default)]
    allow_external_numbers: Field<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl PatchEnterprise {
    /// The command, or everything that is wrong with it.
    pub fn command(self, offered: &[SbcRegionCode]) -> Result<Change, Error> {
        let mut members = Members::new(self.unknown);
        let name = members.optional("/name", self.name, name).map(domain::values::text::AccountName::into_string);
        let email = members.optional("/email", self.email, email);
        let country = members.optional("/country", self.country, Country::parse);
        let sbc_regions = sbc_regions(&mut members, self.sbc_regions, offered, false);
        let services = services(&mut members, self.services, false);
        let user_limit = members.nullable("/user_limit", self.user_limit, |number| UserLimit::parse(*number));
        let reference = members.nullable("/billing_reference", self.billing_reference, billing_reference);
        let mut switch = |pointer: &str, field| members.optional(pointer, field, |on| Ok(*on));
        let enterprise = EnterpriseChange {
            country,
            sbc_regions,
            user_limit,
            pbx_music_on_hold: switch("/pbx_music_on_hold", self.pbx_music_on_hold),
            access_sip_data: switch("/access_sip_data", self.access_sip_data),
            request_management_consent: switch("/request_management_consent", self.request_management_consent),
            can_add_extensions: switch("/can_add_extensions", self.can_add_extensions),
            allow_external_numbers: switch("/allow_external_numbers", self.allow_external_numbers),
        };
        let billing_reference = reference.map(|text| text.map(domain::values::text::BillingReference::into_string));
        let change = Change { name, email, services, billing_reference, enterprise };
        let change = members.finish(Some(change))?;
        refuse_empty(change == Change::default())?;
        Ok(change)
    }
}

/// Parses a selection of SBC regions, each wrong code with a pointer of its own.
fn sbc_regions(
    members: &mut Members,
    field: Field<Vec<String>>,
    offered: &[SbcRegionCode],
    required: bool,
) -> Option<SbcRegions> {
    let codes = if required {
        members.required("/sbc_regions", field, |codes| Ok(codes.to_vec()))?
    } else {
        members.optional("/sbc_regions", field, |codes| Ok(codes.to_vec()))?
    };
    let parsed = SbcRegions::parse(&codes, offered);
    members.selection("/sbc_regions", parsed)
}
