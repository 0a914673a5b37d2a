//! Master resellers: partners that manage resellers, created when a support ticket is approved (R2).

pub mod routes;
pub mod wire;
