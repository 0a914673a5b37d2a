//! Webhooks: events are sent to the addresses that accounts name, signed after the Standard Webhooks specification
//! (<https://www.standardwebhooks.com>).

pub mod delivery_routes;
pub mod fan_out;
pub mod guard;
pub mod operations;
pub mod routes;
pub mod send;
pub mod sign;
pub mod wire;
pub mod worker;
