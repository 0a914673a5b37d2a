//! The rules of the product, free of I/O: what an account is, who may do what, and what each change asks for.
//!
//! Nothing here reads a clock, draws a random number or knows of HTTP, JSON or SQL. Functions take loaded facts and
//! the present instant as arguments, so that each rule can be tested by a table. Rule numbers (R1–R16) are those of
//! the product's design.
//!
//! A module uses only modules that stand above it in this list, which a test checks.

// What every rule stands on.
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

// What an enterprise has.
pub mod direct_routing;
pub mod pbx;
pub mod trunk;
pub mod user;

// What is told of all that.
pub mod event;
pub mod webhook;
pub mod billing;

// What a given value of each type must be.
pub mod limited;

/// An instant in UTC. The service works in whole milliseconds.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
