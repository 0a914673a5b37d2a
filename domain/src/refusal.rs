//! Why a rule or the lack of authority stops a request. An outage is not a refusal and has no place here (S7).

use crate::next_step::NextStep;
use crate::services::Service;
use crate::status::{Status, Transition};

/// Something that stands in the way of a change: an account, or what an enterprise has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// What it is: a tier, `route`, `pbx`, `trunk` or `user`.
    pub kind: &'static str,
    /// Its id, as text; the region of a route.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its status or state; what has none is `active`.
    pub status: &'static str,
}

/// Everything that stands in the way of a change: how many, and the first of them by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blockers {
    /// The first of them, oldest first.
    pub listed: Vec<Blocker>,
    /// How many there are.
    pub total: i64,
}

/// What a user has that no other may have (R14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserClaim {
    /// Its Teams user, within the enterprise.
    TeamsUser,
    /// Its SIP user, within the SIP domain.
    SipUser,
    /// Its default number.
    DefaultNumber,
    /// One of its further numbers, by its index.
    ForwardedNumber(usize),
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
    /// The member has a second factor, and signs in with a code of it as well.
    CodeNeeded,
    /// The code is not the one that the second factor shows, or was used.
    WrongCode,
    /// Codes were wrong, so the next one waits.
    CodePaused {
        /// For how many seconds.
        seconds: u64,
    },
    /// The account asks for a second factor, and the member has none yet.
    SecondFactorMissing,
    /// The member has a second factor already.
    SecondFactorOn,
    /// The member has no second factor, or has begun with none.
    SecondFactorOff,
    /// Members switch their own second factor off with a code of it.
    OwnSecondFactor,
    /// The API client may not call from this address (R9).
    AddressNotAllowed,
    /// An API client with limits asks for what would outlive them (R9).
    LimitedClient,
    /// Nobody has activated the account, so its address is replaced without confirmation.
    NotActivated,
    /// Somebody must be left who manages the account (R9).
    LastOwner,
    /// The account has as many members as it may have (R9).
    TooManyMembers,
    /// Who has joined needs no invitation.
    AlreadyJoined,
    /// Somebody has asked already for the account to be moved.
    MovePending,
    /// A move was decided, or its time is over.
    MoveDecided {
        /// Where it stands.
        status: &'static str,
    },
    /// The account has as many API clients as it may have (R9).
    TooManyClients,
    /// The account has as many webhooks as it may have.
    TooManyWebhooks,
    /// A webhook that is not enabled gets nothing.
    WebhookDisabled,
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
    /// A route can't be given this command in its state (R11).
    WrongRouteState {
        /// Where the route stands.
        state: &'static str,
        /// What was asked for, as a past participle.
        command: &'static str,
    },
    /// The first confirmation of a route comes with the TXT record that Microsoft 365 shows (R11).
    VerificationTxtRequired,
    /// Another route has the domain (R11).
    RouteDomainTaken,
    /// Routes of SBC regions that are to be taken away were started (R10).
    SbcRegionInUse(Blockers),
    /// PBXs, trunks or users need the route (R11).
    RouteInUse(Blockers),
    /// The enterprise has not consented to being managed (R11).
    ManagementConsentMissing,
    /// The service takes this step by itself; only staff confirm it.
    StepsAreAutomatic,
    /// A PBX, a trunk and a user need an established route (R12, R13, R14).
    DirectRoutingNotEstablished {
        /// The region of the route that has come furthest, if one was started.
        region: Option<String>,
        /// Where it stands.
        state: &'static str,
        /// What comes next on it.
        next: Option<NextStep>,
    },
    /// The enterprise does not have the service (R12, R13).
    ServiceMissing(Service),
    /// Another PBX of the enterprise is at this location (R12).
    LocationTaken,
    /// A SIP user of the PBX is in the new SIP domain already (R14).
    SipDomainClash,
    /// Users are assigned to the PBX or trunk (R14).
    HasUsers(Blockers),
    /// The enterprise has as many users as it may have (R10).
    UserLimitReached {
        /// The limit.
        limit: i32,
        /// How many it has.
        users: i64,
    },
    /// The enterprise has more users than the new limit allows (R10).
    UserLimitInUse {
        /// How many it has.
        users: i64,
    },
    /// The enterprise may not add users itself (R10).
    CanNotAddExtensions,
    /// Users of a PBX may not have numbers that are not from there (R10).
    ExternalNumbersNotAllowed,
    /// Another user has the Teams user, the SIP user or a number (R14).
    UserClaimTaken(UserClaim),
    /// The report of the period is final (R15).
    ReportFinal,
    /// Somebody is making the report of the period final.
    ReportBeingFinalised,
    /// The period is not over (R15).
    PeriodNotOver,
    /// Only a line of a final report can be amended (R15).
    AmendedReportOpen,
    /// A line is amended in a later period, one that has begun (R15).
    AmendedReportLater,
    /// The address already waits in an open ticket (R2).
    TicketAlreadyOpen,
    /// A decided ticket never changes again (R2).
    TicketDecided,
    /// A request with this idempotency key is still running (W5).
    IdempotencyKeyInUse,
    /// The idempotency key was used with another request (W5).
    IdempotencyKeyReused,
}
