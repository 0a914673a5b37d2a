//! Users: Teams users of an enterprise, each assigned to a PBX or a trunk (R14).

pub mod numbers;
pub mod operations;
pub mod routes;
pub mod wire;
