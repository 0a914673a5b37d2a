//! The Teams users of enterprises, and their unique properties (R14).

mod find;
mod change;
mod claims;
mod create;

pub use change::{delete, update};
pub use claims::holders;
pub(crate) use claims::reversed;
pub use create::{NewUser, Taken, insert_all};
pub use find::{UserFilter, by_id, by_ids, by_teams_users, counts, list, owner};
