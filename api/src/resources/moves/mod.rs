//! Moves: a reseller or an enterprise is handed over to another account, which accepts it.

pub mod operations;
pub mod routes;
pub mod wire;
