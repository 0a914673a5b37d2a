//! Durable state: diesel over SQLite or PostgreSQL behind one handle, [`Database`].
//!
//! A query is a short function named for what it returns, with the connection first. Queries that answer callers
//! take the caller's [`Scope`](domain::account::Scope): there is no unscoped find (S3). Only this crate knows SQL.

pub mod accounts;
pub mod activations;
pub mod answers;
pub mod api_clients;
pub mod authorization_codes;
pub mod billing;
mod connection;
mod database;
pub mod direct_routing;
pub mod email_changes;
mod enterprises;
mod error;
pub mod events;
mod group;
pub mod housekeeping;
pub mod idempotency;
pub mod invitations;
mod job;
mod key;
pub mod members;
mod migrations;
pub mod moves;
pub mod outbox;
mod parts;
pub mod password_resets;
pub mod pbxes;
mod pool;
mod prepared;
pub mod savepoint;
pub mod schema;
pub mod search;
pub mod second_factors;
pub mod secrets;
pub mod sessions;
pub mod signed_in;
pub mod support_tickets;
pub mod telephony;
mod time;
pub mod trunks;
pub mod users;
pub mod webhooks;

pub use connection::{DatabaseUrl, InvalidUrl, StoreConnection};
pub use database::{Database, Options};
pub use error::{Error, Failure};
pub use parts::Filter;

/// The version of whatever was just made; it grows by one with every change.
const FIRST_VERSION: i64 = 1;

#[cfg(test)]
mod tests;
