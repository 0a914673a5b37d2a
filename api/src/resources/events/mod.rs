//! Reading events.

pub mod routes;
