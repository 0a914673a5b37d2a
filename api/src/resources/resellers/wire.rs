//! Resellers on the wire.

use chrono::{DateTime, Utc};
use domain::account::{Account, Tier};
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

/// A reseller.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reseller {
    /// Its id.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub id: String,
    /// The master reseller that it belongs to.
    #[schema(example = "master_reseller_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub master_reseller_id: String,
    /// Its name.
    #[schema(example = "Nordwind Telefonie GmbH", min_length = 1, max_length = 120)]
    pub name: String,
    /// Its e-mail address, in the spelling that was given.
    #[schema(example = "office@nordwind.example", format = "email", max_length = 254)]
    pub email: String,
    /// The services that it may sell.
    #[schema(min_items = 1, max_items = 2)]
    pub services: Vec<ServiceView>,
    /// What it is called in the master reseller's billing system, exactly as given.
    #[schema(example = "CUST-4711", min_length = 1, max_length = 255)]
    pub billing_reference: String,
    /// Its own status, whatever its master reseller's.
    pub status: StatusView,
    /// Whether it can be used: it and its master reseller are active.
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

impl From<Account> for Reseller {
    fn from(account: Account) -> Self {
        let (id, operates) = (account.id_text(), account.operates());
        let Account {
            id: _,
            tier: _,
            master_reseller_id,
            reseller_id: _,
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
            enterprise: _,
        } = account;
        Self {
            id,
            master_reseller_id: master_reseller_id.map(|id| Tier::MasterReseller.format_id(id)).unwrap_or_default(),
            name,
            email,
            services: services_view(services),
            billing_reference: billing_reference.unwrap_or_default(),
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

impl View for Reseller {
    const TIER: Tier = Tier::Reseller;
    const PATH: &'static str = "/resellers";
}

/// A page of resellers.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResellerPage {
    /// The resellers of this page, in the list's order.
    #[schema(max_items = 200)]
    pub items: Vec<Reseller>,
    /// Give it as `cursor` to get the next page; `null` on the last one.
    #[schema(max_length = 60)]
    pub next_cursor: Option<String>,
}

/// A reseller to be created.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct CreateReseller {
    /// The master reseller that it goes below: required from staff, refused from others, whose own account it is.
    #[schema(value_type = Option<String>, max_length = 60)]
    #[serde(default)]
    master_reseller_id: Field<String>,
    /// Its name: 1–120 characters, one of them visible.
    #[schema(value_type = String, required = true, example = "Nordwind Telefonie GmbH", min_length = 1, max_length = 120)]
    #[serde(default)]
    name: Field<String>,
    /// Its e-mail address, which no other open account has. The activation link goes there.
    #[schema(value_type = String, required = true, example = "office@nordwind.example", format = "email", min_length = 3, max_length = 254)]
    #[serde(default)]
    email: Field<String>,
    /// The services that it may sell, of those that its master reseller has.
    #[schema(value_type = Vec<ServiceView>, required = true, min_items = 1, max_items = 2, example = json!(["pbx", "trunk"]))]
    #[serde(default)]
    services: Field<Vec<String>>,
    /// What it is called in your billing system: any 1–255 characters but NUL, kept exactly as given.
    #[schema(value_type = String, required = true, example = "CUST-4711", min_length = 1, max_length = 255)]
    #[serde(default)]
    billing_reference: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl CreateReseller {
    /// The command, or everything that is wrong with it.
    pub fn command(self) -> Result<create::CreateReseller, Error> {
        let Self { master_reseller_id, name: n, email: e, services: s, billing_reference: b, unknown } = self;
        let mut members = Members::new(unknown);
        // `null` means the same as leaving it out.
        let parent = match master_reseller_id {
            Field::Null => None,
            field => members.optional("/master_reseller_id", field, |text| Ok(text.to_owned())),
        };
        let name = members.required("/name", n, name);
        let email = members.required("/email", e, email);
        let services = services(&mut members, s, true);
        let reference = members.required("/billing_reference", b, billing_reference);
        let command = (|| {
            Some(create::CreateReseller {
                master_reseller_id: parent,
                name: name?,
                email: email?,
                services: services?,
                billing_reference: reference?,
            })
        })();
        members.finish(command)
    }
}

/// A merge patch of a reseller (RFC 7396): members that are absent stay as they are; none can be `null`.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PatchReseller {
    /// A new name.
    #[schema(value_type = String, required = false, example = "Nordwind Communications GmbH", min_length = 1, max_length = 120)]
    #[serde(default)]
    name: Field<String>,
    /// A new e-mail address, only while the reseller is pending: earlier links are void and a new e-mail goes out.
    #[schema(value_type = String, required = false, format = "email", min_length = 3, max_length = 254)]
    #[serde(default)]
    email: Field<String>,
    /// New services; one that something below uses can't be taken away.
    #[schema(value_type = Vec<ServiceView>, required = false, min_items = 1, max_items = 2)]
    #[serde(default)]
    services: Field<Vec<String>>,
    /// A new billing reference, kept exactly as given.
    #[schema(value_type = String, required = false, min_length = 1, max_length = 255)]
    #[serde(default)]
    billing_reference: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl PatchReseller {
    /// The command, or everything that is wrong with it.
    pub fn command(self) -> Result<Change, Error> {
        let Self { name: n, email: e, services: s, billing_reference: b, unknown } = self;
        let mut members = Members::new(unknown);
        let change = Change {
            name: members.optional("/name", n, name).map(domain::values::text::AccountName::into_string),
            email: members.optional("/email", e, email),
            services: services(&mut members, s, false),
            billing_reference: members
                .optional("/billing_reference", b, billing_reference)
                .map(|reference| Some(reference.into_string())),
            ..Change::default()
        };
        let change = members.finish(Some(change))?;
        refuse_empty(change == Change::default())?;
        Ok(change)
    }
}
