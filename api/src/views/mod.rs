//! Response types that several resources share.

pub mod account;
pub mod instant;
pub mod language;
pub mod role;
pub mod transport;
