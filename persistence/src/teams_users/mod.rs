//! Users in Teams: what they have at Microsoft or are about to get, and whose turn it is (R14).

mod row;
mod find;
mod change;
mod queue;

pub use change::{delete, end_wait, request_all, save};
pub(crate) use find::released_users;
pub use find::{HeldNumbers, Namesake, by_id, by_users, counts, namesakes};
pub use queue::{LEASE, Turn, due, end_turn, next_turn, wake};
