//! API clients: programs that sign in to an account with a client id and a secret (R9).

pub mod operations;
pub mod routes;
pub mod wire;
