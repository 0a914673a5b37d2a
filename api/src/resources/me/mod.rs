//! `/me`: the caller and its account.

pub mod operations;
pub mod routes;
pub mod sessions;
pub mod wire;
