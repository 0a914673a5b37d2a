//! The TeamMate Portal API: HTTP over the rules of `domain` and the store of `persistence`.
//!
//! A handler parses the request into a command, an operation runs in one transaction, and its result becomes a view. A
//! resource's folder has `routes` (handlers), `wire` (JSON types) and `operations`.
//!
//! A module uses only modules that stand above it in this list, which a test checks: see [`floors`](../tests/floors.rs).

#![deny(clippy::print_stdout, clippy::print_stderr)] // They panic if nobody takes what they print.

// The base.
pub mod clock;
pub mod ids;
pub mod log;
pub mod places;
pub mod private;
#[expect(missing_docs, reason = "each is the schema of the value of its name")]
pub mod shown;
pub mod error;
pub mod access;

// The platform: what every handler uses.
pub mod security;
pub mod views;
pub mod http;

// Adapters: what leaves the service.
pub mod mail;
pub mod graph;
pub mod webhook_client;

// The application: its configuration, its state, and what it records.
pub mod settings;
pub mod app;
pub mod events;

// The resources, in an order of their own.
pub mod resources;

// The program.
pub mod routes;
pub mod openapi;
pub mod site;
pub mod server;
pub mod commands;
