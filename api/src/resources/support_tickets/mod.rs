//! Support tickets, by which partners are taken on (R2).

pub mod operations;
pub mod routes;
pub mod wire;
