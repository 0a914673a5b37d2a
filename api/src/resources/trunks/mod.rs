//! Trunks: SIP trunks of an enterprise (R13).

pub mod operations;
pub mod routes;
pub mod wire;
