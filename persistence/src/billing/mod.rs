//! The history that billing reports are computed from, and the stored lines of final reports (R15).

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

/// Filter of the lines of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFilter {
    /// Only lines in this scope (R8).
    pub scope: Scope,
    /// Only lines of this reseller.
    pub reseller: Option<AccountId>,
    /// Only lines of this enterprise.
    pub enterprise: Option<AccountId>,
    /// Only lines of this service.
    pub service: Option<Service>,
    /// Only lines with exactly this billing reference of the enterprise or, if the caller may see it, of the reseller.
    pub billing_reference: Option<String>,
}

impl LineFilter {
    /// A filter for all lines in a scope.
    #[must_use]
    pub const fn all(scope: Scope) -> Self {
        Self { scope, reseller: None, enterprise: None, service: None, billing_reference: None }
    }

    /// Whether the caller may see and filter by the names and billing references of resellers. Enterprises may not,
    /// because resellers are above them (R8).
    #[must_use]
    pub const fn sees_resellers(&self) -> bool {
        !matches!(self.scope, Scope::Enterprise(_))
    }

    /// Whether a line in the scope matches the other conditions of the filter.
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
