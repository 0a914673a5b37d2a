//! Enterprises: the customers that are connected with Teams (R10).

pub mod parts;
pub mod routes;
pub mod wire;
