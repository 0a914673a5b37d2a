//! Second factors: codes of an app, beside the password, for members who want them or whose account asks for them (RFC 6238).

pub mod operations;
pub mod policy;
pub mod routes;
pub mod wire;
