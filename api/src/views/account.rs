//! Response types that all accounts share: status, services, the latest activation e-mail.

use chrono::{DateTime, Utc};
use domain::account::Activation;
use domain::delivery::Delivery;
use domain::services::{Service, Services};
use domain::status::Status;
use serde::Serialize;
use utoipa::ToSchema;

use super::instant;

/// The status of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusView {
    /// Created; nobody has redeemed its activation link yet.
    Pending,
    /// In use.
    Active,
    /// Suspended by an account above it, until it is resumed.
    Suspended,
    /// Closed for ever.
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
    /// The product "PBX Connector".
    Pbx,
    /// The product "SIP Trunk".
    Trunk,
}

/// The services of an account as responses list them.
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

/// Delivery status of an e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryView {
    /// Waiting for the first attempt.
    Queued,
    /// An attempt failed; it is going to be retried.
    Retrying,
    /// Accepted by the mail server.
    Sent,
    /// All attempts failed. Resend it once the cause is fixed.
    Failed,
}

/// The latest activation e-mail of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActivationView {
    /// When the mail server accepted it; `null` until then.
    #[serde(serialize_with = "instant::write_option")]
    pub sent_at: Option<DateTime<Utc>>,
    /// When its link expires.
    #[serde(serialize_with = "instant::write")]
    pub expires_at: DateTime<Utc>,
    /// Delivery status of the e-mail.
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
