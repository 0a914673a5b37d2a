//! The filter that the lists of an enterprise's PBXs, trunks and users share (W3).

use uuid::Uuid;

use crate::store::key::Key;
use crate::store::text::search_pattern;

/// Filter and page of a list of PBXs, trunks or users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Only objects that contain this text, ignoring case.
    pub search: Option<String>,
    /// Whether the search includes SIP data. Only for callers who may see it.
    pub sees_sip_data: bool,
    /// Newest first instead of oldest first.
    pub newest_first: bool,
    /// The cursor: only objects after this id in the sort order.
    pub after: Option<Uuid>,
    /// Most objects to return.
    pub limit: i64,
}

impl Filter {
    /// The `LIKE` pattern of the search text.
    pub(crate) fn pattern(&self) -> Option<String> {
        self.search.as_deref().map(search_pattern)
    }

    /// The cursor as a column value.
    pub(crate) fn after(&self) -> Option<Key> {
        self.after.map(Key::from)
    }
}
