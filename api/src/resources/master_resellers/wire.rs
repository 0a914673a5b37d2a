//! JSON of master resellers.

use chrono::{DateTime, Utc};
use domain::account::{Account, Tier};
use domain::values::text::AccountName;
use persistence::accounts::Change;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::http::Valid;
use crate::http::field;
use crate::http::page::{Listed, Page};
use crate::resources::accounts::requests::View;
use crate::views::account::{ActivationView, ServiceView, StatusView, services_view};
use crate::views::instant;

/// A master reseller: a partner that manages resellers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"name": "Contoso Telecom", "email": "ann@contoso.example"}))]
pub struct MasterReseller {
    /// Its id.
    #[schema(example = "master_reseller_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// Its name. Initially the partner's company name.
    #[schema(value_type = field::AccountName)]
    pub name: String,
    /// Its e-mail address, spelled as it was given.
    #[schema(value_type = field::EmailAddress)]
    pub email: String,
    /// The services that its resellers may sell.
    #[schema(value_type = field::Services)]
    pub services: Vec<ServiceView>,
    /// Its status.
    pub status: StatusView,
    /// Whether it can be used: `true` if its status is `active`.
    #[schema(example = true)]
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
            email: email.into_given(),
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

impl Listed for MasterReseller {
    const PLURAL: &str = "master resellers";
}

/// A page of master resellers.
pub type MasterResellerPage = Page<MasterReseller>;

/// A merge patch of a master reseller (RFC 7396): absent fields keep their values. No field can be `null`.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"name": "Contoso Communications"}))]
pub struct PatchMasterReseller {
    /// A new name.
    name: field::AccountName,
    /// A new e-mail address, allowed only while the master reseller is pending. A new activation e-mail is sent and
    /// earlier links stop working.
    email: field::EmailAddress,
    /// The complete new list of services. A service that a reseller or enterprise below still has cannot be removed.
    services: field::Services,
}

impl From<Valid<PatchMasterReseller>> for Change {
    fn from(request: Valid<PatchMasterReseller>) -> Self {
        let PatchMasterReseller { name, email, services } = request.into_inner();
        Self {
            name: name.given().map(AccountName::into_string),
            email: email.given(),
            services: services.given(),
            ..Self::default()
        }
    }
}
