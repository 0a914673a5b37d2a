//! The TeamMate Portal API: HTTP over the rules of `domain` and the store of `persistence`.
//!
//! A request goes one way: a handler parses the wire form into a command, one operation runs in one transaction, and
//! the outcome becomes a view. A resource's folder reads `routes`, `wire`, `operations`.

pub mod accounts;
pub mod activations;
pub mod api_clients;
pub mod auth;
pub mod billing;
pub mod cli;
pub mod clock;
pub mod direct_routing;
pub mod email_changes;
pub mod enterprises;
pub mod events;
pub mod graph;
pub mod http;
pub mod imports;
pub mod mail;
pub mod master_resellers;
pub mod me;
pub mod members;
pub mod moves;
pub mod oauth;
pub mod openapi;
pub mod pbxes;
pub mod record;
pub mod resellers;
pub mod routes;
pub mod sbc_regions;
pub mod second_factors;
pub mod security;
pub mod server;
pub mod service;
pub mod settings;
pub mod support_tickets;
pub mod system;
pub mod trunks;
pub mod users;
pub mod webhooks;
