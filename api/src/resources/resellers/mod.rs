//! Resellers: the organisations that sell the service (R4).

pub mod routes;
pub mod wire;
