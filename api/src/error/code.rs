//! The one table of error codes: what each is called, its HTTP status, its title, when it comes and what to do (W2).

macro_rules! error_codes {
    ($($name:ident $code:literal $status:literal $title:literal $when:literal $remedy:literal;)*) => {
        /// The table of error codes: each has one status and one title, for ever.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $(#[doc = $when] $name,)*
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable name for programs.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status that it comes with.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The title, the same for every occurrence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// When it comes. Words between backticks are of the API.
            #[must_use]
            pub const fn when(self) -> &'static str {
                match self { $(Self::$name => $when,)* }
            }

            /// What to do about it.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)* }
            }
        }
    };
}

error_codes! {
    MalformedJson "malformed_json" 400 "The body is not valid JSON"
        "The body is not JSON, names a member twice, or is nested deeper than 127 levels."
        "Send one JSON value, encoded as UTF-8, with each member once.";
    InvalidHeader "invalid_header" 400 "A header is not valid"
        "A header has a value that can't be read."
        "See `detail` for the header, and send it in the form that the operation documents.";
    InvalidParameter "invalid_parameter" 400 "A query parameter is not valid"
        "A query parameter is unknown or has a value that can't be read."
        "See `detail` for the parameter; leave out those that the operation does not have.";
    InvalidCursor "invalid_cursor" 400 "The cursor does not belong to this list"
        "A cursor is made up, or of another list, filter or caller."
        "Start the list again without `cursor`, and follow `next_cursor` with the same filters.";
    BadRequest "bad_request" 400 "The request is not valid HTTP"
        "The request can't be read."
        "Send a request that is valid HTTP/1.1.";
    InvalidRequest "invalid_request" 400 "The token request is not valid"
        "A token request is not of the form of RFC 6749."
        "Send `grant_type` and what it takes, form-encoded and each once: see POST /oauth/token.";
    InvalidGrant "invalid_grant" 400 "The code or refresh token does not work"
        "The code of the sign-in page or the refresh token of a token request was used, has expired, or is not the caller's."
        "Sign in again.";
    UnsupportedGrantType "unsupported_grant_type" 400 "This grant is not supported"
        "A token request asks for a grant that there is not."
        "Ask with one of the grants that /.well-known/oauth-authorization-server lists.";
    InvalidScope "invalid_scope" 400 "There are no scopes"
        "A token request asks for a scope."
        "Leave `scope` out: an API client may do what its role says.";
    InvalidClient "invalid_client" 401 "Client id and secret do not match"
        "Client id and secret don't go together, or the API client has expired, was revoked, may not call from here, or its account does not operate."
        "Check id and secret, then the API client itself: its `expires_at`, its `allowed_networks`, its account. Where people sign in, `client_id` is `swagger-ui`, without a secret.";
    NotSignedIn "not_signed_in" 401 "Sign in first"
        "There is no access token, or it is no longer good, or its session or account has ended."
        "Refresh the session, or sign in again, and send `Authorization: Bearer …`.";
    WrongCredentials "wrong_credentials" 401 "E-mail address and password do not match"
        "Nobody signs in with this address and this password."
        "Check both, or set a new password with POST /auth/password-resets.";
    CodeNeeded "code_needed" 401 "A code of the second factor is needed"
        "Address and password are right, and the member has a second factor: send `code` as well."
        "Send the same request again with `code`: the six digits of the authenticator app, or a recovery code.";
    WrongCode "wrong_code" 401 "The code does not work"
        "The code is not the one that the app shows, or it was used already."
        "Wait for the next code, and see that the clock of the device is right. A recovery code works as well.";
    InvalidRefreshToken "invalid_refresh_token" 401 "The refresh token does not work"
        "A refresh token is used, expired or made up."
        "Sign in again. If it comes often, see that only one program uses the session.";
    Forbidden "forbidden" 403 "You may not do this"
        "The caller's role, or the tier of its account, does not allow it."
        "Ask an owner of your account for another role, or do it from the account that it belongs to.";
    AddressNotAllowed "address_not_allowed" 403 "You may not call from this address"
        "The API client is limited to other network addresses."
        "Call from an allowed network, or have an owner change `allowed_networks` of the API client.";
    LimitedClient "limited_api_client" 403 "An API client with limits may not do this"
        "An API client with `expires_at` or `allowed_networks` can't make or change webhooks."
        "Have a member do it, or an API client without limits.";
    SecondFactorRequired "second_factor_required" 403 "A second factor is required"
        "The caller's account asks for a second factor, and the caller has none: it can do nothing but begin with one."
        "Switch on a second factor: begin with POST /me/second-factor.";
    NotOperating "account_not_operating" 403 "Your account does not operate"
        "The caller's account, or one above it, is suspended."
        "Ask whoever provides the account to you. Nothing is lost: all goes on once it is resumed.";
    ManagementConsentMissing "management_consent_missing" 403 "The enterprise has not given its consent"
        "The enterprise has not consented to those above it confirming steps of its routes."
        "Ask the enterprise to consent: POST /enterprises/{id}/direct-routing/give-consent.";
    ExtensionsNotAllowed "extensions_not_allowed" 403 "The enterprise may not add users itself"
        "`can_add_extensions` is not switched on for the enterprise."
        "Ask whoever is above the enterprise to switch `can_add_extensions` on, or to add the user.";
    NotFound "not_found" 404 "Not found"
        "There is no such thing, or the caller can't see it."
        "Check the id and its type. What lies outside your account's subtree is not there for you.";
    MethodNotAllowed "method_not_allowed" 405 "Method not allowed"
        "The path has no such method; `Allow` names those it has."
        "Use one of the methods in `Allow`.";
    RequestTimeout "request_timeout" 408 "The request took too long to arrive"
        "The body took too long to arrive."
        "Send it again over a better connection.";
    EmailTaken "email_taken" 409 "The e-mail address is taken"
        "Another open account has the address."
        "Use another address, or find who has it: one address belongs to one account or member.";
    EmailChangeNeedsConfirmation "email_change_needs_confirmation" 409 "The address of an activated account can't be replaced"
        "The account has been activated."
        "Use POST …/change-email, which has the new address confirm it.";
    WrongStatus "wrong_status" 409 "The account's status does not allow this"
        "The account is not in the status that the step starts from."
        "Read the account, and take a step that its `status` allows.";
    AccountClosed "account_closed" 409 "The account is closed"
        "A closed account never changes again."
        "Nothing brings a closed account back: create a new one.";
    ParentClosed "parent_closed" 409 "The account above is closed"
        "Nothing can be created below a closed account."
        "Choose another account to create it below.";
    ServiceNotOffered "service_not_offered" 409 "The account above does not have the service"
        "The account above lacks a service that was asked for."
        "Give the account above the service first, or leave it out.";
    ServiceInUse "service_in_use" 409 "The service is in use"
        "Open accounts below, PBXs or trunks use the service; see `blockers`."
        "Take the service away from what `blockers` lists first.";
    HasOpenChildren "has_open_children" 409 "Accounts below are open"
        "Accounts below have to be closed, PBXs, trunks and users removed first; see `blockers`."
        "Close or remove what `blockers` lists first.";
    WrongRouteState "wrong_route_state" 409 "The route's state does not allow this"
        "The route is not in a state that the command starts from."
        "Read the route: `next` says what comes next and who does it.";
    RouteDomainTaken "route_domain_taken" 409 "The route's domain is taken"
        "Another route has the domain."
        "Choose another label.";
    SbcRegionInUse "sbc_region_in_use" 409 "The SBC region is in use"
        "A route of a region that is to go was started; see `blockers`."
        "Remove the routes that `blockers` lists first.";
    RouteInUse "route_in_use" 409 "The route is in use"
        "PBXs, trunks or users need the route; see `blockers`."
        "Move or remove what `blockers` lists first.";
    StepsAreAutomatic "steps_are_automatic" 409 "The service takes this step by itself"
        "Microsoft Graph is configured, so only staff confirm a step."
        "Wait: the service takes the step. Support staff can confirm it by hand.";
    DirectRoutingNotEstablished "direct_routing_not_established" 409 "Direct Routing is not established"
        "No route, or not the route that was named, is established; `detail` names the missing step."
        "Take the step that `detail` names.";
    ServiceMissing "service_missing" 409 "The enterprise does not have the service"
        "A PBX needs `pbx`, a trunk needs `trunk`."
        "Give the enterprise the service, then try again.";
    LocationTaken "location_taken" 409 "The location is taken"
        "Another PBX of the enterprise is there."
        "Name the location so that people can tell the two apart.";
    HasUsers "has_users" 409 "Users are assigned to it"
        "A PBX or trunk has users; see `blockers`."
        "Assign the users that `blockers` lists elsewhere, or remove them.";
    UserLimitReached "user_limit_reached" 409 "The user limit is reached"
        "The enterprise has as many users as it may have."
        "Raise `user_limit`, or remove users.";
    UserLimitInUse "user_limit_in_use" 409 "The enterprise has more users than that"
        "The new limit is below the number of users."
        "Choose a limit that is no smaller than the number of users.";
    ExternalNumbersNotAllowed "external_numbers_not_allowed" 409 "External numbers are not allowed"
        "A user of a PBX has numbers, and `allow_external_numbers` is off."
        "Leave the numbers out, or switch `allow_external_numbers` on.";
    TeamsUserTaken "teams_user_taken" 409 "The Teams user is taken"
        "The enterprise has the Teams user already."
        "Change the user that is there: GET /enterprises/{id}/users?q=… finds it.";
    SipUserTaken "sip_user_taken" 409 "The SIP user is taken"
        "Another user is that SIP user in the SIP domain."
        "Choose another SIP user.";
    NumberTaken "number_taken" 409 "The number is taken"
        "Another user has the number."
        "Check the number. If it is right, whoever has it gives it up first.";
    NotActivated "not_activated" 409 "The account is not activated"
        "The address of a pending account is replaced by `PATCH`."
        "PATCH its `email`: a new activation e-mail goes there.";
    SecondFactorEnabled "second_factor_enabled" 409 "The second factor is on"
        "It is switched off before another one is begun with."
        "To use another app, switch it off with a code first: POST /me/second-factor/disable.";
    NoSecondFactor "no_second_factor" 409 "There is no second factor"
        "The member has none, or has not begun with one."
        "Begin with POST /me/second-factor.";
    OwnSecondFactor "own_second_factor" 409 "This is your own second factor"
        "Owners switch their own off with a code, like everybody."
        "Use POST /me/second-factor/disable with a code of the app, or a recovery code.";
    LastOwner "last_owner" 409 "The account needs an owner"
        "The last owner who has joined can't be removed or given another role."
        "Make another member owner first.";
    TooManyMembers "too_many_members" 409 "The account has too many members"
        "An account has at most 500."
        "Remove those who have left.";
    AlreadyJoined "already_joined" 409 "The member has joined"
        "Only who has not joined is invited again."
        "Whoever has forgotten the password asks for a new one: POST /auth/password-resets.";
    MovePending "move_pending" 409 "A move of the account is pending"
        "One move of an account waits at a time."
        "Decide it or cancel it first: see GET /moves.";
    MoveDecided "move_decided" 409 "The move is decided"
        "The move was accepted, declined or cancelled, or its time is over."
        "Ask for another move.";
    TooManyClients "too_many_api_clients" 409 "The account has too many API clients"
        "An account has at most 100."
        "Revoke those that nothing uses: `last_used_at` says when each was used.";
    TooManyWebhooks "too_many_webhooks" 409 "The account has too many webhooks"
        "An account has at most 50."
        "Remove those that nobody needs, or give one more types of events.";
    WebhookDisabled "webhook_disabled" 409 "The webhook is not enabled"
        "Nothing is sent to a webhook that is not enabled."
        "PATCH it with `{\"enabled\": true}`.";
    TicketAlreadyOpen "ticket_already_open" 409 "A ticket for this address is open"
        "The address waits in an open ticket."
        "Wait: support staff decide the ticket that is there.";
    TicketDecided "ticket_decided" 409 "The ticket is decided"
        "A decided ticket never changes again."
        "Read the ticket for how it was decided; file a new one if need be.";
    ReportFinal "report_final" 409 "The report of the period is final"
        "What a final billing report says never changes again."
        "Book a correction in a later period: POST /billing-reports/{period}/adjustments.";
    ReportBeingFinalised "report_being_finalised" 409 "The report is being made final"
        "Somebody is making the report of the period final."
        "Wait a moment, and read the report.";
    PeriodNotOver "period_not_over" 409 "The period is not over"
        "A report is made final from five minutes after the end of its period."
        "Try again five minutes after the end of the period.";
    AmendedReportOpen "amended_report_open" 409 "The report of the line is not final"
        "Only a line of a final report is amended."
        "Make the report final first, or mend its cause: an open report follows what is there.";
    AmendedReportLater "amended_report_later" 409 "A line is amended in a later period"
        "A correction is booked in a period that has begun and comes after that of the line."
        "Choose a period after that of the line.";
    IdempotencyKeyInUse "idempotency_key_in_use" 409 "A request with this idempotency key is running"
        "The first request with this key has not been answered yet."
        "Wait for as long as `Retry-After` says, and send it again with the same key.";
    PreconditionFailed "precondition_failed" 412 "It has changed since you read it"
        "The version that `If-Match` names is not the present one."
        "Read it again, look at what has changed, and send your change with the new `ETag`.";
    BodyTooLarge "body_too_large" 413 "The body is too large"
        "The body is larger than 64 KiB."
        "Send less at once; files of imports may have 10 MiB.";
    UriTooLong "uri_too_long" 414 "The address is too long"
        "Path and query are longer than 4 KiB."
        "Shorten the query.";
    UnsupportedMediaType "unsupported_media_type" 415 "Send JSON"
        "The body is not sent as JSON; a file of an import, not as CSV or NDJSON."
        "Set `Content-Type` to what the operation documents.";
    ValidationFailed "validation_failed" 422 "Some values are not valid"
        "Values are wrong, each listed in `errors`."
        "Mend the values that `errors` lists, and send it again.";
    ImportRefused "import_refused" 422 "Nothing was imported"
        "The file can't be read, or a row of an import with `atomic=true` was refused."
        "See `errors` and the rows; mend the file and send it again. What was created stays, and is skipped the next time.";
    InvalidToken "invalid_token" 422 "The link does not work"
        "The token of a link is used, expired, replaced or made up."
        "Ask for a new link: whoever sent it can send it again.";
    IdempotencyKeyReused "idempotency_key_reused" 422 "The idempotency key was used with another request"
        "The key came with another method, path or body before."
        "Use a new key for each new request, and the same key only to repeat one.";
    RateLimited "rate_limited" 429 "Too many requests"
        "The caller has sent more requests than it may in a second, or more sign-ins in a minute."
        "Wait for as long as `Retry-After` says.";
    TooManyWrongCodes "too_many_wrong_codes" 429 "Too many wrong codes"
        "Five or more codes in a row were wrong; see `Retry-After`. A recovery code does not wait."
        "Wait for as long as `Retry-After` says, or use a recovery code, which does not wait.";
    HeadersTooLarge "headers_too_large" 431 "Too many headers"
        "More than 64 header lines, or more than 16 KiB of them."
        "Send fewer and shorter header lines.";
    Internal "internal_error" 500 "The service failed"
        "The service is at fault, and nothing was changed."
        "Nothing was changed. Try again, and tell support the request id if it stays.";
    Unavailable "unavailable" 503 "The service is not available"
        "The service is overloaded, stopping, or without its database."
        "Try again after `Retry-After` seconds, with the same idempotency key.";
}

impl ErrorCode {
    /// Whether it is a code of OAuth 2.0, whose clients expect a form of their own (RFC 6749 section 5.2).
    #[must_use]
    pub const fn is_oauth(self) -> bool {
        matches!(
            self,
            Self::InvalidRequest
                | Self::InvalidGrant
                | Self::UnsupportedGrantType
                | Self::InvalidScope
                | Self::InvalidClient
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn w2_codes_are_snake_case_and_distinct() {
        let codes: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
        for code in ErrorCode::ALL {
            assert!(code.as_str().bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'_'), "{code:?}");
            assert!((400..=599).contains(&code.status()), "{code:?}");
        }
    }
}
