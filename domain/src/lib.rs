//! The rules of the product, free of I/O: what an account is, who may do what, and what each change asks for.
//!
//! Nothing here reads a clock, draws a random number or knows of HTTP, JSON or SQL. Functions take loaded facts and
//! the present instant as arguments, so that each rule can be tested by a table. Rule numbers (R1–R16) are those of
//! the product's design.

pub mod account;
pub mod api_client;
pub mod authority;
pub mod billing;
pub mod delivery;
pub mod direct_routing;
pub mod email;
pub mod enterprise;
pub mod event;
pub mod fault;
pub mod host_name;
pub mod id;
pub mod instant;
pub mod limits;
pub mod member;
pub mod moves;
pub mod network;
pub mod password;
pub mod pbx;
pub mod phone_number;
pub mod principal;
pub mod public_address;
pub mod refusal;
pub mod route_domain;
pub mod second_factor;
pub mod services;
pub mod session;
pub mod sip;
pub mod tenant;
pub mod text;
pub mod ticket;
pub mod trunk;
pub mod user;
pub mod user_principal_name;
pub mod webhook;

/// An instant in UTC. The service works in whole milliseconds.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
