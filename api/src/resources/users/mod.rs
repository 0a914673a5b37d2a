//! Users: Teams users of an enterprise, each assigned to a PBX or a trunk (R14).

pub mod numbers;
pub mod operations;
pub mod wire;
pub mod create;
pub mod routes;
pub mod teams;
