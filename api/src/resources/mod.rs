//! The resources of the API. A folder has `routes` (handlers), `wire` (JSON of requests and responses), `operations`
//! (the work of one transaction) and, where work continues in the background, `worker`.
//!
//! As in `lib.rs`, the order is a rule: a module uses only modules that are listed above it.

// Shared by the resources below.
pub mod accounts;
pub mod telephony;
pub mod second_factors;

pub mod master_resellers;
pub mod resellers;
pub mod enterprises;
pub mod moves;
pub mod activations;
pub mod email_changes;
pub mod support_tickets;
pub mod direct_routing;
pub mod sbc_regions;
pub mod pbxes;
pub mod trunks;
pub mod teams;
pub mod directory;
pub mod users;
pub mod auth;
pub mod members;
pub mod me;
pub mod api_clients;
pub mod billing;
pub mod events;
pub mod webhooks;
pub mod health;

// Built on the resources above.
pub mod oauth;
pub mod imports;
