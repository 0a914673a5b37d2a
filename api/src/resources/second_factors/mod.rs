//! Second factors for sign-in: codes from an authenticator app (TOTP, RFC 6238) in addition to the password. Members
//! switch them on themselves, or the account requires them.

pub mod operations;
pub mod guesses;
pub mod again;
pub mod policy;
pub mod routes;
pub mod wire;
