//! OAuth 2.0 for API clients: access tokens for client credentials (RFC 6749 section 4.4), and how programs find out about it
//! (RFC 8414).

pub mod grant;
pub mod operations;
pub mod routes;
pub mod wire;
