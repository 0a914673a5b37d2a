//! Events: what happened, as those read it whose accounts it happened to, and how it is made known (R16).

pub mod members;
pub mod publish;
pub mod routes;
pub mod wire;
