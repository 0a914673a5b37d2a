//! Events: recorded in the transaction of the change, listed for the accounts concerned, and sent to webhooks (R16).

pub mod fields;
pub mod record;
pub mod view;
pub mod fan_out;
pub mod publish;
