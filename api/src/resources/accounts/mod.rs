//! Code that master resellers, resellers and enterprises share (S8): operations and request handling, written once for
//! accounts of any tier. What differs between tiers is a small trait: see [`requests::View`].

pub mod routing;
pub mod change;
pub mod create;
pub mod life_cycle;
pub mod list;
pub mod requests;
pub mod search;
