//! Who signs in to an account: a person or a program.

use std::fmt;

use crate::id::{ClientId, MemberId};

/// Somebody who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A person.
    Member(MemberId),
    /// A program.
    Client(ClientId),
}

/// What signs in, whichever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A person.
    Member,
    /// A program.
    Client,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Member, Self::Client];
}

impl Principal {
    /// Which of both it is.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Member(_) => Kind::Member,
            Self::Client(_) => Kind::Client,
        }
    }

    /// Reads the text form of the id of either.
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
