//! What billing reports are counted from, and the lines of those that are final (R15).

pub mod adjustments;
mod facts;
pub(crate) mod history;
pub mod lines;
pub mod periods;

use domain::account::Scope;
use domain::billing::Period;
use domain::id::AccountId;
use domain::services::Service;

pub use facts::{Recorded, first_period, recorded, resellers};

use crate::error::Error;

/// Which lines of a report are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFilter {
    /// Of this subtree (R8).
    pub scope: Scope,
    /// Of this reseller.
    pub reseller: Option<AccountId>,
    /// Of this enterprise.
    pub enterprise: Option<AccountId>,
    /// Of this service.
    pub service: Option<Service>,
    /// With exactly this billing reference, of the reseller or of the enterprise.
    pub billing_reference: Option<String>,
}

impl LineFilter {
    /// All lines of a subtree.
    #[must_use]
    pub const fn all(scope: Scope) -> Self {
        Self { scope, reseller: None, enterprise: None, service: None, billing_reference: None }
    }
}

fn parse_service(text: &str) -> Result<Service, Error> {
    Service::parse(text).ok_or_else(|| Error::Corrupt(format!("service {text:?}")))
}

fn parse_period(text: &str) -> Result<Period, Error> {
    Period::parse(text).ok_or_else(|| Error::Corrupt(format!("billing period {text:?}")))
}
