//! Sending to webhooks: to public addresses only, signed after the Standard Webhooks specification
//! (<https://www.standardwebhooks.com>).

pub mod guard;
pub mod sign;
pub mod send;
