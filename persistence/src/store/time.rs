//! How instants are stored: SQL `Timestamp` in UTC, without a time zone (S2).
//!
//! On SQLite an instant is stored as text in diesel's format, which SQLite's own functions and people can read. Diesel
//! detects the format of every text it reads, which costs more than reading the rest of the row; this module only
//! accepts that one format.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sqlite::Sqlite;
use domain::Timestamp;
use domain::instant::write;

use super::connection::MultiBackend;

/// The column value of an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Timestamp)]
pub(crate) struct Instant(NaiveDateTime);

/// The instant in a column.
pub(crate) fn instant(column: Instant) -> Timestamp {
    column.0.and_utc()
}

/// The column value of an instant.
pub(crate) fn column(instant: Timestamp) -> Instant {
    Instant(instant.naive_utc())
}

/// Parses `2026-11-23 22:15:00`, optionally with three or six digits of fractional seconds. `None` for any other text.
fn read(text: &[u8]) -> Option<NaiveDateTime> {
    let number = |from: usize, to: usize| -> Option<u32> {
        let digits = text.get(from..to)?;
        digits.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0')))
    };
    let separated = [(4, b'-'), (7, b'-'), (10, b' '), (13, b':'), (16, b':')];
    if separated.iter().any(|(place, separator)| text.get(*place) != Some(separator)) {
        return None;
    }
    let micros = match text.len() {
        19 => 0,
        23 if text.get(19) == Some(&b'.') => number(20, 23)? * 1000,
        26 if text.get(19) == Some(&b'.') => number(20, 26)?,
        _ => return None,
    };
    NaiveDate::from_ymd_opt(i32::try_from(number(0, 4)?).ok()?, number(5, 7)?, number(8, 10)?)?.and_hms_micro_opt(
        number(11, 13)?,
        number(14, 16)?,
        number(17, 19)?,
        micros,
    )
}

type Column = diesel::sql_types::Timestamp;

impl ToSql<Column, MultiBackend> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((diesel::sql_types::Timestamp, self));
        Ok(IsNull::No)
    }
}

impl ToSql<Column, Sqlite> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(write(self.0, b' ').as_str().to_owned());
        Ok(IsNull::No)
    }
}

impl ToSql<Column, Pg> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Column, Pg>::to_sql(&self.0, out)
    }
}

impl FromSql<Column, MultiBackend> for Instant {
    fn from_sql(value: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Self, Column>()
    }
}

impl FromSql<Column, Sqlite> for Instant {
    fn from_sql(mut value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = value.read_text();
        read(text.as_bytes()).map(Self).ok_or_else(|| format!("{text:?} is no instant").into())
    }
}

impl FromSql<Column, Pg> for Instant {
    fn from_sql(value: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        FromSql::<Column, Pg>::from_sql(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_as_diesel_writes_it_and_read_again() {
        for micros in [0_i64, 1, 999, 1000, 250_000, 999_999, 1_700_000_000_123_000, 1_709_251_199_999_999] {
            let time = chrono::DateTime::from_timestamp_micros(micros).expect("an instant").naive_utc();
            let text = write(time, b' ').as_str().to_owned();
            assert_eq!(text, time.format("%F %T%.f").to_string());
            assert_eq!(read(text.as_bytes()), Some(time), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_no_instant_is_not_read_as_one() {
        for text in ["", "2026-11-23", "2026-13-01 00:00:00", "2026-11-23T00:00:00", "2026-11-23 00:00:00.12", "x"] {
            assert_eq!(read(text.as_bytes()), None, "{text:?}");
        }
    }
}
