//! Wire types that several resources show.

pub mod account;
pub mod instant;
pub mod role;
pub mod transport;
