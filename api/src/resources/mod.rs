//! The resources of the API. Each folder reads `routes` (handlers), `wire` (JSON) and `operations` (what happens in one
//! transaction), and `worker` where something goes on after the answer.
//!
//! As in `lib.rs`, a resource uses only those that stand above it in this list.

// What others use.
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
pub mod users;
pub mod auth;
pub mod members;
pub mod me;
pub mod api_clients;
pub mod billing;
pub mod events;
pub mod webhooks;
pub mod health;

// They use others.
pub mod oauth;
pub mod imports;
