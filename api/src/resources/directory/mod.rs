//! The users of an enterprise's tenant, from which a front end picks: `/enterprises/{id}/teams-users` (R14).

pub mod wire;
pub mod operations;
pub mod routes;
pub mod worker;
