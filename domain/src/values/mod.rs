//! Value types, parsed once when a request comes in; the rules only work with parsed values. These modules depend only
//! on faults and limits.

pub mod characters;
pub mod folding;
pub mod text;
pub mod language;
pub mod email;
pub mod host_name;
pub mod network;
pub mod phone_number;
pub mod password;
pub mod public_address;
pub mod return_url;
pub mod route_domain;
pub mod sip;
pub mod tenant;
pub mod user_principal_name;
