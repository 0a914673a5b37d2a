//! OAuth 2.0: access tokens of API clients for their credentials (RFC 6749 section 4.4), the sign-in of people for Swagger UI (section
//! 4.1, RFC 7636), and how programs find out about it (RFC 8414).

pub mod grant;
pub mod operations;
pub mod routes;
pub mod wire;
