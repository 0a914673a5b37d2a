//! Microsoft Graph: a client, and the steps with which the service establishes Direct Routing automatically (R11).

pub mod client;
pub mod anchor;
pub mod steps;

pub use client::{Graph, GraphSettings};
