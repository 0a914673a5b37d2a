//! Operations on the users of a tenant.

use domain::account::{Account, check_open};
use domain::directory::Directory;
use persistence::directories;
use serde_json::Value;

use crate::app::Tx;
use crate::error::Result;
use crate::events::record::{NewEvent, record};
use crate::resources::accounts::routing::tenant_of;

/// Has the users of an enterprise's tenant read, or what has changed among them.
pub fn ask(tx: &mut Tx<'_>, account: &Account) -> Result<Directory> {
    check_open(account.status)?;
    let (now, tenant) = (tx.now, tenant_of(tx, account)?);
    let known = directories::by_account(tx, account.id)?;
    let directory = match known {
        Some(known) if known.tenant == tenant => known.asked(now),
        Some(_) => {
            directories::forget(tx, account.id)?;
            Directory::new(account.id, tenant, now)
        }
        None => Directory::new(account.id, tenant, now),
    };
    directories::save(tx, &directory)?;
    record(tx, &NewEvent::to_account(account, "teams_users_sync_requested", Value::Null, Value::Null))?;
    Ok(directory)
}
