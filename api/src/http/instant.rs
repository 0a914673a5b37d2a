//! Instants in answers that are given often.

use domain::Timestamp;
use domain::instant::rfc3339;
use serde::{Serialize, Serializer};

/// Writes one.
pub fn write<S: Serializer>(instant: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*instant))
}

/// Writes one that there may be.
pub fn write_option<S: Serializer>(instant: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    instant.map(rfc3339).serialize(serializer)
}
