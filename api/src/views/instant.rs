//! A fast serialiser for instants in frequent responses.

use domain::Timestamp;
use domain::instant::rfc3339;
use serde::Serializer;

/// Serialises an instant.
pub fn write<S: Serializer>(instant: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(rfc3339(*instant).as_str())
}

/// Serialises an optional instant; `None` becomes `null`.
pub fn write_option<S: Serializer>(instant: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match instant {
        Some(instant) => serializer.serialize_some(rfc3339(*instant).as_str()),
        None => serializer.serialize_none(),
    }
}
