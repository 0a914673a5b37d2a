//! The one table of error codes: what each is called, its HTTP status and its title (W2).

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident $code:literal $status:literal $title:literal;)*) => {
        /// The table of error codes: each has one status and one title, for ever.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
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
        }
    };
}

error_codes! {
    /// The body is not JSON.
    MalformedJson "malformed_json" 400 "The body is not valid JSON";
    /// A header has a value that can't be read.
    InvalidHeader "invalid_header" 400 "A header is not valid";
    /// A query parameter is unknown or has a value that can't be read.
    InvalidParameter "invalid_parameter" 400 "A query parameter is not valid";
    /// A cursor is made up, or of another list, filter or caller.
    InvalidCursor "invalid_cursor" 400 "The cursor does not belong to this list";
    /// The request can't be read as HTTP.
    BadRequest "bad_request" 400 "The request is not valid HTTP";
    /// A token request is not of the form of RFC 6749.
    InvalidRequest "invalid_request" 400 "The token request is not valid";
    /// A token request asks for another grant than client credentials.
    UnsupportedGrantType "unsupported_grant_type" 400 "This grant is not supported";
    /// A token request asks for a scope.
    InvalidScope "invalid_scope" 400 "There are no scopes";
    /// Client id and secret do not go together.
    InvalidClient "invalid_client" 401 "Client id and secret do not match";
    /// No access token, or one that is no longer good.
    NotSignedIn "not_signed_in" 401 "Sign in first";
    /// Address and password do not go together.
    WrongCredentials "wrong_credentials" 401 "E-mail address and password do not match";
    /// Signing in takes a code of the second factor as well.
    CodeNeeded "code_needed" 401 "A code of the second factor is needed";
    /// The code is not the one that the second factor shows, or was used.
    WrongCode "wrong_code" 401 "The code does not work";
    /// A refresh token is used, expired or made up.
    InvalidRefreshToken "invalid_refresh_token" 401 "The refresh token does not work";
    /// The caller's role or tier does not allow it.
    Forbidden "forbidden" 403 "You may not do this";
    /// The API client may not call from this network address.
    AddressNotAllowed "address_not_allowed" 403 "You may not call from this address";
    /// An API client with limits asks for what would outlive them.
    LimitedClient "limited_api_client" 403 "An API client with limits may not do this";
    /// The account asks for a second factor, and the member has none yet.
    SecondFactorRequired "second_factor_required" 403 "A second factor is required";
    /// The caller's account, or one above it, is not active.
    NotOperating "account_not_operating" 403 "Your account does not operate";
    /// The enterprise has not consented to being managed.
    ManagementConsentMissing "management_consent_missing" 403 "The enterprise has not given its consent";
    /// The enterprise may not add users itself.
    ExtensionsNotAllowed "extensions_not_allowed" 403 "The enterprise may not add users itself";
    /// There is no such thing, or not for this caller.
    NotFound "not_found" 404 "Not found";
    /// The path has no such method.
    MethodNotAllowed "method_not_allowed" 405 "Method not allowed";
    /// The body took too long.
    RequestTimeout "request_timeout" 408 "The request took too long to arrive";
    /// Another open account has the address.
    EmailTaken "email_taken" 409 "The e-mail address is taken";
    /// An activated account's address is changed only with proof.
    EmailChangeNeedsConfirmation "email_change_needs_confirmation" 409 "The address of an activated account can't be replaced";
    /// The life cycle has no such step from here.
    WrongStatus "wrong_status" 409 "The account's status does not allow this";
    /// A closed account never changes again.
    AccountClosed "account_closed" 409 "The account is closed";
    /// The account above is closed.
    ParentClosed "parent_closed" 409 "The account above is closed";
    /// The account above lacks a service.
    ServiceNotOffered "service_not_offered" 409 "The account above does not have the service";
    /// Something below uses a service.
    ServiceInUse "service_in_use" 409 "The service is in use";
    /// Something below is open.
    HasOpenChildren "has_open_children" 409 "Accounts below are open";
    /// A route can't be given this command in its state.
    WrongRouteState "wrong_route_state" 409 "The route's state does not allow this";
    /// Another route has the domain.
    RouteDomainTaken "route_domain_taken" 409 "The route's domain is taken";
    /// Routes of regions that are to go were started.
    SbcRegionInUse "sbc_region_in_use" 409 "The SBC region is in use";
    /// PBXs, trunks or users need the route.
    RouteInUse "route_in_use" 409 "The route is in use";
    /// The service takes the steps by itself.
    StepsAreAutomatic "steps_are_automatic" 409 "The service takes this step by itself";
    /// No route is established.
    DirectRoutingNotEstablished "direct_routing_not_established" 409 "Direct Routing is not established";
    /// The enterprise lacks a service.
    ServiceMissing "service_missing" 409 "The enterprise does not have the service";
    /// Another PBX of the enterprise is there.
    LocationTaken "location_taken" 409 "The location is taken";
    /// Users are assigned to a PBX or trunk.
    HasUsers "has_users" 409 "Users are assigned to it";
    /// The enterprise has as many users as it may have.
    UserLimitReached "user_limit_reached" 409 "The user limit is reached";
    /// The enterprise has more users than the new limit allows.
    UserLimitInUse "user_limit_in_use" 409 "The enterprise has more users than that";
    /// A user of a PBX may not have numbers from elsewhere.
    ExternalNumbersNotAllowed "external_numbers_not_allowed" 409 "External numbers are not allowed";
    /// The enterprise has the Teams user already.
    TeamsUserTaken "teams_user_taken" 409 "The Teams user is taken";
    /// Another user is the SIP user.
    SipUserTaken "sip_user_taken" 409 "The SIP user is taken";
    /// Another user has the number.
    NumberTaken "number_taken" 409 "The number is taken";
    /// Nobody has activated the account, so its address is replaced without confirmation.
    NotActivated "not_activated" 409 "The account is not activated";
    /// The member has a second factor already.
    SecondFactorEnabled "second_factor_enabled" 409 "The second factor is on";
    /// The member has no second factor, or has begun with none.
    NoSecondFactor "no_second_factor" 409 "There is no second factor";
    /// Owners don't take their own second factor away.
    OwnSecondFactor "own_second_factor" 409 "This is your own second factor";
    /// Somebody must be left who manages the account.
    LastOwner "last_owner" 409 "The account needs an owner";
    /// The account has as many members as it may have.
    TooManyMembers "too_many_members" 409 "The account has too many members";
    /// Who has joined needs no invitation.
    AlreadyJoined "already_joined" 409 "The member has joined";
    /// Somebody has asked already for the account to be moved.
    MovePending "move_pending" 409 "A move of the account is pending";
    /// A move was decided, or its time is over.
    MoveDecided "move_decided" 409 "The move is decided";
    /// The account has as many API clients as it may have.
    TooManyClients "too_many_api_clients" 409 "The account has too many API clients";
    /// The account has as many webhooks as it may have.
    TooManyWebhooks "too_many_webhooks" 409 "The account has too many webhooks";
    /// A webhook that is not enabled gets nothing.
    WebhookDisabled "webhook_disabled" 409 "The webhook is not enabled";
    /// The address waits in an open ticket.
    TicketAlreadyOpen "ticket_already_open" 409 "A ticket for this address is open";
    /// A decided ticket never changes again.
    TicketDecided "ticket_decided" 409 "The ticket is decided";
    /// The report of the period is final.
    ReportFinal "report_final" 409 "The report of the period is final";
    /// Somebody is making the report final.
    ReportBeingFinalised "report_being_finalised" 409 "The report is being made final";
    /// The period is not over.
    PeriodNotOver "period_not_over" 409 "The period is not over";
    /// Only a final report can be amended.
    AmendedReportOpen "amended_report_open" 409 "The report of the line is not final";
    /// A line is amended in a later period.
    AmendedReportLater "amended_report_later" 409 "A line is amended in a later period";
    /// A request with this idempotency key still runs.
    IdempotencyKeyInUse "idempotency_key_in_use" 409 "A request with this idempotency key is running";
    /// The thing changed since the caller read it.
    PreconditionFailed "precondition_failed" 412 "It has changed since you read it";
    /// The body is too large.
    BodyTooLarge "body_too_large" 413 "The body is too large";
    /// The path is too long.
    UriTooLong "uri_too_long" 414 "The address is too long";
    /// The body is not sent as JSON.
    UnsupportedMediaType "unsupported_media_type" 415 "Send JSON";
    /// Values are wrong, each listed in `errors`.
    ValidationFailed "validation_failed" 422 "Some values are not valid";
    /// The file of an import can't be read, or a row of one that is all or nothing is refused.
    ImportRefused "import_refused" 422 "Nothing was imported";
    /// An activation or password reset token is used, expired, superseded or made up.
    InvalidToken "invalid_token" 422 "The link does not work";
    /// The idempotency key was used with another request.
    IdempotencyKeyReused "idempotency_key_reused" 422 "The idempotency key was used with another request";
    /// Too many requests.
    RateLimited "rate_limited" 429 "Too many requests";
    /// Codes were wrong, so the next one waits.
    TooManyWrongCodes "too_many_wrong_codes" 429 "Too many wrong codes";
    /// Too many or too large headers.
    HeadersTooLarge "headers_too_large" 431 "Too many headers";
    /// The service failed.
    Internal "internal_error" 500 "The service failed";
    /// The service is overloaded, closing, or without its database.
    Unavailable "unavailable" 503 "The service is not available";
}

impl ErrorCode {
    /// Whether it is a code of OAuth 2.0, whose clients expect a form of their own (RFC 6749 section 5.2).
    #[must_use]
    pub const fn is_oauth(self) -> bool {
        matches!(self, Self::InvalidRequest | Self::UnsupportedGrantType | Self::InvalidScope | Self::InvalidClient)
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
