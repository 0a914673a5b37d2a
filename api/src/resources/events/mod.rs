//! `/events`: reading the event log.

pub mod routes;
