//! Billing reports: read page by page, as a stream, added up or as a picture; made final; corrected (R15).

pub mod adjustments;
mod chart;
pub mod csv;
mod format;
pub mod operations;
pub mod report;
pub mod routes;
mod summary;
pub mod wire;

pub use format::{Format, written};
