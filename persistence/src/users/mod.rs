//! The Teams users of enterprises, and their unique properties (R14).

mod change;
mod claims;
mod find;

pub use change::{delete, insert, update};
pub use claims::is_held_elsewhere;
pub(crate) use claims::reversed;
pub use find::{UserFilter, by_id, by_teams_user, count, list, owner};
