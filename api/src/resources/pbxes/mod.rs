//! PBXs: an enterprise's phone systems and their SIP settings (R12).

pub mod operations;
pub mod routes;
pub mod wire;
