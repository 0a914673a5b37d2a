//! Resellers: the organisations that sell the service to enterprises (R4).

pub mod routes;
pub mod wire;
