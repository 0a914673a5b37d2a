//! PBXs: SIP configuration templates of an enterprise (R12).

pub mod operations;
pub mod routes;
pub mod wire;
