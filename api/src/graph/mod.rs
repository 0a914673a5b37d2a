//! Microsoft Graph: a client, the steps with which the service establishes Direct Routing automatically (R11), and
//! numbers and policies of users in Teams (R14).

pub mod client;
pub mod consent;
pub mod anchor;
pub mod clean_up;
pub mod steps;
mod teams_documents;
pub mod directory;
pub mod teams_users;
mod teams_release;

pub use client::{Graph, GraphSettings};
