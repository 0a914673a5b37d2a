//! Instants in requests and answers.

use chrono::{DateTime, Utc};
use domain::Timestamp;
use domain::fault::Fault;
use domain::instant::rfc3339;
use serde::Serializer;

/// Writes one.
pub fn write<S: Serializer>(instant: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(rfc3339(*instant).as_str())
}

/// Writes one that there may be.
pub fn write_option<S: Serializer>(instant: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match instant {
        Some(instant) => serializer.serialize_some(rfc3339(*instant).as_str()),
        None => serializer.serialize_none(),
    }
}

/// Reads an instant.
pub fn parse_instant(text: &str) -> Result<DateTime<Utc>, Fault> {
    let fault = |_| Fault::new("invalid_instant", "Give an instant such as 2030-01-01T00:00:00Z (RFC 3339).");
    // The databases hold instants to the microsecond, and four-digit years.
    let at = DateTime::parse_from_rfc3339(text).map_err(fault)?.to_utc();
    let far = || Fault::new("out_of_range", "Give an instant before the year 3000.");
    DateTime::from_timestamp(at.timestamp(), 0).filter(|at| at.timestamp() < 32_503_680_000).ok_or_else(far)
}
