//! Webhooks: events are sent to the addresses that accounts name, signed after the Standard Webhooks specification
//! (<https://www.standardwebhooks.com>).

pub mod delivery_routes;
pub mod operations;
pub mod routes;
pub mod wire;
pub mod worker;
