//! Keys, tokens, passwords and second factors.

pub mod access_token;
pub mod claim_limit;
pub mod given;
pub mod key_files;
pub mod password;
pub mod rotation;
pub mod seal;
pub mod secret_token;
pub mod totp;
