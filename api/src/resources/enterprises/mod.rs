//! Enterprises: the customers whose phone systems are connected to Teams (R10).

pub mod routes;
pub mod wire;
