//! What the PBXs, trunks and users of an enterprise share: their lists, their events, their sealed passwords.

use domain::id::Id;
use domain::limits::SEARCH_MAX;
use domain::values::sip::SipPassword;
use persistence::Filter;
use serde_json::Value;

use crate::error::Error;
use crate::events::record::difference;
use crate::http::page::Paging;
use crate::http::query::{Query, search_text};
use crate::security::seal::Seal;

/// Which page of an enterprise's PBXs, trunks or users is wanted.
#[derive(Debug)]
pub struct ListRequest {
    /// Which page.
    pub paging: Paging,
    search: Option<String>,
}

impl ListRequest {
    /// Takes `limit`, `sort`, `cursor` and `q`. The path has the enterprise's id in it, so cursors are bound to that too.
    pub fn from_query(path: String, text: &str, query: &mut Query) -> Result<Self, Error> {
        let paging = Paging::from_query(path, text, query)?;
        let search = query.parameter("q", "1–100 characters", |text| search_text(text, SEARCH_MAX))?;
        Ok(Self { paging, search })
    }

    /// What to ask the store for, for a caller.
    pub fn filter(&self, caller: &str, sees_sip_data: bool) -> Result<Filter, Error> {
        let (newest_first, limit) = (self.paging.newest_first, self.paging.limit + 1);
        let (search, after) = (self.search.clone(), self.paging.after(caller)?);
        Ok(Filter { search, sees_sip_data, newest_first, after, limit })
    }
}

/// A password as it is stored: sealed for the one that has it.
pub fn sealed<K>(seal: &Seal, id: Id<K>, password: &SipPassword) -> Result<Vec<u8>, Error> {
    Ok(seal.seal(id.uuid(), password.expose().as_bytes())?)
}

/// What becomes of a stored password: `None` leaves it as it is, `Some(None)` removes it. It `goes` with what it belongs to, or
/// because `null` was given for it.
pub fn resealed<K>(
    seal: &Seal,
    id: Id<K>,
    has_password: bool,
    goes: bool,
    given: Option<&Option<SipPassword>>,
) -> Result<Option<Option<Vec<u8>>>, Error> {
    match given {
        Some(Some(password)) if !goes => Ok(Some(Some(sealed(seal, id, password)?))),
        given => Ok((has_password && (goes || given.is_some())).then_some(None)),
    }
}

/// The members that an update changed, before and after. A password shows as changed, and no more of it.
#[must_use]
pub fn updated(before: Value, after: Value, password_changed: bool) -> (Value, Value) {
    let (was, mut is) = difference(before, after);
    if password_changed {
        is["password"] = Value::from("changed");
    }
    (was, is)
}
