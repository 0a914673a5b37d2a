//! API clients: the programs that sign in to an account (R9).

pub mod operations;
pub mod routes;
pub mod wire;
