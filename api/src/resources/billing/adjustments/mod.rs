//! Corrections of lines of final reports, each booked in a later period (R15).

pub mod operations;
pub mod routes;
pub mod wire;
