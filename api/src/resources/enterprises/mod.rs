//! Enterprises: the customers that are connected with Teams (R10).

pub mod routes;
pub mod wire;
