//! Where an account stands in its life, and the steps from one status to the next (R7).

/// Where an account stands in its life: `pending → active ⇄ suspended → closed`, and `pending → closed` (R7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Created; nobody has redeemed its activation link yet.
    Pending,
    /// In use.
    Active,
    /// Stopped by someone above it, until resumed.
    Suspended,
    /// Gone for good; kept for reports.
    Closed,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Active, Self::Suspended, Self::Closed];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Closed => "closed",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// A step in the life of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transition {
    /// The activation link was redeemed.
    Activate,
    /// Someone above the account stops it.
    Suspend,
    /// Someone above the account lets it go on.
    Resume,
    /// The account ends.
    Close,
}

impl Transition {
    /// Every transition.
    pub const ALL: [Self; 4] = [Self::Activate, Self::Suspend, Self::Resume, Self::Close];

    /// What the transition does, as a past participle for messages.
    #[must_use]
    pub const fn done(self) -> &'static str {
        match self {
            Self::Activate => "activated",
            Self::Suspend => "suspended",
            Self::Resume => "resumed",
            Self::Close => "closed",
        }
    }
}
