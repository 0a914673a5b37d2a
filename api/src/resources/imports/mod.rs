//! Imports: creating or updating many resellers, enterprises or users from one CSV or NDJSON file.

pub mod kinds;
pub mod outcome;
pub mod read;
pub mod routes;
pub mod run;
pub mod upload;
pub mod wire;
