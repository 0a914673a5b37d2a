//! What is parsed once, at the edge: past it no raw text carries a rule. Nothing here knows more than faults and limits.

pub mod text;
pub mod email;
pub mod host_name;
pub mod network;
pub mod phone_number;
pub mod password;
pub mod public_address;
pub mod route_domain;
pub mod sip;
pub mod tenant;
pub mod user_principal_name;
