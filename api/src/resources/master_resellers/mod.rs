//! Master resellers: partners' accesses into the portal, taken on by approving a support ticket (R2).

pub mod routes;
pub mod wire;
