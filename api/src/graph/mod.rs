//! Microsoft Graph: how the service takes the steps of Direct Routing by itself (R11).

pub mod client;
pub mod steps;
pub mod worker;

pub use client::Graph;
