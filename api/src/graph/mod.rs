//! Microsoft Graph: a client, and the steps by which the service establishes Direct Routing by itself (R11).

pub mod client;
pub mod steps;

pub use client::{Graph, GraphSettings};
