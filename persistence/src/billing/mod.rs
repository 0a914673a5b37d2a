//! What billing reports are counted from, and the lines of those that are final (R15).

pub mod adjustments;
mod facts;
pub mod lines;
pub mod periods;

use domain::account::Scope;
use domain::billing::{Line, Period};
use domain::id::AccountId;
use domain::services::Service;

pub use facts::{Recorded, first_period, recorded, resellers};

use crate::store::error::Error;

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
    /// With exactly this billing reference, of the reseller (whose caller must see it) or of the enterprise.
    pub billing_reference: Option<String>,
}

impl LineFilter {
    /// All lines of a subtree.
    #[must_use]
    pub const fn all(scope: Scope) -> Self {
        Self { scope, reseller: None, enterprise: None, service: None, billing_reference: None }
    }

    /// Whether names and references of resellers are shown, and can be asked for: not to an enterprise, above which they
    /// stand (R8).
    #[must_use]
    pub const fn sees_resellers(&self) -> bool {
        !matches!(self.scope, Scope::Enterprise(_))
    }

    /// Whether a line is among those that are wanted of all in the subtree.
    #[must_use]
    pub fn wants(&self, line: &Line) -> bool {
        let Self { scope: _, reseller, enterprise, service, billing_reference } = self;
        let is_called = |reference: &String| {
            let of_reseller = line.reseller_billing_reference.as_ref().filter(|_| self.sees_resellers());
            of_reseller == Some(reference) || line.enterprise_billing_reference.as_ref() == Some(reference)
        };
        reseller.is_none_or(|id| id == line.reseller_id)
            && enterprise.is_none_or(|id| id == line.enterprise_id)
            && service.is_none_or(|service| service == line.service)
            && billing_reference.as_ref().is_none_or(is_called)
    }
}

fn parse_service(text: &str) -> Result<Service, Error> {
    Service::parse(text).ok_or_else(|| Error::Corrupt(format!("service {text:?}")))
}

fn parse_period(text: &str) -> Result<Period, Error> {
    Period::parse(text).ok_or_else(|| Error::Corrupt(format!("billing period {text:?}")))
}
