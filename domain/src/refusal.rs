//! Why a rule or the lack of authority stops a request. An outage is not a refusal and has no place here (S7).

use crate::account::Tier;
use crate::account::{Status, Transition};
use crate::id::AccountId;
use crate::services::Service;

/// An account that stands in the way of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// Its id.
    pub id: AccountId,
    /// Its tier.
    pub tier: Tier,
    /// Its name.
    pub name: String,
    /// Its status.
    pub status: Status,
}

/// Everything that stands in the way of a change: how many, and the first of them by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blockers {
    /// The first of them, oldest first.
    pub listed: Vec<Blocker>,
    /// How many there are.
    pub total: i64,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It does not exist, or not for this caller (R8).
    NotFound,
    /// The caller sees it and may not do this to it (R9).
    Forbidden,
    /// The caller is not signed in, or no longer.
    NotSignedIn,
    /// Address and password do not go together.
    WrongCredentials,
    /// The caller's account, or one above it, does not operate (R7).
    NotOperating,
    /// A single-use or refresh token is used, expired, superseded or made up (R3).
    InvalidToken,
    /// Another open account has the address (R1).
    EmailTaken,
    /// The address of an activated account is changed only with proof from the new one.
    EmailChangeNeedsConfirmation,
    /// The life cycle has no such step from here (R7).
    WrongStatus {
        /// Where the account stands.
        status: Status,
        /// What was asked for.
        transition: Transition,
    },
    /// A closed account never changes again (R7).
    AccountClosed,
    /// A new account can't stand below a closed one.
    ParentClosed,
    /// The parent does not have these services (R5).
    ServiceNotOffered {
        /// What the parent lacks.
        services: Vec<Service>,
    },
    /// Something below uses a service that is to be taken away (R5).
    ServiceInUse(Blockers),
    /// Something below is open (R7).
    HasOpenChildren(Blockers),
    /// The address already waits in an open ticket (R2).
    TicketAlreadyOpen,
    /// A decided ticket never changes again (R2).
    TicketDecided,
    /// A request with this idempotency key is still running (W5).
    IdempotencyKeyInUse,
    /// The idempotency key was used with another request (W5).
    IdempotencyKeyReused,
}
