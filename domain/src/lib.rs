//! The business rules, free of I/O: what an account is, who may do what, and what each change requires.
//!
//! Nothing here reads a clock, draws a random number or knows about HTTP, JSON or SQL. Functions take loaded facts and
//! the current time as arguments, so that each rule can be tested with a table. Rule numbers (R1–R18) refer to the
//! product's design.
//!
//! A module only uses modules above it in this list; a test checks this.

// What all rules are built on.
pub mod fault;
pub mod limits;
pub mod instant;
pub mod values;
pub mod id;
pub mod services;
pub mod delivery;
pub mod status;
pub mod next_step;
pub mod refusal;

// Accounts and who acts in them.
pub mod principal;
pub mod enterprise;
pub mod account;
pub mod authority;
pub mod member;
pub mod api_client;
pub mod session;
pub mod second_factor;
pub mod ticket;
pub mod moves;

// What belongs to an enterprise.
pub mod direct_routing;
pub mod pbx;
pub mod trunk;
pub mod user;
pub mod teams;
pub mod directory;

// What is reported about all of that.
pub mod event;
pub mod webhook;
pub mod billing;

// The limits of the values that callers give.
pub mod limited;

/// An instant in UTC. The service works with whole milliseconds.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
