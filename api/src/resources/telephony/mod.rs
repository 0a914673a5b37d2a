//! Code that the PBXs, trunks and users of an enterprise share: list requests, update events and encrypted passwords.

use domain::id::Id;
use domain::limits::SEARCH_MAX;
use domain::values::sip::SipPassword;
use persistence::Filter;
use serde_json::Value;

use crate::error::Result;
use crate::events::record::difference;
use crate::http::page::Paging;
use crate::http::query::{Query, search_text};
use crate::security::seal::Seal;

/// A request for a page of an enterprise's PBXs, trunks or users.
#[derive(Debug)]
pub struct ListRequest {
    /// The page: sort order, size and cursor.
    pub paging: Paging,
    search: Option<String>,
}

impl ListRequest {
    /// Reads `limit`, `sort`, `cursor` and `q`. A cursor is bound to `path`, and so to the enterprise whose id is in
    /// it.
    pub fn from_query(path: String, text: &str, query: &mut Query) -> Result<Self> {
        let paging = Paging::from_query(path, text, query)?;
        let search = query.parameter("q", "1–100 characters", |text| search_text(text, SEARCH_MAX))?;
        Ok(Self { paging, search })
    }

    /// The database filter for this page. Fails if the cursor was issued to another caller.
    pub fn filter(&self, caller: &str, sees_sip_data: bool) -> Result<Filter> {
        let (newest_first, limit) = (self.paging.newest_first, self.paging.limit + 1);
        let (search, after) = (self.search.clone(), self.paging.after(caller)?);
        Ok(Filter { search, sees_sip_data, newest_first, after, limit })
    }
}

/// Encrypts a password for the database. The ciphertext is bound to the id of its trunk or user.
pub fn sealed<K>(seal: &Seal, id: Id<K>, password: &SipPassword) -> Result<Vec<u8>> {
    Ok(seal.seal(id.uuid(), password.expose().as_bytes())?)
}

/// The new value of a stored password: `None` keeps it, `Some(None)` removes it. It is removed if the request gave
/// `null`, or if the trunk or user may not have a password after the change (`goes`).
pub fn resealed<K>(
    seal: &Seal,
    id: Id<K>,
    has_password: bool,
    goes: bool,
    given: Option<&Option<SipPassword>>,
) -> Result<Option<Option<Vec<u8>>>> {
    match given {
        Some(Some(password)) if !goes => Ok(Some(Some(sealed(seal, id, password)?))),
        given => Ok((has_password && (goes || given.is_some())).then_some(None)),
    }
}

/// The fields that an update changed, before and after, for its event. A changed password appears only as `"changed"`.
#[must_use]
pub fn updated(before: Value, after: Value, password_changed: bool) -> (Value, Value) {
    let (was, mut is) = difference(before, after);
    if password_changed {
        is["password"] = Value::from("changed");
    }
    (was, is)
}
