//! Billing reports (R15): read page by page, as a stream, as totals or as a chart; finalised; corrected.

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
