//! Instants as text. Chrono finds out anew what each part of a format asks for, which takes a tenth of a list; here it is known.

use chrono::{Datelike, NaiveDateTime, Timelike};

/// Writes an instant as `2026-11-23`, what is to stand between, and `22:15:00`, with what there is of a second's milliseconds or
/// microseconds behind it. For years of four digits.
#[must_use]
pub fn write(time: NaiveDateTime, between: char) -> String {
    let mut text = String::with_capacity(27);
    let mut digits = |number: u32, width: u32, before: Option<char>| {
        text.extend(before);
        let places = (0..width).rev();
        text.extend(places.filter_map(|place| char::from_digit(number / 10_u32.pow(place) % 10, 10)));
    };
    digits(time.year().unsigned_abs(), 4, None);
    digits(time.month(), 2, Some('-'));
    digits(time.day(), 2, Some('-'));
    digits(time.hour(), 2, Some(between));
    digits(time.minute(), 2, Some(':'));
    digits(time.second(), 2, Some(':'));
    match time.nanosecond() % 1_000_000_000 / 1000 {
        0 => {}
        micros if micros % 1000 == 0 => digits(micros / 1000, 3, Some('.')),
        micros => digits(micros, 6, Some('.')),
    }
    text
}

/// Writes an instant as answers show it (W2): RFC 3339, in UTC.
#[must_use]
pub fn rfc3339(instant: crate::Timestamp) -> String {
    let mut text = write(instant.naive_utc(), 'T');
    text.push('Z');
    text
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, SecondsFormat, Utc};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn w2_an_instant_is_written_as_chrono_writes_it(micros in 0..253_402_300_799_999_999_i64, of in prop::sample::select(vec![1, 1_000, 1_000_000])) {
            let instant: DateTime<Utc> = DateTime::from_timestamp_micros(micros / of * of).expect("an instant");
            prop_assert_eq!(write(instant.naive_utc(), ' '), instant.naive_utc().format("%F %T%.f").to_string());
            prop_assert_eq!(rfc3339(instant), instant.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        }
    }
}
