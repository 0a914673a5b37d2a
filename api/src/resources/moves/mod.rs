//! Moves: transferring a reseller to another master reseller, or an enterprise to another reseller. The receiving
//! account has to accept.

pub mod operations;
pub mod routes;
pub mod wire;
