//! Moves: an account gets another parent, if both the current and the new parent agree.

use crate::Timestamp;
use crate::account::{Account, Tier, check_offered, check_open};
use crate::id::{AccountId, MoveId};
use crate::refusal::Refusal;
use crate::status::Status;

/// The status of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveStatus {
    /// Requested by one side, waiting for the other.
    Pending,
    /// Accepted by the other side; the account has moved.
    Accepted,
    /// Declined by the other side.
    Declined,
    /// Cancelled by the side that requested it.
    Cancelled,
    /// Neither accepted, declined nor cancelled in time.
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

    /// The status with this name; `None` if there is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// The status at `now`: a pending move has expired from `expires_at` on.
    #[must_use]
    pub fn status_at(self, expires_at: Timestamp, now: Timestamp) -> Self {
        if self == Self::Pending && expires_at <= now { Self::Expired } else { self }
    }

    /// Checks that the move is pending: only then can it be accepted, declined or cancelled.
    pub fn check_pending(self) -> Result<(), Refusal> {
        if self == Self::Pending { Ok(()) } else { Err(Refusal::MoveDecided { status: self.as_str() }) }
    }
}

/// A request to move an account below another parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Its id.
    pub id: MoveId,
    /// The account to be moved, as it is now.
    pub account: Account,
    /// The current parent of the account.
    pub from: AccountId,
    /// The new parent of the account. The move may name an id that does not exist.
    pub to: AccountId,
    /// Its status.
    pub status: MoveStatus,
    /// When it was requested.
    pub created_at: Timestamp,
    /// When it expires if it is still pending.
    pub expires_at: Timestamp,
    /// When it was accepted, declined or cancelled.
    pub decided_at: Option<Timestamp>,
}

/// The tier that the new parent must have; `None` for tiers whose accounts can't be moved.
#[must_use]
pub const fn parent_tier(tier: Tier) -> Option<Tier> {
    match tier {
        Tier::Reseller => Some(Tier::MasterReseller),
        Tier::Enterprise => Some(Tier::Reseller),
        Tier::Platform | Tier::MasterReseller => None,
    }
}

/// Checks that an account can be moved below a parent: both are open, and the parent has all services of the account
/// (R5).
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
    use crate::account::tests::account;
    use crate::services::{Service, Services};

    #[test]
    fn a_move_is_decided_once_and_in_time() {
        let at = |second| chrono::DateTime::from_timestamp(second, 0).unwrap();
        for status in MoveStatus::ALL {
            assert_eq!(status.check_pending().is_ok(), status == MoveStatus::Pending);
            assert_eq!(status.status_at(at(10), at(9)), status);
            let later = if status == MoveStatus::Pending { MoveStatus::Expired } else { status };
            assert_eq!(status.status_at(at(10), at(10)), later);
        }
    }

    #[test]
    fn a_status_has_one_name_everywhere() {
        let names = ["pending", "accepted", "declined", "cancelled", "expired"];
        assert_eq!(MoveStatus::ALL.map(MoveStatus::as_str), names);
        assert_eq!(names.map(MoveStatus::parse), MoveStatus::ALL.map(Some));
        assert_eq!(["", "Pending", "rejected"].map(MoveStatus::parse), [None; 3]);
    }

    #[test]
    fn resellers_move_between_master_resellers_and_enterprises_between_resellers() {
        let parents = [None, None, Some(Tier::MasterReseller), Some(Tier::Reseller)];
        assert_eq!(Tier::ALL.map(parent_tier), parents);
    }

    #[test]
    fn r5_r7_an_account_moves_between_open_accounts_to_one_with_its_services() {
        let pbx = Services::from_flags(true, false).unwrap();
        let of = |tier, status, services| Account { services, status, ..account(tier) };
        for (status, services, parent_status, parent_services, expected) in [
            (Status::Active, Services::ALL, Status::Active, Services::ALL, Ok(())),
            (Status::Pending, pbx, Status::Suspended, pbx, Ok(())),
            (Status::Closed, pbx, Status::Active, pbx, Err(Refusal::AccountClosed)),
            (Status::Active, pbx, Status::Closed, pbx, Err(Refusal::ParentClosed)),
            (
                Status::Active,
                Services::ALL,
                Status::Active,
                pbx,
                Err(Refusal::ServiceNotOffered { services: vec![Service::Trunk] }),
            ),
        ] {
            let moved = of(Tier::Enterprise, status, services);
            let parent = of(Tier::Reseller, parent_status, parent_services);
            assert_eq!(check_move(&moved, &parent), expected, "{status:?} below {parent_status:?}");
        }
    }
}
