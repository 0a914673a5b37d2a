//! Health, metrics and the keys of access tokens.

pub mod routes;
