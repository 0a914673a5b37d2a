//! The lines of billing reports, and their totals.

use super::Period;
use crate::id::{AccountId, AdjustmentId};
use crate::services::Service;

/// A line of a billing report: the usage of one service by one enterprise in a period, or an adjustment of such a line
/// (R15).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The enterprise.
    pub enterprise_id: AccountId,
    /// The service.
    pub service: Service,
    /// The reseller that sold it.
    pub reseller_id: AccountId,
    /// The master reseller above that reseller.
    pub master_reseller_id: AccountId,
    /// The reseller's name at the end of the period.
    pub reseller_name: String,
    /// The reseller's billing reference at the end of the period (R6).
    pub reseller_billing_reference: Option<String>,
    /// The enterprise's name at the end of the period, or when it was closed or moved away.
    pub enterprise_name: String,
    /// The enterprise's billing reference at the same time.
    pub enterprise_billing_reference: Option<String>,
    /// The numbers of the line.
    pub numbers: Numbers,
    /// The line that this one adjusts; `None` if it is not an adjustment.
    pub amends: Option<Amended>,
}

/// The line that an adjustment is about: the line of an earlier period with the same reseller, enterprise and service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amended {
    /// The adjustment.
    pub adjustment: AdjustmentId,
    /// The period of the adjusted line.
    pub period: Period,
}

/// The numbers of a line; for an adjustment, the differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Numbers {
    /// Number of users at the last moment of the period.
    pub users_at_end: i64,
    /// Highest number of users at the same time.
    pub users_peak: i64,
    /// Total of user days: for each user, the days on which it existed at any moment.
    pub user_days: i64,
    /// Days on which the enterprise was operating at any moment.
    pub active_days: i64,
    /// Days on which the enterprise, or an account above it, was suspended at any moment.
    pub suspended_days: i64,
}

impl Numbers {
    /// Adds two sets of numbers.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            users_at_end: self.users_at_end + other.users_at_end,
            users_peak: self.users_peak + other.users_peak,
            user_days: self.user_days + other.user_days,
            active_days: self.active_days + other.active_days,
            suspended_days: self.suspended_days + other.suspended_days,
        }
    }

    /// Subtracts `other`.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self {
            users_at_end: self.users_at_end - other.users_at_end,
            users_peak: self.users_peak - other.users_peak,
            user_days: self.user_days - other.user_days,
            active_days: self.active_days - other.active_days,
            suspended_days: self.suspended_days - other.suspended_days,
        }
    }
}

/// The totals of the lines of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Number of enterprises with a line. Adjustments don't count.
    pub enterprises: i64,
    /// The sums of the numbers of all lines, including adjustments.
    pub numbers: Numbers,
}

impl Totals {
    /// Adds a line to the totals.
    pub fn add(&mut self, line: &Line) {
        self.enterprises += i64::from(line.amends.is_none());
        self.numbers = self.numbers.plus(line.numbers);
    }

    /// Subtracts `other`.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self { enterprises: self.enterprises - other.enterprises, numbers: self.numbers.minus(other.numbers) }
    }
}

/// Number of users on each day of a period, by service. The sum over all days equals the `user_days` of the lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UsersPerDay {
    /// Users of PBXs, one number per day.
    pub pbx: Vec<i64>,
    /// Users of trunks, one number per day.
    pub trunk: Vec<i64>,
}

impl UsersPerDay {
    /// Zero users on every day of a period.
    #[must_use]
    pub fn none(period: Period) -> Self {
        Self { pbx: vec![0; period.days()], trunk: vec![0; period.days()] }
    }

    /// The numbers of one service.
    pub const fn of_mut(&mut self, service: Service) -> &mut Vec<i64> {
        match service {
            Service::Pbx => &mut self.pbx,
            Service::Trunk => &mut self.trunk,
        }
    }
}
