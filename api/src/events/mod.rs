//! Events: what happened, recorded with the change, shown to those whose accounts it happened to, and handed on to webhooks (R16).

pub mod fields;
pub mod record;
pub mod view;
pub mod fan_out;
pub mod publish;
