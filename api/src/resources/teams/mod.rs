//! Users in Teams: their numbers and voice routing policies at Microsoft (R14). The handlers are with the users.

pub mod wire;
pub mod in_teams;
pub mod operations;
pub mod worker;
