//! The table of error codes: for each its name, HTTP status and title, when it occurs and what to do about it (W2).

macro_rules! error_codes {
    ($($name:ident $code:literal $status:literal $title:literal $when:literal $remedy:literal;)*) => {
        /// A stable error code. A code keeps its HTTP status and its title for ever.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $(#[doc = $when] $name,)*
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code's wire name, such as `not_found`. It never changes.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status of responses with this code.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The title in problem details. It is the same for every occurrence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// When the error occurs. Backticks mark names from the API.
            #[must_use]
            pub const fn when(self) -> &'static str {
                match self { $(Self::$name => $when,)* }
            }

            /// What the caller can do about it.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)* }
            }
        }
    };
}

error_codes! {
    MalformedJson "malformed_json" 400 "The body is not valid JSON"
        "The body is not JSON, has the same field twice, or is nested more than 127 levels deep."
        "Send one JSON value in UTF-8, with each field at most once.";
    InvalidHeader "invalid_header" 400 "A header is not valid"
        "A header has a value that can't be parsed."
        "`detail` names the header. Send it in the documented form.";
    InvalidParameter "invalid_parameter" 400 "A query parameter is not valid"
        "A query parameter is unknown or has a value that can't be parsed."
        "`detail` names the parameter. Correct its value, or leave out a parameter that the operation does not have.";
    InvalidCursor "invalid_cursor" 400 "The cursor does not belong to this list"
        "The cursor is malformed, or was issued for another list, filter or caller."
        "Start again without `cursor`, then follow `next_cursor` with the same filters.";
    BadRequest "bad_request" 400 "The request is not valid HTTP"
        "The request can't be parsed."
        "Send a valid HTTP/1.1 request.";
    InvalidRequest "invalid_request" 400 "The token request is not valid"
        "The token request does not have the form that RFC 6749 requires."
        "Send `grant_type` and the parameters of that grant, form-encoded and each only once: see POST /oauth/token.";
    InvalidGrant "invalid_grant" 400 "The code or refresh token does not work"
        "The authorization code or refresh token was already used, has expired, or was issued to another client."
        "Sign in again.";
    UnsupportedGrantType "unsupported_grant_type" 400 "This grant is not supported"
        "The token request has a `grant_type` that the service does not support."
        "Use one of the grant types that /.well-known/oauth-authorization-server lists.";
    InvalidScope "invalid_scope" 400 "There are no scopes"
        "The token request has a `scope`, but the service has none."
        "Leave `scope` out. The role of an API client decides what it may do.";
    InvalidClient "invalid_client" 401 "Client id and secret do not match"
        "The client id or secret is wrong, the API client has expired or was revoked, its `allowed_networks` exclude \
         the caller's address, or its account is not operating."
        "Check the id and secret, then the API client's `expires_at`, `allowed_networks` and account. For people who \
         sign in, `client_id` is `swagger-ui` and there is no secret.";
    NotSignedIn "not_signed_in" 401 "Sign in first"
        "The request has no access token, the token is invalid or expired, or its session or account has ended."
        "Refresh the session or sign in again, and send `Authorization: Bearer …`.";
    WrongCredentials "wrong_credentials" 401 "E-mail address and password do not match"
        "No active member has this e-mail address and password."
        "Check both, or set a new password with POST /auth/password-resets.";
    CodeNeeded "code_needed" 401 "A code of the second factor is needed"
        "The e-mail address and password are correct, but the member has a second factor and the request has no `code`."
        "Send the same request with `code`: the six digits from the authenticator app, or a recovery code.";
    WrongCode "wrong_code" 401 "The code does not work"
        "The code is wrong or was already used."
        "Wait for the next code and check that the device's clock is correct, or use a recovery code.";
    InvalidRefreshToken "invalid_refresh_token" 401 "The refresh token does not work"
        "The refresh token was already used, has expired or never existed."
        "Sign in again. If this happens often, make sure that only one program uses the session.";
    Forbidden "forbidden" 403 "You may not do this"
        "The caller's role or the tier of its account does not allow the operation."
        "Ask an owner of your account for another role, or use an account of the right tier.";
    AddressNotAllowed "address_not_allowed" 403 "You may not call from this address"
        "The API client's `allowed_networks` do not include the caller's address."
        "Call from an allowed network, or ask an owner to change the API client's `allowed_networks`.";
    LimitedClient "limited_api_client" 403 "An API client with limits may not do this"
        "An API client with `expires_at` or `allowed_networks` can't create or change webhooks."
        "Use a member's access token, or an API client without these restrictions.";
    SecondFactorRequired "second_factor_required" 403 "A second factor is required"
        "The caller's account requires a second factor, but the caller has none. Until it has one, it can only set \
         one up."
        "Set up a second factor, starting with POST /me/second-factor.";
    PasswordChangeRequired "password_change_required" 403 "The password has to be changed first"
        "The caller signed in with a password that the service generated. Until the caller has chosen its own, it can only \
         change its password and set up a second factor."
        "Choose a password with POST /me/change-password.";
    NotOperating "account_not_operating" 403 "Your account does not operate"
        "The caller's account, or one above it, is suspended."
        "Contact the provider of your account. No data is lost; everything works again once the account is resumed.";
    ManagementConsentMissing "management_consent_missing" 403 "The enterprise has not given its consent"
        "The enterprise has not consented to having its routes managed by the accounts above it."
        "Ask the enterprise to give its consent with POST /enterprises/{id}/direct-routing/give-consent.";
    ExtensionsNotAllowed "extensions_not_allowed" 403 "The enterprise may not add users itself"
        "`can_add_extensions` is off for the enterprise."
        "Ask the reseller to switch `can_add_extensions` on, or to add the user.";
    NotFound "not_found" 404 "Not found"
        "The resource does not exist, or the caller can't see it."
        "Check the id and its type. Resources outside your account's subtree count as not found.";
    MethodNotAllowed "method_not_allowed" 405 "Method not allowed"
        "The path does not support the method. The `Allow` header lists the supported ones."
        "Use a method that the `Allow` header lists.";
    RequestTimeout "request_timeout" 408 "The request took too long to arrive"
        "The request body did not arrive in time."
        "Send the request again over a faster connection.";
    EmailTaken "email_taken" 409 "The e-mail address is taken"
        "Another open account or member has the e-mail address."
        "Use another address. An e-mail address can belong to only one account or member.";
    EmailChangeNeedsConfirmation "email_change_needs_confirmation" 409 "The address of an activated account can't be replaced"
        "The account is activated, so `PATCH` can't change its `email`."
        "Use POST …/change-email. It sends a confirmation link to the new address.";
    WrongStatus "wrong_status" 409 "The account's status does not allow this"
        "The operation is not allowed in the account's current status."
        "Read the account and choose an operation that its `status` allows.";
    AccountClosed "account_closed" 409 "The account is closed"
        "The account is closed. A closed account can't be changed."
        "Create a new account. A closed account can't be reopened.";
    ParentClosed "parent_closed" 409 "The account above is closed"
        "The account is to be created below a closed account."
        "Choose another parent account.";
    ServiceNotOffered "service_not_offered" 409 "The account above does not have the service"
        "The parent account does not have one of the requested services."
        "Add the service to the parent account first, or leave it out.";
    ServiceInUse "service_in_use" 409 "The service is in use"
        "Open accounts below, PBXs or trunks still use the service. `blockers` lists them."
        "First remove the service from the accounts in `blockers`, and delete the PBXs and trunks.";
    HasOpenChildren "has_open_children" 409 "Accounts below are open"
        "The account still has open accounts below it, or routes, PBXs, trunks or users. `blockers` lists them."
        "First close or delete everything that `blockers` lists.";
    WrongRouteState "wrong_route_state" 409 "The route's state does not allow this"
        "The operation is not allowed in the route's current state."
        "Read the route. Its `next` names the next step and who takes it.";
    RouteDomainBeingRemoved "route_domain_being_removed" 409 "The route's domain is being removed"
        "An earlier route had the domain, and the service is currently removing it from the tenant."
        "Try again in two minutes, or choose another label.";
    RouteDomainTaken "route_domain_taken" 409 "The route's domain is taken"
        "Another route already uses the domain."
        "Choose another label.";
    SbcRegionInUse "sbc_region_in_use" 409 "The SBC region is in use"
        "A route was started in a region that the request removes. `blockers` lists such routes."
        "First remove the routes that `blockers` lists.";
    RouteInUse "route_in_use" 409 "The route is in use"
        "PBXs, trunks or users still need the route. `blockers` lists them."
        "First reassign or delete everything that `blockers` lists.";
    StepsAreAutomatic "steps_are_automatic" 409 "The service takes this step by itself"
        "Microsoft Graph is configured, so the service takes the steps of routes and of users in Teams itself. Only staff \
         can confirm one by hand."
        "Wait until the service has taken the step, or ask support to confirm it.";
    NoMicrosoftGraph "no_microsoft_graph" 409 "The service does not use Microsoft Graph"
        "Microsoft Graph is not configured, so that there is nothing to consent to or to read there."
        "Do it in the Microsoft 365 or Teams admin center, or ask the operator of the service to configure it.";
    DirectRoutingNotEstablished "direct_routing_not_established" 409 "Direct Routing is not established"
        "The enterprise has no established route, or the given route is not established. `detail` names the missing \
         step."
        "Take the step that `detail` names.";
    ServiceMissing "service_missing" 409 "The enterprise does not have the service"
        "A PBX needs the service `pbx`, a trunk needs the service `trunk`."
        "Add the service to the enterprise, then try again.";
    LocationTaken "location_taken" 409 "The location is taken"
        "Another PBX of the enterprise has the same `location`."
        "Choose a `location` that tells the two PBXs apart.";
    HasUsers "has_users" 409 "Users are assigned to it"
        "Users are still assigned to the PBX or trunk. `blockers` lists them."
        "Reassign or delete the users that `blockers` lists.";
    UserLimitReached "user_limit_reached" 409 "The user limit is reached"
        "The enterprise already has as many users as its `user_limit` allows."
        "Raise `user_limit`, or delete users.";
    UserLimitInUse "user_limit_in_use" 409 "The enterprise has more users than that"
        "The new `user_limit` is below the number of users that the enterprise has."
        "Set a limit of at least the number of users, or delete users first.";
    ExternalNumbersNotAllowed "external_numbers_not_allowed" 409 "External numbers are not allowed"
        "A user of a PBX was given phone numbers, but `allow_external_numbers` is off for the enterprise."
        "Leave the numbers out, or switch `allow_external_numbers` on.";
    TeamsUserTaken "teams_user_taken" 409 "The Teams user is taken"
        "The enterprise already has a user with this `teams_user`."
        "Update the existing user. Find it with GET /enterprises/{id}/users?q=….";
    SipUserTaken "sip_user_taken" 409 "The SIP user is taken"
        "Another user already has this SIP user name in the SIP domain."
        "Choose another `sip_user`.";
    NumberTaken "number_taken" 409 "The number is taken"
        "Another user already has the phone number."
        "Check the number. If it is correct, remove it from the other user first.";
    NumberBeingReleased "number_being_released" 409 "The number is being released"
        "Another user had the phone number in Teams, and Microsoft has not let go of it yet."
        "Try again in some minutes. If it takes longer, ask support: the `closing-blockers` of the enterprise that had the \
         number list deleted users that still have something.";
    WrongTeamsState "wrong_teams_state" 409 "The user's state in Teams does not allow this"
        "The operation is not allowed in the user's current state in Teams."
        "Read the user. `teams.next` names the next step and who takes it.";
    NotActivated "not_activated" 409 "The account is not activated"
        "The account is pending. Only activated accounts can use `change-email`."
        "Change `email` with `PATCH`. A new activation e-mail is sent to the new address.";
    SecondFactorEnabled "second_factor_enabled" 409 "The second factor is on"
        "The member already has a second factor. It must be switched off before another one is set up."
        "First switch it off with a code: POST /me/second-factor/disable.";
    NoSecondFactor "no_second_factor" 409 "There is no second factor"
        "The member has no second factor, or has not started to set one up."
        "Start with POST /me/second-factor.";
    OwnSecondFactor "own_second_factor" 409 "This is your own second factor"
        "Owners can reset the second factor of other members, but not their own."
        "Use POST /me/second-factor/disable with a code from the app or a recovery code.";
    LastOwner "last_owner" 409 "The account needs an owner"
        "The member is the account's last owner who has joined, and can't be removed or given another role."
        "First make another member an owner.";
    TooManyMembers "too_many_members" 409 "The account has too many members"
        "The account already has 500 members, the maximum."
        "Remove members who have left.";
    AlreadyJoined "already_joined" 409 "The member has joined"
        "The member has already joined, so the invitation can't be sent again."
        "A member who has forgotten the password can set a new one with POST /auth/password-resets.";
    MovePending "move_pending" 409 "A move of the account is pending"
        "The account already has a pending move. It can have only one."
        "First accept, decline or cancel the pending move. Find it with GET /moves.";
    MoveDecided "move_decided" 409 "The move is decided"
        "The move was already accepted, declined or cancelled, or it has expired."
        "Request a new move.";
    TooManyClients "too_many_api_clients" 409 "The account has too many API clients"
        "The account already has 100 API clients, the maximum."
        "Revoke API clients that are not used. `last_used_at` shows when each was last used.";
    TooManyWebhooks "too_many_webhooks" 409 "The account has too many webhooks"
        "The account already has 50 webhooks, the maximum."
        "Delete webhooks that are not needed, or add event types to an existing one.";
    WebhookDisabled "webhook_disabled" 409 "The webhook is not enabled"
        "The webhook is disabled, so nothing can be sent to it."
        "Enable it first: `PATCH` it with `{\"enabled\": true}`.";
    TicketAlreadyOpen "ticket_already_open" 409 "A ticket for this address is open"
        "An open support ticket already has this e-mail address."
        "Wait until support staff have decided the open ticket.";
    TicketDecided "ticket_decided" 409 "The ticket is decided"
        "The ticket was already approved or rejected and can't be changed."
        "Read the ticket to see the decision. File a new one if necessary.";
    ReportFinal "report_final" 409 "The report of the period is final"
        "The billing report of the period is final and can't be changed."
        "Book an adjustment in a later period with POST /billing-reports/{period}/adjustments.";
    ReportBeingFinalised "report_being_finalised" 409 "The report is being made final"
        "Another request is finalising the report of the period, or an earlier attempt stopped half-way."
        "Retry in a few minutes. Finalising resumes where it stopped.";
    PeriodNotOver "period_not_over" 409 "The period is not over"
        "A report can be finalised only from five minutes after the end of its period."
        "Try again five minutes after the end of the period.";
    AmendedReportOpen "amended_report_open" 409 "The report of the line is not final"
        "The adjustment amends a line of a report that is still open. Only lines of final reports can be amended."
        "Finalise the report first. While it is open, correct the data instead: an open report is computed from it.";
    AmendedReportLater "amended_report_later" 409 "A line is amended in a later period"
        "The period of the adjustment has not begun, or is not later than the period of the amended line."
        "Choose a period that has begun and is later than that of the line.";
    IdempotencyKeyInUse "idempotency_key_in_use" 409 "A request with this idempotency key is running"
        "The first request with this idempotency key is still running."
        "Wait for the number of seconds in `Retry-After`, then send the request again with the same key.";
    PreconditionFailed "precondition_failed" 412 "It has changed since you read it"
        "`If-Match` does not name the current version of the resource."
        "Read the resource again, check what has changed, and send your change with the new `ETag`.";
    BodyTooLarge "body_too_large" 413 "The body is too large"
        "The body is larger than 64 KiB."
        "Send a smaller body. Import files may have up to 10 MiB.";
    UriTooLong "uri_too_long" 414 "The address is too long"
        "The path and query are longer than 4 KiB."
        "Shorten the query.";
    UnsupportedMediaType "unsupported_media_type" 415 "Send JSON"
        "The `Content-Type` is not JSON or, for an import, not CSV or NDJSON."
        "Set `Content-Type` to a media type that the operation documents.";
    ValidationFailed "validation_failed" 422 "Some values are not valid"
        "One or more values are invalid. `errors` lists all of them."
        "Correct the values that `errors` lists and send the request again.";
    ImportRefused "import_refused" 422 "Nothing was imported"
        "The import file can't be parsed, or a row of an import with `atomic=true` was refused."
        "Check `errors` and the rows, correct the file and send it again. With `on_existing=skip`, rows that were \
         created before are skipped.";
    InvalidToken "invalid_token" 422 "The link does not work"
        "The link's token was already used, has expired, was replaced by a newer one, or never existed."
        "Ask for a new link.";
    IdempotencyKeyReused "idempotency_key_reused" 422 "The idempotency key was used with another request"
        "An earlier request with this idempotency key had another method, path or body."
        "Use a new key for each new request. Reuse a key only to repeat the same request.";
    RateLimited "rate_limited" 429 "Too many requests"
        "The caller has exceeded its limit of requests per second, or its network address the limit per minute of \
         sign-ins, activations, second-factor requests and support tickets."
        "Wait for the number of seconds in `Retry-After`.";
    TooManyWrongCodes "too_many_wrong_codes" 429 "Too many wrong codes"
        "Five or more second-factor codes in a row were wrong."
        "Wait for the number of seconds in `Retry-After`, or use a recovery code, which works at once.";
    TooManySignIns "too_many_sign_ins" 429 "Too many attempts to sign in"
        "Too many attempts to sign in with the e-mail address, or as the API client, were made: at once, or 100 within a \
         day. They are counted for all networks together."
        "Wait for the number of seconds in `Retry-After`. A member can set a new password at once with \
         POST /auth/password-resets.";
    TooManyTakenClaims "too_many_taken_claims" 429 "Too many values were taken"
        "The account has tried to give its users 100 phone numbers or SIP users within a day that others have. Until the \
         day is over, it can give them no new ones."
        "Wait for the number of seconds in `Retry-After`, or ask support to settle who the values belong to.";
    QuotaExceeded "quota_exceeded" 429 "Too much is kept of your imports"
        "The answers and reports that are kept of the caller's imports of the last 24 hours take more than 64 MiB."
        "Correct the errors in your files before you import them again, or wait.";
    TooManyEmails "too_many_emails" 429 "Too many e-mails to this address"
        "Invitations, activation e-mails and changes of address have caused as many e-mails to the address as are allowed \
         within a day."
        "Wait for the number of seconds in `Retry-After`. Check first whether the address is right.";
    HeadersTooLarge "headers_too_large" 431 "Too many headers"
        "The request has more than 64 header lines or more than 16 KiB of headers."
        "Send fewer and shorter header lines.";
    Internal "internal_error" 500 "The service failed"
        "The service failed because of an error of its own. Nothing was changed."
        "Try again. If the error persists, report the `request_id` to support.";
    TooManyConnections "too_many_connections" 503 "Too many connections"
        "The service has as many open connections as it allows, in all or from your network address."
        "Close connections that you don't need, or send several requests on one connection.";
    Unavailable "unavailable" 503 "The service is not available"
        "The service is overloaded, is stopping, or can't reach its database."
        "Wait for the number of seconds in `Retry-After`, then send the request again with the same idempotency key.";
}

impl ErrorCode {
    /// Whether this is an OAuth 2.0 error code. OAuth clients expect such errors in the form of RFC 6749 section 5.2.
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
