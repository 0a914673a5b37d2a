//! Activation: redeeming the single-use link of an activation or invitation e-mail (R3).

pub mod operations;
pub mod routes;
pub mod wire;
