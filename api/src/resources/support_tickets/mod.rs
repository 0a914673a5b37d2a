//! Support tickets, with which partners apply to become master resellers (R2).

pub mod operations;
pub mod routes;
pub mod wire;
