//! Changing the e-mail address of an activated account or of a member. The change must be confirmed from the new
//! address (R1).

pub mod operations;
pub mod routes;
pub mod wire;
