//! Instants in answers that are given often.

use domain::Timestamp;
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
