//! The error for each refusal: its code, and a detail that says what happened and what to do.

use domain::fault::Fault;
use domain::limits::{CLIENTS_MAX, EMAILS_PER_RECIPIENT, FINALISE_AFTER_MINUTES, MEMBERS_MAX, WEBHOOKS_MAX};
use domain::refusal::{Refusal, UserClaim};

use super::{Error, ErrorCode, value_error};

/// Matches refusals. A row names a refusal, its code, the pointer of the field it is about, and the detail; the arms of
/// refusals that need more follow after `..`.
macro_rules! refusals {
    ($given:ident; $($refusal:ident $({ $($field:ident),* })? => $code:ident $(at $pointer:literal)?: $detail:literal;)* .. $($arms:tt)*) => {
        match $given {
            $(Refusal::$refusal $({ $($field),* })? => Self::new(ErrorCode::$code, format!($detail))$(.at_pointer($pointer))?,)*
            $($arms)*
        }
    };
}

impl From<Refusal> for Error {
    #[expect(clippy::too_many_lines, reason = "a table: one row for each refusal")]
    fn from(refusal: Refusal) -> Self {
        refusals! {
            refusal;
            NotFound => NotFound: "The resource does not exist, or you can't see it.";
            Forbidden => Forbidden: "Your role or the tier of your account does not allow this.";
            NotSignedIn => NotSignedIn:
                "Send a valid access token as `Authorization: Bearer …`; get one from POST /auth/login or POST \
                 /auth/refresh.";
            WrongCredentials => WrongCredentials:
                "No active member has this e-mail address and password. Check both, or reset the password.";
            NotOperating => NotOperating:
                "Your account, or an account above it, is suspended. Contact the provider of your account.";
            CodeNeeded => CodeNeeded:
                "Send the request again with `code`: the six digits that your authenticator app shows, or a recovery \
                 code.";
            WrongCode => WrongCode:
                "This is not the code that the app shows, or it was already used. Wait for the next code, and check \
                 that the device's clock is correct.";
            SecondFactorMissing => SecondFactorRequired:
                "Your account requires a second factor. Set one up, starting with POST /me/second-factor.";
            PasswordIsTemporary => PasswordChangeRequired:
                "Your password was generated. Choose your own with POST /me/change-password first.";
            SecondFactorOn => SecondFactorEnabled:
                "You already have a second factor. To use another app, first switch it off with POST \
                 /me/second-factor/disable.";
            SecondFactorOff => NoSecondFactor:
                "The member has no second factor, or has not started to set one up. Start with POST \
                 /me/second-factor.";
            OwnSecondFactor => OwnSecondFactor:
                "You can't reset your own second factor. Switch it off with a code: POST /me/second-factor/disable.";
            LastOwner => LastOwner:
                "An account needs at least one owner who has joined. First make another member an owner.";
            TooManyMembers => TooManyMembers:
                "An account can have at most {MEMBERS_MAX} members. Remove members who have left.";
            AlreadyJoined => AlreadyJoined:
                "The member has already joined. A forgotten password is reset with POST /auth/password-resets.";
            MovePending => MovePending:
                "The account already has a pending move. First accept, decline or cancel it: see GET /moves.";
            MoveDecided { status } => MoveDecided: "The move is already {status}. Request a new move.";
            LimitedClient => LimitedClient:
                "This API client has `expires_at` or `allowed_networks`, which would not limit the webhook. Use a \
                 member's access token, or an API client without them, to create or change webhooks.";
            NotActivated => NotActivated:
                "The account is not activated yet. Change its `email` with PATCH; a new activation e-mail is then \
                 sent.";
            AddressNotAllowed => AddressNotAllowed:
                "This API client's `allowed_networks` do not include your network address.";
            TooManyClients => TooManyClients:
                "An account can have at most {CLIENTS_MAX} API clients. Revoke those that are no longer used.";
            TooManyWebhooks => TooManyWebhooks:
                "An account can have at most {WEBHOOKS_MAX} webhooks. Delete those that are no longer used.";
            WebhookDisabled => WebhookDisabled:
                "The webhook is disabled, so nothing can be sent to it. First enable it: PATCH it with `enabled` set \
                 to true.";
            InvalidToken => InvalidToken at "/token":
                "The token was already used, has expired, was replaced by a newer one, or never existed. Ask for a \
                 new e-mail.";
            EmailTaken => EmailTaken at "/email":
                "Another account or member already has this e-mail address. Use another address.";
            EmailChangeNeedsConfirmation => EmailChangeNeedsConfirmation at "/email":
                "The account is activated, so a new e-mail address has to be confirmed. Use POST …/change-email.";
            AccountClosed => AccountClosed: "The account is closed and can't be changed.";
            ParentClosed => ParentClosed: "The parent account is closed. Nothing can be created below it.";
            WrongRouteState { state, command } => WrongRouteState:
                "The route is {state}. In this state it can't be {command}. The route's `next` shows the next step.";
            WrongTeamsState { state, command } => WrongTeamsState:
                "In Teams the user is {state}. In this state it can't be {command}. `teams.next` shows the next step.";
            RouteDomainTaken => RouteDomainTaken at "/label":
                "Another route in this region already uses this label. Choose another label.";
            NoMicrosoftGraph => NoMicrosoftGraph:
                "The service does not use Microsoft Graph. Do this in the Microsoft 365 or Teams admin center instead.";
            RouteDomainBeingRemoved => RouteDomainBeingRemoved at "/label":
                "The domain of this label is currently being removed from the tenant. Try again in two minutes.";
            ManagementConsentMissing => ManagementConsentMissing:
                "The enterprise has not consented to you managing its Direct Routing. It gives its consent with POST \
                 /enterprises/{{id}}/direct-routing/give-consent.";
            StepsAreAutomatic => StepsAreAutomatic:
                "The service takes the steps automatically through Microsoft Graph. Only staff can confirm one by \
                 hand.";
            LocationTaken => LocationTaken at "/location":
                "Another PBX of the enterprise already has this location. Choose another name for it.";
            SipDomainClash => SipUserTaken at "/sip_domain":
                "A user of this PBX has a SIP user name that is already taken in that domain. Use another domain, or \
                 change the SIP user.";
            UserLimitReached { limit, users } => UserLimitReached:
                "The enterprise may have {limit} user(s) and has {users}. Delete some, or have the limit raised.";
            UserLimitInUse { users } => UserLimitInUse at "/user_limit":
                "The enterprise has {users} user(s). Delete some first, or set a limit of at least {users}.";
            CanNotAddExtensions => ExtensionsNotAllowed:
                "`can_add_extensions` is off for your enterprise, so only your reseller can add users.";
            ExternalNumbersNotAllowed => ExternalNumbersNotAllowed at "/default_number":
                "The numbers of a PBX user are kept in the PBX. Leave them out, or have `allow_external_numbers` \
                 switched on.";
            ReportFinal => ReportFinal:
                "The report is final and can't be changed. Book an adjustment of its lines in a later, open period.";
            ReportBeingFinalised => ReportBeingFinalised:
                "This report is being finalised, or an earlier attempt stopped half-way. Retry in a few minutes: \
                 finalising resumes where it stopped.";
            PeriodNotOver => PeriodNotOver:
                "A report can be finalised from {FINALISE_AFTER_MINUTES} minutes after the end of its period.";
            AmendedReportOpen => AmendedReportOpen at "/amends":
                "The line's report is still open and shows changes by itself. Only lines of final reports can be \
                 amended.";
            AmendedReportLater => AmendedReportLater at "/amends":
                "An adjustment's period must have begun and must be later than the period of the line.";
            TicketAlreadyOpen => TicketAlreadyOpen at "/email":
                "An earlier ticket for this e-mail address is still open. We will answer it by e-mail.";
            TicketDecided => TicketDecided: "The ticket was already approved or rejected and can't be changed.";
            IdempotencyKeyInUse => IdempotencyKeyInUse:
                "The first request with this Idempotency-Key is still running. Send the request again in a moment.";
            IdempotencyKeyReused => IdempotencyKeyReused:
                "An earlier request with this Idempotency-Key had another method, path or body. Use a new key for a \
                 new request.";
            ..
            Refusal::CodePaused { seconds } => Self::new(
                ErrorCode::TooManyWrongCodes,
                format!("Too many wrong codes. Wait {seconds} second(s), or use a recovery code."),
            )
            .header("retry-after", seconds.to_string()),
            Refusal::SignInPaused { seconds, is_ceiling } => {
                let detail = if is_ceiling {
                    "There were too many attempts to sign in today. Set a new password with POST /auth/password-resets, \
                     which works at once, or wait."
                } else {
                    "Others are trying to sign in as you, or you have tried too often. Wait, then try again."
                };
                Self::new(ErrorCode::TooManySignIns, detail).header("retry-after", seconds.to_string())
            }
            Refusal::TooManyTakenClaims { seconds } => Self::new(
                ErrorCode::TooManyTakenClaims,
                "Your account has tried too many phone numbers and SIP users today that others have. Wait, or ask support \
                 to settle who they belong to.",
            )
            .header("retry-after", seconds.to_string()),
            Refusal::TooManyEmails { seconds } => Self::new(
                ErrorCode::TooManyEmails,
                format!(
                    "{EMAILS_PER_RECIPIENT} e-mails were sent to this address within a day. Wait before you send it another one."
                ),
            )
            .header("retry-after", seconds.to_string()),
            Refusal::WrongStatus { status, transition } => Self::new(
                ErrorCode::WrongStatus,
                format!("The account is {}. In this status it can't be {}.", status.as_str(), transition.done()),
            ),
            Refusal::ServiceNotOffered { services } => {
                let names: Vec<_> = services.iter().map(|service| service.as_str()).collect();
                let detail = format!("The parent account does not have these services: {}.", names.join(", "));
                Self::new(ErrorCode::ServiceNotOffered, detail).at_pointer("/services")
            }
            Refusal::ServiceInUse(blockers) => {
                let detail = format!(
                    "{} object(s) below still use the service; see `blockers`. Remove it from them first.",
                    blockers.total
                );
                Self::blocked(ErrorCode::ServiceInUse, detail, blockers).at_pointer("/services")
            }
            Refusal::HasOpenChildren(blockers) => {
                let detail =
                    format!("{} object(s) below have to be closed or deleted first; see `blockers`.", blockers.total);
                Self::blocked(ErrorCode::HasOpenChildren, detail, blockers)
            }
            Refusal::VerificationTxtRequired => {
                let detail =
                    "Give the value of the TXT record that the Microsoft 365 admin center shows for the domain.";
                Self::validation(vec![value_error("/verification_txt", Fault::new("required", detail))])
            }
            Refusal::SbcRegionInUse(blockers) => Self::blocked(
                ErrorCode::SbcRegionInUse,
                format!(
                    "{} route(s) were started in regions that you want to remove. First remove the routes.",
                    blockers.total
                ),
                blockers,
            )
            .at_pointer("/sbc_regions"),
            Refusal::RouteInUse(blockers) => Self::blocked(
                ErrorCode::RouteInUse,
                format!(
                    "{} PBX(s), trunk(s) and user(s) need this route. First reassign or delete them.",
                    blockers.total
                ),
                blockers,
            ),
            Refusal::DirectRoutingNotEstablished { region, state, next } => {
                let route = region.map_or_else(
                    || "No route of the enterprise was started.".to_owned(),
                    |region| format!("The route of region {region} is {state}."),
                );
                let next = next.map_or_else(String::new, |next| format!(" Next: {}. {}", next.as_str(), next.detail()));
                Self::new(ErrorCode::DirectRoutingNotEstablished, format!("{route}{next}"))
            }
            Refusal::ServiceMissing(service) => Self::new(
                ErrorCode::ServiceMissing,
                format!(
                    "The enterprise does not have the service `{}`. First add it to the enterprise's `services`.",
                    service.as_str()
                ),
            ),
            Refusal::HasUsers(blockers) => Self::blocked(
                ErrorCode::HasUsers,
                format!("{} user(s) are still assigned to it. First reassign or delete them.", blockers.total),
                blockers,
            ),
            Refusal::UserClaimTaken(claim) => user_claim_taken(claim),
            Refusal::NumberBeingReleased(claim) => number_being_released(claim),
        }
    }
}

fn number_being_released(claim: UserClaim) -> Error {
    let pointer = match claim {
        UserClaim::ForwardedNumber(index) => format!("/forwarded_numbers/{index}"),
        UserClaim::TeamsUser | UserClaim::SipUser | UserClaim::DefaultNumber => "/default_number".to_owned(),
    };
    let detail =
        "Another user had this number in Teams, and Microsoft has not let go of it yet. Try again in some minutes.";
    Error::new(ErrorCode::NumberBeingReleased, detail).at_pointer(pointer)
}

/// The details don't say who has the value: it may belong to somebody whom the caller can't see.
fn user_claim_taken(claim: UserClaim) -> Error {
    let (code, detail, pointer) = match claim {
        UserClaim::TeamsUser => (
            ErrorCode::TeamsUserTaken,
            "The enterprise already has a user with this Teams user.",
            "/teams_user".to_owned(),
        ),
        UserClaim::SipUser => (
            ErrorCode::SipUserTaken,
            "Another user already has this SIP user name in the PBX's SIP domain. Choose another one, or ask support to settle it.",
            "/sip_user".to_owned(),
        ),
        UserClaim::DefaultNumber => (
            ErrorCode::NumberTaken,
            "Another user has this number. If it is yours, ask support to settle it.",
            "/default_number".to_owned(),
        ),
        UserClaim::ForwardedNumber(index) => (
            ErrorCode::NumberTaken,
            "Another user has this number. If it is yours, ask support to settle it.",
            format!("/forwarded_numbers/{index}"),
        ),
    };
    Error::new(code, detail).at_pointer(pointer)
}
