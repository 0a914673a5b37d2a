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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn numbers([users_at_end, users_peak, user_days, active_days, suspended_days]: [i64; 5]) -> Numbers {
        Numbers { users_at_end, users_peak, user_days, active_days, suspended_days }
    }

    fn line(amends: Option<Amended>, of: [i64; 5]) -> Line {
        Line {
            enterprise_id: AccountId::from_uuid(Uuid::nil()),
            service: Service::Pbx,
            reseller_id: AccountId::from_uuid(Uuid::nil()),
            master_reseller_id: AccountId::from_uuid(Uuid::nil()),
            reseller_name: String::new(),
            reseller_billing_reference: None,
            enterprise_name: String::new(),
            enterprise_billing_reference: None,
            numbers: numbers(of),
            amends,
        }
    }

    #[test]
    fn r15_each_number_is_added_to_and_subtracted_from_its_own_kind() {
        let (many, few) = (numbers([70, 90, 110, 27, 20]), numbers([2, 3, 4, 5, 6]));
        assert_eq!(many.plus(few), numbers([72, 93, 114, 32, 26]));
        assert_eq!(many.minus(few), numbers([68, 87, 106, 22, 14]));
    }

    #[test]
    fn r15_totals_count_enterprises_once_and_the_numbers_of_every_line() {
        let adjustment = AdjustmentId::from_uuid(Uuid::nil());
        let correction = Amended { adjustment, period: Period::parse("2026-10").unwrap() };
        let sum = |lines: &[Line]| {
            let mut totals = Totals::default();
            for line in lines {
                totals.add(line);
            }
            totals
        };
        let lines = [
            line(None, [10, 12, 300, 30, 0]),
            line(None, [5, 5, 100, 20, 10]),
            line(Some(correction), [0, -1, -30, 0, 0]),
        ];
        let all = sum(&lines);
        assert_eq!(all, Totals { enterprises: 2, numbers: numbers([15, 16, 370, 50, 10]) });
        assert_eq!(all.minus(sum(&lines[..1])), sum(&lines[1..]));
    }
}
