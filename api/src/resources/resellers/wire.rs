//! JSON of resellers.

use chrono::{DateTime, Utc};
use domain::account::{Account, Tier};
use domain::id::GivenId;
use domain::values::text::AccountName;
use persistence::accounts::Change;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::http::field;
use crate::http::page::{Listed, Page};
use crate::http::{Valid, nullable};
use crate::resources::accounts::create::CreateAccount;
use crate::resources::accounts::requests::View;
use crate::views::account::{ActivationView, ServiceView, StatusView, services_view};
use crate::views::instant;

/// A reseller: an organisation that sells the service to enterprises.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"name": "Nordwind Telefonie GmbH", "email": "office@nordwind.example", "billing_reference": "CUST-4711"}))]
pub struct Reseller {
    /// Its id.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// Id of the master reseller that it belongs to.
    #[schema(example = "master_reseller_01h455vb4pex5vsknk084sn02q")]
    pub master_reseller_id: String,
    /// Its name.
    #[schema(value_type = field::AccountName)]
    pub name: String,
    /// Its e-mail address, spelled as it was given.
    #[schema(value_type = field::EmailAddress)]
    pub email: String,
    /// The services that it may sell.
    #[schema(value_type = field::Services)]
    pub services: Vec<ServiceView>,
    /// Its reference in the master reseller's billing system, exactly as given.
    #[schema(value_type = field::BillingReference)]
    pub billing_reference: String,
    /// Its own status. Does not reflect its master reseller's status: see `operates`.
    pub status: StatusView,
    /// Whether it can be used: `true` if it and its master reseller are active.
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
            email: email.into_given(),
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

impl Listed for Reseller {
    const PLURAL: &str = "resellers";
}

/// A page of resellers.
pub type ResellerPage = Page<Reseller>;

/// The data of a new reseller.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"name": "Nordwind Telefonie GmbH", "email": "office@nordwind.example", "services": ["pbx", "trunk"], "billing_reference": "CUST-4711"}))]
pub struct CreateReseller {
    /// Id of its master reseller. Required if you are staff. Not allowed otherwise: your own account is its master
    /// reseller.
    master_reseller_id: nullable::Id,
    /// Its name: 1–120 characters, at least one of them visible.
    #[schema(required = true)]
    #[validate(required)]
    name: field::AccountName,
    /// Its e-mail address, to which the activation link is sent. No other open account may have it.
    #[schema(required = true)]
    #[validate(required)]
    email: field::EmailAddress,
    /// The services that it may sell. Its master reseller must have them.
    #[schema(required = true)]
    #[validate(required)]
    services: field::Services,
    /// Its reference in the master reseller's billing system: 1–255 characters, any except NUL. Stored exactly as
    /// given.
    #[schema(required = true)]
    #[validate(required)]
    billing_reference: field::BillingReference,
}

impl From<Valid<CreateReseller>> for CreateAccount {
    fn from(request: Valid<CreateReseller>) -> Self {
        let CreateReseller { master_reseller_id, name, email, services, billing_reference } = request.into_inner();
        Self {
            // `null` means the same as leaving it out.
            parent: master_reseller_id.given().map(GivenId::into_string),
            name: name.required(),
            email: email.required(),
            services: services.required(),
            billing_reference: Some(billing_reference.required()),
            enterprise: None,
        }
    }
}

/// A merge patch of a reseller (RFC 7396): absent fields keep their values. No field can be `null`.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"name": "Nordwind Communications GmbH"}))]
pub struct PatchReseller {
    /// A new name.
    name: field::AccountName,
    /// A new e-mail address, allowed only while the reseller is pending. A new activation e-mail is sent and earlier
    /// links stop working.
    email: field::EmailAddress,
    /// The complete new list of services. Its master reseller must have them. A service that an enterprise below still
    /// has cannot be removed.
    services: field::Services,
    /// A new billing reference, stored exactly as given.
    billing_reference: field::BillingReference,
}

impl From<Valid<PatchReseller>> for Change {
    fn from(request: Valid<PatchReseller>) -> Self {
        let PatchReseller { name, email, services, billing_reference } = request.into_inner();
        Self {
            name: name.given().map(AccountName::into_string),
            email: email.given(),
            services: services.given(),
            billing_reference: billing_reference.given().map(|reference| Some(reference.into_string())),
            ..Self::default()
        }
    }
}
