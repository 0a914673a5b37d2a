//! Persistence: diesel on SQLite or PostgreSQL, behind one handle, [`Database`].
//!
//! Each query is a short function, named after what it returns, whose first argument is the connection. Queries on
//! behalf of callers take the caller's [`Scope`](domain::account::Scope); there is no unscoped find (S3). Only this
//! crate contains SQL.
//!
//! A module only uses modules above it in this list; a test checks this.

// How a query runs, and what every query needs.
mod store;
pub mod schema;
mod list_filter;
mod history;

// Accounts and who signs in to them.
mod enterprises;
pub mod accounts;
pub mod outbox;
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

// What belongs to an enterprise.
pub mod direct_routing;
pub mod lent_licences;
pub mod left_domains;
pub mod pbxes;
pub mod trunks;
pub mod teams_users;
pub mod users;
pub mod directories;
pub mod blockers;

// What is reported about all of that.
pub mod events;
pub mod webhooks;
pub mod billing;
pub mod search;
pub mod refold;

pub mod closing;
pub mod guesses;
pub mod taken_claims;
pub mod idempotency;
pub mod import_reports;
pub mod secrets;
pub mod housekeeping;

pub use list_filter::Filter;
pub use store::connection::{DatabaseUrl, InvalidUrl, StoreConnection};
pub use store::database::{Database, Options};
pub use store::database_file::Access;
pub use store::error::{Error, Failure};
pub use store::health::Trouble;
pub use store::known::{Known, SignedIn, Wanted};
pub use store::pool::{PoolOptions, PoolState};
pub use store::reply_batch::hand_over as hand_over_replies;
pub use store::savepoint::savepoint;
pub use store::set::{Member, Outcomes};

/// The version of a newly created object. Every change increases it by one.
const FIRST_VERSION: i64 = 1;

#[cfg(test)]
mod tests;
