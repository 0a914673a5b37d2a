//! Webhooks: events are sent by POST to the URLs that accounts have registered, signed as in the Standard Webhooks
//! specification (<https://www.standardwebhooks.com>).

pub mod delivery_routes;
pub mod operations;
pub mod routes;
pub mod wire;
pub mod worker;
