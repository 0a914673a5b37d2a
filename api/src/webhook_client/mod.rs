//! Sends to webhooks: only to public addresses, with signatures according to the Standard Webhooks specification
//! (<https://www.standardwebhooks.com>).

pub mod guard;
pub mod sign;
pub mod send;
