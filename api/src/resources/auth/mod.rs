//! Signing in and out, refreshing, and resetting a forgotten password (DESIGN section 5).

pub mod operations;
pub mod reset;
pub mod routes;
pub mod sign_in;
pub mod wire;
