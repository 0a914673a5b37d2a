//! Sets of days of a billing period.

use super::Period;
use crate::Timestamp;

/// A set of days of a period; the first day is the lowest bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Days(u32);

impl Days {
    /// The UTC days of a period that overlap a half-open span of time.
    #[must_use]
    pub fn touched(period: Period, since: Timestamp, until: Timestamp) -> Self {
        let (since, until) = (since.max(period.start()), until.min(period.end()));
        if since >= until {
            return Self::default();
        }
        let day = |instant: Timestamp| (instant - period.start()).num_days();
        let (first, last) = (day(since), day(until - chrono::TimeDelta::nanoseconds(1)));
        let up_to = |days: i64| (1_u64 << days) - 1;
        Self(u32::try_from(up_to(last + 1) & !up_to(first)).unwrap_or(u32::MAX))
    }

    /// The union of both sets.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The number of days in the set.
    #[must_use]
    pub fn count(self) -> i64 {
        self.0.count_ones().into()
    }

    /// Whether the set contains the day with this index, counted from 0.
    #[must_use]
    pub const fn has(self, index: usize) -> bool {
        index < 32 && self.0 >> index & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r15_a_day_counts_if_it_has_a_moment() {
        let period = Period::parse("2028-02").unwrap();
        for (since, until, expected) in [
            ("2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z", (1..=29).collect::<Vec<_>>()),
            ("2028-01-31T23:59:59.999Z", "2028-02-01T00:00:00Z", vec![]),
            ("2028-01-31T23:59:59.999Z", "2028-02-01T00:00:00.001Z", vec![1]),
            ("2028-02-03T00:00:00Z", "2028-02-04T00:00:00Z", vec![3]),
            ("2028-02-03T23:59:59.999Z", "2028-02-04T00:00:00.001Z", vec![3, 4]),
            ("2028-02-03T12:00:00Z", "2028-02-03T12:00:00Z", vec![]),
            ("2028-02-29T23:59:59.999Z", "2028-04-01T00:00:00Z", vec![29]),
            ("2028-03-01T00:00:00Z", "2028-03-02T00:00:00Z", vec![]),
        ] {
            let days = Days::touched(period, since.parse().unwrap(), until.parse().unwrap());
            let listed: Vec<_> = (0..40).filter(|index| days.has(*index)).map(|index| index + 1).collect();
            assert_eq!(listed, expected, "{since} {until}");
            assert_eq!(days.count(), i64::try_from(expected.len()).unwrap());
        }
    }
}
