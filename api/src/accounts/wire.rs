//! Parts of the wire form of accounts that the tiers share, and the parsing of their members.

use chrono::{DateTime, Utc};
use domain::account::{Activation, Status};
use domain::delivery::Delivery;
use domain::email::EmailAddress;
use domain::fault::Fault;
use domain::services::{Service, Services};
use domain::text::{AccountName, BillingReference};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::error::value_error;
use crate::http::{Error, Field, Members, instant};

/// Where an account stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusView {
    /// Created; nobody has redeemed its activation link yet.
    Pending,
    /// In use.
    Active,
    /// Stopped by someone above it, until resumed.
    Suspended,
    /// Gone for good.
    Closed,
}

impl From<Status> for StatusView {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Active => Self::Active,
            Status::Suspended => Self::Suspended,
            Status::Closed => Self::Closed,
        }
    }
}

/// A service of the product: `pbx` is "PBX Connector", `trunk` is "SIP Trunk".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceView {
    /// "PBX Connector".
    Pbx,
    /// "SIP Trunk".
    Trunk,
}

/// The services of an account as answers list them.
#[must_use]
pub fn services_view(services: Services) -> Vec<ServiceView> {
    services
        .iter()
        .map(|service| match service {
            Service::Pbx => ServiceView::Pbx,
            Service::Trunk => ServiceView::Trunk,
        })
        .collect()
}

/// How an e-mail fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryView {
    /// Waits for its first attempt.
    Queued,
    /// An attempt failed; another is due.
    Retrying,
    /// The mail server took it.
    Sent,
    /// Given up; resend it once the cause is mended.
    Failed,
}

/// How the latest activation e-mail of an account fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActivationView {
    /// When the mail server took it; `null` until then.
    #[serde(serialize_with = "instant::write_option")]
    pub sent_at: Option<DateTime<Utc>>,
    /// Until when its link works.
    #[serde(serialize_with = "instant::write")]
    pub expires_at: DateTime<Utc>,
    /// How far it has come.
    pub delivery: DeliveryView,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        match delivery {
            Delivery::Queued => Self::Queued,
            Delivery::Retrying => Self::Retrying,
            Delivery::Sent => Self::Sent,
            Delivery::Failed => Self::Failed,
        }
    }
}

impl From<Activation> for ActivationView {
    fn from(activation: Activation) -> Self {
        let Activation { sent_at, expires_at, delivery } = activation;
        Self { sent_at, expires_at, delivery: delivery.into() }
    }
}

/// Parses a name.
pub fn name(text: &str) -> Result<AccountName, Fault> {
    AccountName::parse(text)
}

/// Parses an address.
pub fn email(text: &str) -> Result<EmailAddress, Fault> {
    EmailAddress::parse(text)
}

/// Parses a billing reference.
pub fn billing_reference(text: &str) -> Result<BillingReference, Fault> {
    BillingReference::parse(text)
}

/// Parses a selection of services, each wrong name with a pointer of its own.
pub fn services(members: &mut Members, field: Field<Vec<String>>, required: bool) -> Option<Services> {
    let names = if required {
        members.required("/services", field, |names| Ok(names.to_vec()))?
    } else {
        members.optional("/services", field, |names| Ok(names.to_vec()))?
    };
    members.selection("/services", Services::parse(names.iter().map(String::as_str)))
}

/// Refuses a body that changes nothing because it names no member.
pub fn refuse_empty(is_empty: bool) -> Result<(), Error> {
    if is_empty {
        let fault = Fault::new("empty", "Name at least one member to change.");
        return Err(Error::validation(vec![value_error("", fault)]));
    }
    Ok(())
}
