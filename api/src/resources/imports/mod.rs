//! Imports: many resellers, enterprises or users at once, from a file of rows (CSV or NDJSON).

pub mod kinds;
pub mod read;
pub mod routes;
pub mod run;
pub mod upload;
pub mod wire;
