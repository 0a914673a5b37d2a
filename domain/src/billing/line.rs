//! The lines of billing reports and what is added up of them.

use super::Period;
use crate::id::{AccountId, AdjustmentId};
use crate::services::Service;

/// What one enterprise had of one service in a period, or a correction of that (R15).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The enterprise.
    pub enterprise_id: AccountId,
    /// The service.
    pub service: Service,
    /// The reseller that sold it.
    pub reseller_id: AccountId,
    /// The master reseller above that.
    pub master_reseller_id: AccountId,
    /// The reseller's name at the end of the period.
    pub reseller_name: String,
    /// The reseller's billing reference then (R6).
    pub reseller_billing_reference: Option<String>,
    /// The enterprise's name then, or when it was closed.
    pub enterprise_name: String,
    /// The enterprise's billing reference then.
    pub enterprise_billing_reference: Option<String>,
    /// What was counted.
    pub numbers: Numbers,
    /// The line that this one corrects.
    pub amends: Option<Amended>,
}

/// A correction as a line shows it: of the line of an earlier period with the same reseller, enterprise and service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amended {
    /// The correction.
    pub adjustment: AdjustmentId,
    /// The period of the line.
    pub period: Period,
}

/// What a line counts; of a correction, what it adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Numbers {
    /// Users at the last moment of the period.
    pub users_at_end: i64,
    /// Most users at the same time.
    pub users_peak: i64,
    /// Days of all users together: for each user the days on which it was there at any moment.
    pub user_days: i64,
    /// Days on which the enterprise operated at any moment.
    pub active_days: i64,
    /// Days on which it was stopped, by its own suspension or one above it, at any moment.
    pub suspended_days: i64,
}

impl Numbers {
    /// The sum of both.
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

    /// What is left of this one when the other is taken away.
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

/// Lines of one service added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// How many enterprises there are lines of; corrections are no lines of their own here.
    pub enterprises: i64,
    /// The sums of the lines' numbers, those of corrections among them.
    pub numbers: Numbers,
}

impl Totals {
    /// Adds a line.
    pub fn add(&mut self, line: &Line) {
        self.enterprises += i64::from(line.amends.is_none());
        self.numbers = self.numbers.plus(line.numbers);
    }

    /// What is left of this one when the other is taken away.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self { enterprises: self.enterprises - other.enterprises, numbers: self.numbers.minus(other.numbers) }
    }
}

/// How many users there were on each day of a period, by service. They add up to the `user_days` of the lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UsersPerDay {
    /// On PBXs.
    pub pbx: Vec<i64>,
    /// On trunks.
    pub trunk: Vec<i64>,
}

impl UsersPerDay {
    /// Of a period, with nobody on any day yet.
    #[must_use]
    pub fn none(period: Period) -> Self {
        Self { pbx: vec![0; period.days()], trunk: vec![0; period.days()] }
    }

    /// Those of a service.
    pub const fn of_mut(&mut self, service: Service) -> &mut Vec<i64> {
        match service {
            Service::Pbx => &mut self.pbx,
            Service::Trunk => &mut self.trunk,
        }
    }
}
