//! What the three tiers share, written once for an account (S8): operations, the members of requests, and how a
//! request is carried out. What differs between tiers is a small type: see [`requests::View`].

pub mod change;
pub mod create;
pub mod life_cycle;
pub mod list;
pub mod requests;
pub mod search;
