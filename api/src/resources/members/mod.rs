//! Members: the people who sign in to an account (R9).

pub mod operations;
pub mod routes;
pub mod wire;
