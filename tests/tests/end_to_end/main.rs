//! The service from the outside, on both databases. One binary, so that all tests share one PostgreSQL cluster.

mod accounts;
mod activation;
mod authorisation;
mod bad_input;
mod changes;
mod direct_routing;
mod document;
mod durability;
mod email_addresses;
mod enterprises;
mod graph;
mod http;
mod idempotency;
mod journey;
mod life_cycle;
mod lists;
mod logs;
mod mail;
mod pbxes;
mod schema;
mod secrets;
mod sign_in;
mod tickets;
mod tokens;
mod trunks;
mod users;
