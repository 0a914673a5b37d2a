//! Principals: the members and API clients that sign in to an account.

use std::fmt;

use crate::id::{ClientId, MemberId};

/// A member or API client that is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A member: a person.
    Member(MemberId),
    /// An API client: a program.
    Client(ClientId),
}

/// The kind of a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A member: a person.
    Member,
    /// An API client: a program.
    Client,
}

impl Kind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Member, Self::Client];
}

impl Principal {
    /// The kind of this principal.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Member(_) => Kind::Member,
            Self::Client(_) => Kind::Client,
        }
    }

    /// Parses the id of a member or an API client; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        MemberId::parse(text).map(Self::Member).or_else(|| ClientId::parse(text).map(Self::Client))
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(id) => id.fmt(f),
            Self::Client(id) => id.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w1_an_id_tells_a_member_from_an_api_client() {
        for (text, kind) in [
            ("member_01h455vb4pex5vsknk084sn02q", Some(Kind::Member)),
            ("client_01h455vb4pex5vsknk084sn02q", Some(Kind::Client)),
            ("user_01h455vb4pex5vsknk084sn02q", None),
            ("01h455vb4pex5vsknk084sn02q", None),
            ("", None),
        ] {
            let read = Principal::parse(text);
            assert_eq!(read.map(Principal::kind), kind, "{text}");
            assert!(read.is_none_or(|read| read.to_string() == text), "{text}");
        }
    }
}
