//! Refusals: requests that a rule forbids or that the caller may not make. Outages are not refusals (S7).

use crate::next_step::NextStep;
use crate::services::Service;
use crate::status::{Status, Transition};

/// An object that prevents a change: an account, or a route, PBX, trunk or user of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// Its type: a tier, `route`, `pbx`, `trunk` or `user`.
    pub kind: &'static str,
    /// Its id as text; for a route, the code of its region.
    pub id: String,
    /// Its name; for a route, its domain.
    pub name: String,
    /// Its status or state; `active` for objects that have neither.
    pub status: &'static str,
}

/// The objects that prevent a change: their total number and the first of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blockers {
    /// The first blockers, oldest first.
    pub listed: Vec<Blocker>,
    /// The number of all blockers.
    pub total: i64,
}

/// A property of a user that must be unique (R14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserClaim {
    /// Its Teams user, unique in the enterprise.
    TeamsUser,
    /// Its SIP user, unique in the SIP domain.
    SipUser,
    /// Its default number, unique in the whole service.
    DefaultNumber,
    /// One of its forwarded numbers, unique in the whole service; with its index in the list.
    ForwardedNumber(usize),
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The object does not exist, or the caller can't see it (R8).
    NotFound,
    /// The caller can see the object but may not do this to it (R9).
    Forbidden,
    /// The caller is not signed in, or its session has ended.
    NotSignedIn,
    /// The e-mail address or the password is wrong.
    WrongCredentials,
    /// The member has a second factor and has to give a code as well.
    CodeNeeded,
    /// The second-factor code is wrong or has been used before.
    WrongCode,
    /// After too many wrong codes, the next one is only accepted after a pause.
    CodePaused {
        /// How long the pause still lasts, in seconds.
        seconds: u64,
    },
    /// Too many attempts to sign in were made. The next one is only accepted after a pause.
    SignInPaused {
        /// How long the pause still lasts, in seconds.
        seconds: u64,
        /// Whether the ceiling of the day is reached, so that only a link by e-mail helps.
        is_ceiling: bool,
    },
    /// The account has tried to claim too many phone numbers and SIP users today that others have.
    TooManyTakenClaims {
        /// How long it can claim none, in seconds.
        seconds: u64,
    },
    /// Others have caused as many e-mails to the address as are allowed in a day.
    TooManyEmails {
        /// How long no further one can be sent to it, in seconds.
        seconds: u64,
    },
    /// The account requires a second factor, and the member has none yet.
    SecondFactorMissing,
    /// The member still has the password that the service generated.
    PasswordIsTemporary,
    /// The member already has a second factor.
    SecondFactorOn,
    /// The member has no second factor, or has not started to set one up.
    SecondFactorOff,
    /// Members can't reset their own second factor; they disable it with a code instead.
    OwnSecondFactor,
    /// The API client may not call from this address (R9).
    AddressNotAllowed,
    /// An API client with an expiry or allowed networks may not create anything that would outlive these limits (R9).
    LimitedClient,
    /// The account is still pending, so its e-mail address is changed directly instead of with a confirmation.
    NotActivated,
    /// The account must keep at least one owner (R9).
    LastOwner,
    /// The account already has the most members that are allowed (R9).
    TooManyMembers,
    /// The member has already joined, so there is nothing to invite again.
    AlreadyJoined,
    /// Another move of the account is pending.
    MovePending,
    /// The move has already been decided or has expired.
    MoveDecided {
        /// The status of the move.
        status: &'static str,
    },
    /// The account already has the most API clients that are allowed (R9).
    TooManyClients,
    /// The account already has the most webhooks that are allowed.
    TooManyWebhooks,
    /// The webhook is disabled, so nothing can be sent to it.
    WebhookDisabled,
    /// The caller's account, or an account above it, is not active (R7).
    NotOperating,
    /// A single-use or refresh token is unknown, used, expired or superseded (R3).
    InvalidToken,
    /// Another open account has the e-mail address (R1).
    EmailTaken,
    /// The e-mail address of an activated account can only be changed with a confirmation from the new address.
    EmailChangeNeedsConfirmation,
    /// The life cycle does not allow this transition from the current status (R7).
    WrongStatus {
        /// The current status of the account.
        status: Status,
        /// The requested transition.
        transition: Transition,
    },
    /// The account is closed; it never changes again (R7).
    AccountClosed,
    /// The parent account is closed, so no account can be created below it or moved there.
    ParentClosed,
    /// The parent account does not have all of the requested services (R5).
    ServiceNotOffered {
        /// The services that the parent does not have.
        services: Vec<Service>,
    },
    /// Accounts below, or PBXs or trunks, use a service that is to be removed (R5).
    ServiceInUse(Blockers),
    /// The account can't be closed while there are open accounts, PBXs, trunks or users below it (R7).
    HasOpenChildren(Blockers),
    /// The route does not accept this command in its current state (R11).
    WrongRouteState {
        /// The current state of the route.
        state: &'static str,
        /// The requested command, as a past participle.
        command: &'static str,
    },
    /// The first confirmation of a route must include the TXT record that Microsoft 365 shows (R11).
    VerificationTxtRequired,
    /// Another route already has the domain (R11).
    RouteDomainTaken,
    /// The domain is just being removed from the tenant, after an earlier route (R11).
    RouteDomainBeingRemoved,
    /// SBC regions that are to be removed have started routes (R10).
    SbcRegionInUse(Blockers),
    /// PBXs, trunks or users depend on the route (R11).
    RouteInUse(Blockers),
    /// The enterprise has not consented to management of its Direct Routing by its reseller (R11).
    ManagementConsentMissing,
    /// The service performs this step itself; only staff can confirm it.
    StepsAreAutomatic,
    /// The service has no access to Microsoft Graph, so that people do what it could do there.
    NoMicrosoftGraph,
    /// PBXs, trunks and users need an established route (R12, R13, R14).
    DirectRoutingNotEstablished {
        /// The region of the route that is furthest along; `None` if no route was started.
        region: Option<String>,
        /// The state of that route.
        state: &'static str,
        /// The next step of that route.
        next: Option<NextStep>,
    },
    /// The enterprise does not have this service (R12, R13).
    ServiceMissing(Service),
    /// Another PBX of the enterprise has this location (R12).
    LocationTaken,
    /// A SIP user of the PBX already exists in the new SIP domain (R14).
    SipDomainClash,
    /// The PBX or trunk has assigned users (R14).
    HasUsers(Blockers),
    /// The enterprise has reached its user limit (R10).
    UserLimitReached {
        /// The user limit.
        limit: i32,
        /// The current number of users.
        users: i64,
    },
    /// The new user limit is below the current number of users (R10).
    UserLimitInUse {
        /// The current number of users.
        users: i64,
    },
    /// The enterprise may not add users itself (R10).
    CanNotAddExtensions,
    /// The enterprise's PBX users may not have external numbers (R10).
    ExternalNumbersNotAllowed,
    /// Another user already has the Teams user, the SIP user or a number (R14).
    UserClaimTaken(UserClaim),
    /// Microsoft has not yet let go of a number that another user had (R14).
    NumberBeingReleased(UserClaim),
    /// The user can't do this in Teams in its current state (R14).
    WrongTeamsState {
        /// The current state in Teams.
        state: &'static str,
        /// The requested command, as a past participle.
        command: &'static str,
    },
    /// The report of the billing period is final (R15).
    ReportFinal,
    /// The report of the billing period is being finalised.
    ReportBeingFinalised,
    /// The billing period has not ended (R15).
    PeriodNotOver,
    /// The adjusted line belongs to a report that is not final yet; only lines of final reports can be adjusted (R15).
    AmendedReportOpen,
    /// An adjustment must be booked in a later period that has begun (R15).
    AmendedReportLater,
    /// There is already an open ticket with this e-mail address (R2).
    TicketAlreadyOpen,
    /// The ticket has already been decided (R2).
    TicketDecided,
    /// Another request with this idempotency key is still running (W5).
    IdempotencyKeyInUse,
    /// The idempotency key was used with a different request (W5).
    IdempotencyKeyReused,
}
