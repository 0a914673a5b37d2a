//! Support tickets: applications of partners who want to become master resellers (R2).

use crate::refusal::Refusal;

/// The subject of every ticket.
pub const SUBJECT: &str = "Add to TeamMate Portal";

/// The status of a ticket. A decided ticket never changes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketStatus {
    /// Waiting for a decision.
    Open,
    /// Approved; a master reseller was created from it.
    Approved,
    /// Rejected with a reason.
    Rejected,
}

impl TicketStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Open, Self::Approved, Self::Rejected];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// The status with this name; `None` if there is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Checks that the ticket is open: only then can it be decided.
    pub fn check_open(self) -> Result<(), Refusal> {
        if self == Self::Open { Ok(()) } else { Err(Refusal::TicketDecided) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_a_decided_ticket_never_changes_again() {
        assert_eq!(TicketStatus::Open.check_open(), Ok(()));
        assert_eq!(TicketStatus::Approved.check_open(), Err(Refusal::TicketDecided));
        assert_eq!(TicketStatus::Rejected.check_open(), Err(Refusal::TicketDecided));
    }

    #[test]
    fn r2_a_status_has_one_name_everywhere() {
        let names = ["open", "approved", "rejected"];
        assert_eq!(TicketStatus::ALL.map(TicketStatus::as_str), names);
        assert_eq!(names.map(TicketStatus::parse), TicketStatus::ALL.map(Some));
        assert_eq!(["", "Open", "closed"].map(TicketStatus::parse), [None; 3]);
    }
}
