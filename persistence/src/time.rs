//! Instants in the database: `Timestamp` in UTC, without a zone (S2).

use chrono::NaiveDateTime;
use domain::Timestamp;

/// The instant that a column holds.
pub(crate) fn instant(column: NaiveDateTime) -> Timestamp {
    column.and_utc()
}

/// The column value of an instant.
pub(crate) fn column(instant: Timestamp) -> NaiveDateTime {
    instant.naive_utc()
}
