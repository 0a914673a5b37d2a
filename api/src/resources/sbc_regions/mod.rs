//! SBC regions: the locations of the session border controllers that connect enterprises to Teams. They come from the
//! configuration.

pub mod routes;
