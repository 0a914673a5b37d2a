//! Direct Routing: the link between an enterprise's Microsoft 365 tenant and the SBCs, one route per SBC region (R11).

pub mod operations;
pub mod requests;
pub mod permissions;
pub mod wire;
pub mod consent;
pub mod routes;
pub mod worker;
