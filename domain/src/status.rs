//! The status of an account and the transitions between statuses (R7).

/// The status of an account. Transitions: `pending → active ⇄ suspended`, and from each of these to `closed` (R7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Created; the activation link has not been used yet.
    Pending,
    /// In use.
    Active,
    /// Suspended by an account above it, until it is resumed.
    Suspended,
    /// Closed permanently; kept for reports.
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

    /// The status with this name; `None` if there is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// A change of an account's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transition {
    /// The activation link is used.
    Activate,
    /// An account above suspends it.
    Suspend,
    /// An account above resumes it.
    Resume,
    /// The account is closed.
    Close,
}

impl Transition {
    /// Every transition.
    pub const ALL: [Self; 4] = [Self::Activate, Self::Suspend, Self::Resume, Self::Close];

    /// The transition as a past participle, for messages.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r7_a_status_has_one_name_everywhere_and_a_transition_one_in_messages() {
        let names = ["pending", "active", "suspended", "closed"];
        assert_eq!(Status::ALL.map(Status::as_str), names);
        assert_eq!(names.map(Status::parse), Status::ALL.map(Some));
        assert_eq!(["", "Active", "resumed"].map(Status::parse), [None; 3]);
        assert_eq!(Transition::ALL.map(Transition::done), ["activated", "suspended", "resumed", "closed"]);
    }
}
