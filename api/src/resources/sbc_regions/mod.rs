//! SBC regions: where the session border controllers stand that connect enterprises with Teams. Configuration.

pub mod routes;
