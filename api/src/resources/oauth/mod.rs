//! OAuth 2.0: access tokens for API clients (client credentials, RFC 6749 section 4.4), the sign-in of people in
//! Swagger UI (authorization code with PKCE, RFC 6749 section 4.1 and RFC 7636), and the server metadata (RFC 8414).

pub mod grant;
pub mod operations;
pub mod routes;
pub mod wire;
