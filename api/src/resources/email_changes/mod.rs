//! Changing the e-mail address of an account that was activated, or of a member: confirmed from the new address (R1).

pub mod operations;
pub mod routes;
pub mod wire;
