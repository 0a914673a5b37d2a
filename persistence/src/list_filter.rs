//! What the lists of an enterprise's PBXs, trunks and users have in common (W3).

use uuid::Uuid;

use crate::store::key::Key;
use crate::store::text::search_pattern;

/// Which of an enterprise's PBXs, trunks or users are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// With this text in what is searched, in any case.
    pub search: Option<String>,
    /// Whether how they speak SIP is searched, too: only for those who see it.
    pub sees_sip_data: bool,
    /// Newest first instead of oldest first.
    pub newest_first: bool,
    /// Behind this one in that order.
    pub after: Option<Uuid>,
    /// So many at most.
    pub limit: i64,
}

impl Filter {
    /// The pattern that finds the text.
    pub(crate) fn pattern(&self) -> Option<String> {
        self.search.as_deref().map(search_pattern)
    }

    /// The key of the one behind which the page starts.
    pub(crate) fn after(&self) -> Option<Key> {
        self.after.map(Key::from)
    }
}
