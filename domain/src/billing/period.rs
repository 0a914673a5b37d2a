//! Billing periods: calendar months in UTC.

use std::fmt;

use chrono::{Datelike, Months, NaiveDate, NaiveTime};

use crate::Timestamp;

/// A calendar month in UTC, from its first instant (included) to the first instant of the next month (excluded) (R15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    first: NaiveDate,
}

impl Period {
    /// Parses a text like `2026-10`; `None` if it is invalid or the year is outside 2000–9998.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |part: &str, length| part.len() == length && part.bytes().all(|octet| octet.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        let year = year.parse().ok().filter(|year| (2000..=9998).contains(year))?;
        NaiveDate::from_ymd_opt(year, month.parse().ok()?, 1).map(|first| Self { first })
    }

    /// The period that contains an instant.
    #[must_use]
    pub fn containing(instant: Timestamp) -> Self {
        let date = instant.date_naive();
        Self { first: date.with_day(1).unwrap_or(date) }
    }

    /// The first instant of the period.
    #[must_use]
    pub fn start(self) -> Timestamp {
        self.first.and_time(NaiveTime::MIN).and_utc()
    }

    /// The first instant after the period.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.next().start()
    }

    /// The next month.
    #[must_use]
    pub fn next(self) -> Self {
        Self { first: self.first.checked_add_months(Months::new(1)).unwrap_or(self.first) }
    }

    /// The previous month.
    #[must_use]
    pub fn previous(self) -> Self {
        Self { first: self.first.checked_sub_months(Months::new(1)).unwrap_or(self.first) }
    }

    /// The number of days in the month.
    #[must_use]
    pub fn days(self) -> usize {
        usize::try_from((self.end() - self.start()).num_days()).unwrap_or_default()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r15_a_period_is_a_month() {
        for (text, start, end, days) in [
            ("2026-10", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z", 31),
            ("2026-12", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z", 31),
            ("2027-02", "2027-02-01T00:00:00Z", "2027-03-01T00:00:00Z", 28),
            ("2028-02", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z", 29),
        ] {
            let period = Period::parse(text).unwrap();
            let (start, end): (Timestamp, Timestamp) = (start.parse().unwrap(), end.parse().unwrap());
            assert_eq!((period.start(), period.end(), period.days()), (start, end, days), "{text}");
            assert_eq!(period.to_string(), text);
            assert_eq!((period.next().previous(), period.previous().next()), (period, period));
            assert_eq!((Period::containing(start), Period::containing(end)), (period, period.next()));
            assert_eq!(Period::containing(end - chrono::TimeDelta::milliseconds(1)), period);
        }
        for text in ["", "2026", "2026-1", "2026-13", "2026-00", "26-10", "+026-10", "2026-10-01", "1999-12", "9999-01"]
        {
            assert_eq!(Period::parse(text), None, "{text:?}");
        }
    }
}
