//! What a caller is told of each refusal: its code, and words that say what to do.

use domain::fault::Fault;
use domain::limits::{CLIENTS_MAX, FINALISE_AFTER_MINUTES, MEMBERS_MAX, WEBHOOKS_MAX};
use domain::refusal::{Refusal, UserClaim};

use super::{Error, ErrorCode, value_error};

impl From<Refusal> for Error {
    #[expect(clippy::too_many_lines, reason = "a table: one row for each refusal")]
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::new(ErrorCode::NotFound, "There is no such thing, or you can't see it."),
            Refusal::Forbidden => Self::new(
                ErrorCode::Forbidden,
                "Your role, or the place of your account in the tree, does not allow this.",
            ),
            Refusal::NotSignedIn => Self::new(
                ErrorCode::NotSignedIn,
                "Send a valid access token as `Authorization: Bearer …`; get one from POST /auth/login or POST /auth/refresh.",
            ),
            Refusal::WrongCredentials => Self::new(
                ErrorCode::WrongCredentials,
                "No active member has this e-mail address and this password. Check both, or reset the password.",
            ),
            Refusal::NotOperating => Self::new(
                ErrorCode::NotOperating,
                "Your account, or one above it, is suspended. Ask whoever provides it to you.",
            ),
            Refusal::CodeNeeded => Self::new(
                ErrorCode::CodeNeeded,
                "Send it again with `code`: the six digits that your authenticator app shows, or a recovery code.",
            ),
            Refusal::WrongCode => Self::new(
                ErrorCode::WrongCode,
                "This is not the code that the app shows, or it was used already. Wait for the next one and see that the clock of the \
                 device is right.",
            ),
            Refusal::CodePaused { seconds } => Self::new(
                ErrorCode::TooManyWrongCodes,
                format!("Too many codes were wrong. Wait {seconds} second(s), or use a recovery code."),
            )
            .header("retry-after", seconds.to_string()),
            Refusal::SecondFactorMissing => Self::new(
                ErrorCode::SecondFactorRequired,
                "Your account asks for a second factor. Begin with POST /me/second-factor.",
            ),
            Refusal::SecondFactorOn => Self::new(
                ErrorCode::SecondFactorEnabled,
                "The second factor is on. To use another app, switch it off first: POST /me/second-factor/disable.",
            ),
            Refusal::SecondFactorOff => Self::new(
                ErrorCode::NoSecondFactor,
                "There is no second factor. Whoever is to have one begins with POST /me/second-factor.",
            ),
            Refusal::OwnSecondFactor => Self::new(
                ErrorCode::OwnSecondFactor,
                "Switch your own second factor off with a code of it: POST /me/second-factor/disable.",
            ),
            Refusal::LastOwner => Self::new(
                ErrorCode::LastOwner,
                "An account needs an owner who has joined. Make another member owner first.",
            ),
            Refusal::TooManyMembers => Self::new(
                ErrorCode::TooManyMembers,
                format!("An account has at most {MEMBERS_MAX} members. Remove those who have left."),
            ),
            Refusal::AlreadyJoined => Self::new(
                ErrorCode::AlreadyJoined,
                "The member has joined already. Whoever has forgotten the password asks for a reset.",
            ),
            Refusal::MovePending => Self::new(
                ErrorCode::MovePending,
                "A move of this account is waiting to be accepted. Cancel it first: see GET /moves.",
            ),
            Refusal::MoveDecided { status } => {
                Self::new(ErrorCode::MoveDecided, format!("The move is {status}. Ask for another one."))
            }
            Refusal::LimitedClient => Self::new(
                ErrorCode::LimitedClient,
                "A webhook goes on after this API client's `expires_at`, and beyond its `allowed_networks`. A member, or an API client \
                 without them, makes and changes webhooks.",
            ),
            Refusal::NotActivated => Self::new(
                ErrorCode::NotActivated,
                "Nobody has activated the account: PATCH its `email`, and a new activation e-mail goes out.",
            ),
            Refusal::AddressNotAllowed => Self::new(
                ErrorCode::AddressNotAllowed,
                "This API client may not call from your network address: see its `allowed_networks`.",
            ),
            Refusal::TooManyClients => Self::new(
                ErrorCode::TooManyClients,
                format!("An account has at most {CLIENTS_MAX} API clients. Revoke those that are not used any more."),
            ),
            Refusal::TooManyWebhooks => Self::new(
                ErrorCode::TooManyWebhooks,
                format!("An account has at most {WEBHOOKS_MAX} webhooks. Remove those that are not used any more."),
            ),
            Refusal::WebhookDisabled => Self::new(
                ErrorCode::WebhookDisabled,
                "Nothing is sent to a webhook that is not enabled. Enable it first: PATCH it with `enabled` true.",
            ),
            Refusal::InvalidToken => Self::new(
                ErrorCode::InvalidToken,
                "The token was used, has expired, was replaced by a newer one, or never existed. Ask for a new e-mail.",
            )
            .at_pointer("/token"),
            Refusal::EmailTaken => Self::new(
                ErrorCode::EmailTaken,
                "This e-mail address can't be used because another account has it. Use another address.",
            )
            .at_pointer("/email"),
            Refusal::EmailChangeNeedsConfirmation => Self::new(
                ErrorCode::EmailChangeNeedsConfirmation,
                "This account has been activated, so a new address is confirmed by whoever reads its e-mail: POST …/change-email.",
            )
            .at_pointer("/email"),
            Refusal::WrongStatus { status, transition } => Self::new(
                ErrorCode::WrongStatus,
                format!("The account is {} and can't be {} from there.", status.as_str(), transition.done()),
            ),
            Refusal::AccountClosed => Self::new(ErrorCode::AccountClosed, "A closed account never changes again."),
            Refusal::ParentClosed => {
                Self::new(ErrorCode::ParentClosed, "No account can be created below a closed one.")
            }
            Refusal::ServiceNotOffered { services } => {
                let names: Vec<_> = services.iter().map(|service| service.as_str()).collect();
                let detail = format!("The account above does not have: {}.", names.join(", "));
                Self::new(ErrorCode::ServiceNotOffered, detail).at_pointer("/services")
            }
            Refusal::ServiceInUse(blockers) => {
                let detail =
                    format!("{} below use the service; see `blockers`. Take it from them first.", blockers.total);
                Self::blocked(ErrorCode::ServiceInUse, detail, blockers).at_pointer("/services")
            }
            Refusal::HasOpenChildren(blockers) => {
                let detail = format!("{} below have to be closed or removed first; see `blockers`.", blockers.total);
                Self::blocked(ErrorCode::HasOpenChildren, detail, blockers)
            }
            Refusal::WrongRouteState { state, command } => Self::new(
                ErrorCode::WrongRouteState,
                format!("The route is {state} and can't be {command} from there. See `next` of the route."),
            ),
            Refusal::VerificationTxtRequired => {
                let detail =
                    "Give the value of the TXT record as the Microsoft 365 admin center shows it for the domain.";
                Self::validation(vec![value_error("/verification_txt", Fault::new("required", detail))])
            }
            Refusal::RouteDomainTaken => Self::new(
                ErrorCode::RouteDomainTaken,
                "This label can't be used in this region because another route has it. Use another label.",
            )
            .at_pointer("/label"),
            Refusal::SbcRegionInUse(blockers) => Self::blocked(
                ErrorCode::SbcRegionInUse,
                format!("{} route(s) in the regions that go were started. Remove them first.", blockers.total),
                blockers,
            )
            .at_pointer("/sbc_regions"),
            Refusal::RouteInUse(blockers) => Self::blocked(
                ErrorCode::RouteInUse,
                format!("{} PBX(s), trunk(s) and user(s) need this route. Remove or move them first.", blockers.total),
                blockers,
            ),
            Refusal::ManagementConsentMissing => Self::new(
                ErrorCode::ManagementConsentMissing,
                "The enterprise has not consented to you managing its Direct Routing: it does so by \
                 POST /enterprises/{id}/direct-routing/give-consent.",
            ),
            Refusal::StepsAreAutomatic => Self::new(
                ErrorCode::StepsAreAutomatic,
                "This service takes the steps through Microsoft Graph by itself; only staff confirm one by hand.",
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
                format!("The enterprise does not have `{}`. Add it to its `services` first.", service.as_str()),
            ),
            Refusal::LocationTaken => Self::new(
                ErrorCode::LocationTaken,
                "Another PBX of the enterprise is at this location. Give it another name.",
            )
            .at_pointer("/location"),
            Refusal::SipDomainClash => Self::new(
                ErrorCode::SipUserTaken,
                "A SIP user of this PBX is in that domain already. Use another domain, or other SIP users.",
            )
            .at_pointer("/sip_domain"),
            Refusal::HasUsers(blockers) => Self::blocked(
                ErrorCode::HasUsers,
                format!("{} user(s) are assigned to it. Remove or move them first.", blockers.total),
                blockers,
            ),
            Refusal::UserLimitReached { limit, users } => Self::new(
                ErrorCode::UserLimitReached,
                format!(
                    "The enterprise may have {limit} user(s) and has {users}. Remove some, or have the limit raised."
                ),
            ),
            Refusal::UserLimitInUse { users } => Self::new(
                ErrorCode::UserLimitInUse,
                format!("The enterprise has {users} user(s). Remove some first, or set a limit of at least {users}."),
            )
            .at_pointer("/user_limit"),
            Refusal::CanNotAddExtensions => Self::new(
                ErrorCode::ExtensionsNotAllowed,
                "Your reseller adds your users, unless it switches on `can_add_extensions` for you.",
            ),
            Refusal::ExternalNumbersNotAllowed => Self::new(
                ErrorCode::ExternalNumbersNotAllowed,
                "A user of a PBX has its numbers there. Leave them out, or have `allow_external_numbers` switched on.",
            )
            .at_pointer("/default_number"),
            Refusal::UserClaimTaken(claim) => user_claim_taken(claim),
            Refusal::ReportFinal => Self::new(
                ErrorCode::ReportFinal,
                "What a final report says never changes again. Book a correction of a line in a later, open period.",
            ),
            Refusal::ReportBeingFinalised => Self::new(
                ErrorCode::ReportBeingFinalised,
                "Somebody is making the report of this period final, or has left it half-way. If it is not final in some \
                 minutes, make it final again: that goes on from there.",
            ),
            Refusal::PeriodNotOver => Self::new(
                ErrorCode::PeriodNotOver,
                format!("A report is made final from {FINALISE_AFTER_MINUTES} minutes after the end of its period."),
            ),
            Refusal::AmendedReportOpen => Self::new(
                ErrorCode::AmendedReportOpen,
                "The report of the line is still open: what changes there shows there. Only a final one is amended.",
            )
            .at_pointer("/amends"),
            Refusal::AmendedReportLater => Self::new(
                ErrorCode::AmendedReportLater,
                "A correction is booked in a period that has begun and comes after that of the line.",
            )
            .at_pointer("/amends"),
            Refusal::TicketAlreadyOpen => Self::new(
                ErrorCode::TicketAlreadyOpen,
                "We have your earlier ticket for this e-mail address and will answer it by e-mail.",
            )
            .at_pointer("/email"),
            Refusal::TicketDecided => {
                Self::new(ErrorCode::TicketDecided, "An approved or rejected ticket never changes again.")
            }
            Refusal::IdempotencyKeyInUse => Self::new(
                ErrorCode::IdempotencyKeyInUse,
                "The first request with this Idempotency-Key has not been answered yet. Send it again in a moment.",
            ),
            Refusal::IdempotencyKeyReused => Self::new(
                ErrorCode::IdempotencyKeyReused,
                "This Idempotency-Key came with another method, path or body before. Use a new key for a new request.",
            ),
        }
    }
}

/// Nothing is said of who has it: it may be anybody's.
fn user_claim_taken(claim: UserClaim) -> Error {
    let (code, detail, pointer) = match claim {
        UserClaim::TeamsUser => {
            (ErrorCode::TeamsUserTaken, "The enterprise has this Teams user already.", "/teams_user".to_owned())
        }
        UserClaim::SipUser => (
            ErrorCode::SipUserTaken,
            "This SIP user can't be used in the PBX's SIP domain because another user is it. Use another one.",
            "/sip_user".to_owned(),
        ),
        UserClaim::DefaultNumber => (
            ErrorCode::NumberTaken,
            "This number can't be used because another user has it.",
            "/default_number".to_owned(),
        ),
        UserClaim::ForwardedNumber(index) => (
            ErrorCode::NumberTaken,
            "This number can't be used because another user has it.",
            format!("/forwarded_numbers/{index}"),
        ),
    };
    Error::new(code, detail).at_pointer(pointer)
}
