//! Durable state: diesel over SQLite or PostgreSQL behind one handle, [`Database`].
//!
//! A query is a short function named for what it returns, with the connection first. Queries that answer callers
//! take the caller's [`Scope`](domain::account::Scope): there is no unscoped find (S3). Only this crate knows SQL.
//!
//! A module uses only modules that stand above it in this list, which a test checks.

// How a query runs, and what every query needs.
mod store;
pub mod schema;
mod list_filter;
mod history;

// Accounts and who signs in to them.
mod enterprises;
pub mod accounts;
pub mod activations;
pub mod members;
pub mod second_factors;
pub mod invitations;
pub mod email_changes;
pub mod password_resets;
pub mod authorization_codes;
pub mod sessions;
pub mod api_clients;
pub mod signed_in;
pub mod support_tickets;
pub mod moves;

// What an enterprise has.
pub mod direct_routing;
pub mod pbxes;
pub mod trunks;
pub mod users;
pub mod blockers;

// What is told of all that.
pub mod events;
pub mod webhooks;
pub mod outbox;
pub mod billing;
pub mod search;

pub mod closing;
pub mod idempotency;
pub mod secrets;
pub mod housekeeping;

pub use list_filter::Filter;
pub use store::caller_cache::{CallerCache, SignedIn};
pub use store::connection::{DatabaseUrl, InvalidUrl, StoreConnection};
pub use store::database::{Database, Options};
pub use store::error::{Error, Failure};
pub use store::reply_batch::hand_over as hand_over_replies;
pub use store::savepoint::savepoint;

/// The version of whatever was just made; it grows by one with every change.
const FIRST_VERSION: i64 = 1;

#[cfg(test)]
mod tests;
