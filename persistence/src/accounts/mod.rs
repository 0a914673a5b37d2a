//! Accounts of every tier, in one table (S8).

mod addresses;
mod change;
mod lock;
mod find;
mod list;
mod row;
mod tree;

pub use addresses::{claim_email, free_email, taken_emails};
pub(crate) use addresses::{email_holders, free_emails};
pub use change::{Change, NewAccount, activate, insert, insert_active, insert_all, set_status, update};
pub use find::{any_below_platform, by_emails, by_id, is_in_scope, known_by_id, parents};
pub(crate) use find::{load_known, of_ids};
pub use list::{Filter, list};
pub use lock::{Lock, lock};
pub(crate) use row::{MASTER, RESELLER, parse_status};
pub(crate) use tree::owners;
pub use tree::{Tree, tree};
