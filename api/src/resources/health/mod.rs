//! Health checks, metrics and the public keys of access tokens.

pub mod routes;
