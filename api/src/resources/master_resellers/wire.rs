//! Master resellers on the wire.

use chrono::{DateTime, Utc};
use domain::account::{Account, Tier};
use persistence::accounts::Change;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Error;
use crate::http::body::refuse_empty;
use crate::http::{Field, Members, Unknown};
use crate::resources::accounts::requests::View;
use crate::resources::accounts::wire::{email, name, services};
use crate::views::account::{ActivationView, ServiceView, StatusView, services_view};
use crate::views::instant;

/// A master reseller: a partner's access into the portal.
#[derive(Debug, Serialize, ToSchema)]
pub struct MasterReseller {
    /// Its id.
    #[schema(example = "master_reseller_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub id: String,
    /// Its name: at first the partner's company name.
    #[schema(example = "Contoso Telecom", min_length = 1, max_length = 120)]
    pub name: String,
    /// Its e-mail address, in the spelling that was given.
    #[schema(example = "ann@contoso.example", format = "email", max_length = 254)]
    pub email: String,
    /// The services that its resellers may sell.
    #[schema(min_items = 1, max_items = 2)]
    pub services: Vec<ServiceView>,
    /// Its status.
    pub status: StatusView,
    /// Whether it can be used: it is active.
    #[schema(example = true)]
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

impl From<Account> for MasterReseller {
    fn from(account: Account) -> Self {
        let (id, operates) = (account.id_text(), account.operates());
        let Account {
            id: _,
            tier: _,
            master_reseller_id: _,
            reseller_id: _,
            name,
            email,
            billing_reference: _,
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
            name,
            email,
            services: services_view(services),
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

impl View for MasterReseller {
    const TIER: Tier = Tier::MasterReseller;
    const PATH: &'static str = "/master-resellers";
}

/// A page of master resellers.
#[derive(Debug, Serialize, ToSchema)]
pub struct MasterResellerPage {
    /// The master resellers of this page, in the list's order.
    #[schema(max_items = 200)]
    pub items: Vec<MasterReseller>,
    /// Give it as `cursor` to get the next page; `null` on the last one.
    #[schema(max_length = 60)]
    pub next_cursor: Option<String>,
}

/// A merge patch of a master reseller (RFC 7396): members that are absent stay as they are; none can be `null`.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PatchMasterReseller {
    /// A new name.
    #[schema(value_type = String, required = false, example = "Contoso Communications", min_length = 1, max_length = 120)]
    #[serde(default)]
    name: Field<String>,
    /// A new e-mail address, only while the master reseller is pending: earlier links are void and a new e-mail goes
    /// out.
    #[schema(value_type = String, required = false, format = "email", min_length = 3, max_length = 254)]
    #[serde(default)]
    email: Field<String>,
    /// New services; one that something below uses can't be taken away.
    #[schema(value_type = Vec<ServiceView>, required = false, min_items = 1, max_items = 2)]
    #[serde(default)]
    services: Field<Vec<String>>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl PatchMasterReseller {
    /// The command, or everything that is wrong with it.
    pub fn command(self) -> Result<Change, Error> {
        let Self { name: n, email: e, services: s, unknown } = self;
        let mut members = Members::new(unknown);
        let change = Change {
            name: members.optional("/name", n, name).map(domain::values::text::AccountName::into_string),
            email: members.optional("/email", e, email),
            services: services(&mut members, s, false),
            ..Change::default()
        };
        let change = members.finish(Some(change))?;
        refuse_empty(change == Change::default())?;
        Ok(change)
    }
}
