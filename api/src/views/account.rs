//! How answers show what all accounts have: status, services, the latest activation e-mail.

use chrono::{DateTime, Utc};
use domain::account::Activation;
use domain::delivery::Delivery;
use domain::services::{Service, Services};
use domain::status::Status;
use serde::Serialize;
use utoipa::ToSchema;

use super::instant;

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
