//! Who the caller is and what it may reach.

mod actor;
mod origin;
mod permission;

pub use actor::Actor;
pub use origin::Origin;
pub use permission::{Change, ChangeMyself, Create, Permission, Read, ReadMyself};
