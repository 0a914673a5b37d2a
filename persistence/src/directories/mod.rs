//! The users of enterprises' tenants, as Microsoft's directory has them (R14).

mod find;
mod change;

pub use change::{LEASE, forget, lease, save, store_page};
pub use find::{Counts, UserFilter, Visible, by_account, counts, knows, list};
