//! `/me`: who is signed in.

pub mod routes;
