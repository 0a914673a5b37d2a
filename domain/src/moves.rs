//! Moves: an account goes below another one, when those above it before and after both want it.

use crate::Timestamp;
use crate::account::{Account, Tier, check_offered, check_open};
use crate::id::{AccountId, MoveId};
use crate::refusal::Refusal;
use crate::status::Status;

/// Where a move stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveStatus {
    /// Asked for by one side.
    Pending,
    /// Accepted by the other: the account has moved.
    Accepted,
    /// Declined by the other.
    Declined,
    /// Taken back by the one that asked.
    Cancelled,
    /// Not decided in time.
    Expired,
}

impl MoveStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Accepted, Self::Declined, Self::Cancelled, Self::Expired];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Where a move stands at an instant: a pending one whose time is over has expired.
    #[must_use]
    pub fn status_at(self, expires_at: Timestamp, now: Timestamp) -> Self {
        if self == Self::Pending && expires_at <= now { Self::Expired } else { self }
    }

    /// Only a pending move is decided.
    pub fn check_pending(self) -> Result<(), Refusal> {
        if self == Self::Pending { Ok(()) } else { Err(Refusal::MoveDecided { status: self.as_str() }) }
    }
}

/// A move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Its id.
    pub id: MoveId,
    /// The account, as it is now.
    pub account: Account,
    /// The account that it is to leave.
    pub from: AccountId,
    /// The account that it is to go below, whether there is one or not.
    pub to: AccountId,
    /// Where it stands.
    pub status: MoveStatus,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Until when it is to be decided.
    pub expires_at: Timestamp,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
}

/// The tier of the accounts that accounts of a tier are below, if they can be moved.
#[must_use]
pub const fn parent_tier(tier: Tier) -> Option<Tier> {
    match tier {
        Tier::Reseller => Some(Tier::MasterReseller),
        Tier::Enterprise => Some(Tier::Reseller),
        Tier::Platform | Tier::MasterReseller => None,
    }
}

/// Whether an account can go below another one.
pub fn check_move(account: &Account, parent: &Account) -> Result<(), Refusal> {
    check_open(account.status)?;
    if parent.status == Status::Closed {
        return Err(Refusal::ParentClosed);
    }
    check_offered(account.services, parent.services)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_is_decided_once_and_in_time() {
        let at = |second| chrono::DateTime::from_timestamp(second, 0).unwrap();
        for status in MoveStatus::ALL {
            assert_eq!(MoveStatus::parse(status.as_str()), Some(status));
            assert_eq!(status.check_pending().is_ok(), status == MoveStatus::Pending);
            assert_eq!(status.status_at(at(10), at(9)), status);
            let later = if status == MoveStatus::Pending { MoveStatus::Expired } else { status };
            assert_eq!(status.status_at(at(10), at(10)), later);
        }
    }
}
