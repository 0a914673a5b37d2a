//! Instants as text. Written by hand, because chrono parses its format string on every call, which takes a tenth of the
//! time of a list request.

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike};

use crate::Timestamp;
use crate::fault::Fault;

/// Length of the longest text: with microseconds and a `Z`.
const LONGEST: usize = 27;

/// An instant as text, without an allocation.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    octets: [u8; LONGEST],
    length: usize,
}

impl Text {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.octets[..self.length]).unwrap_or_default()
    }

    fn push(&mut self, octet: u8) {
        if let Some(place) = self.octets.get_mut(self.length) {
            *place = octet;
            self.length += 1;
        }
    }

    fn digits<const WIDTH: u32>(&mut self, number: u32) {
        for place in (0..WIDTH).rev() {
            self.push(b"0123456789"[(number / 10_u32.pow(place) % 10) as usize]);
        }
    }
}

/// Formats an instant as `2026-11-23`, the separator `between` and `22:15:00`, followed by milliseconds or microseconds
/// if they are not zero. The year must have four digits and the separator must be ASCII.
#[must_use]
pub fn write(time: NaiveDateTime, between: u8) -> Text {
    debug_assert!(between.is_ascii());
    let mut text = Text { octets: [0; LONGEST], length: 0 };
    text.digits::<4>(time.year().unsigned_abs());
    text.push(b'-');
    text.digits::<2>(time.month());
    text.push(b'-');
    text.digits::<2>(time.day());
    text.push(between);
    text.digits::<2>(time.hour());
    text.push(b':');
    text.digits::<2>(time.minute());
    text.push(b':');
    text.digits::<2>(time.second());
    let micros = time.nanosecond() % 1_000_000_000 / 1000;
    if micros != 0 {
        text.push(b'.');
        if micros.is_multiple_of(1000) { text.digits::<3>(micros / 1000) } else { text.digits::<6>(micros) }
    }
    text
}

/// Formats an instant as in responses: RFC 3339 in UTC (W2).
#[must_use]
pub fn rfc3339(instant: crate::Timestamp) -> Text {
    let mut text = write(instant.naive_utc(), b'T');
    text.push(b'Z');
    text
}

/// Parses an instant (RFC 3339) and truncates it to whole seconds. Fails for years from 3000 on.
pub fn parse(text: &str) -> Result<Timestamp, Fault> {
    let fault = |_| Fault::new("invalid_instant", "Give an instant such as 2030-01-01T00:00:00Z (RFC 3339).");
    // The databases store instants with microseconds and four-digit years.
    let at = DateTime::parse_from_rfc3339(text).map_err(fault)?.to_utc();
    // chrono keeps a leap second as a nanosecond too many. It would be stored as the second before.
    if at.timestamp_subsec_nanos() >= 1_000_000_000 {
        let detail = "Leap seconds can't be stored. Give the second before or after.";
        return Err(Fault::new("invalid_instant", detail));
    }
    let far = || Fault::new("out_of_range", "Give an instant before the year 3000.");
    DateTime::from_timestamp(at.timestamp(), 0).filter(|at| at.timestamp() < 32_503_680_000).ok_or_else(far)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, SecondsFormat, Utc};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_leap_second_is_refused() {
        assert!(parse("2016-12-31T23:59:59Z").is_ok());
        assert_eq!(parse("2016-12-31T23:59:60Z").map_err(|fault| fault.code), Err("invalid_instant"));
    }

    #[test]
    fn an_instant_lies_before_the_year_3000() {
        for (text, expected) in [
            ("2999-12-31T23:59:59Z", Ok(32_503_679_999)),
            ("3000-01-01T00:00:00Z", Err("out_of_range")),
            ("3000-01-01T00:00:00+01:00", Ok(32_503_676_400)),
        ] {
            assert_eq!(parse(text).map(|at| at.timestamp()).map_err(|fault| fault.code), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn w2_an_instant_is_written_as_chrono_writes_it(micros in 0..253_402_300_799_999_999_i64, of in prop::sample::select(vec![1, 1_000, 1_000_000])) {
            let instant: DateTime<Utc> = DateTime::from_timestamp_micros(micros / of * of).expect("an instant");
            let (stored, shown) = (write(instant.naive_utc(), b' '), rfc3339(instant));
            prop_assert_eq!(stored.as_str(), instant.naive_utc().format("%F %T%.f").to_string());
            prop_assert_eq!(shown.as_str(), instant.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        }
    }
}
