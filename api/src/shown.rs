//! Schemas of values for the OpenAPI document, with the limits of `domain`. They are for fields of responses and for
//! parameters that have no value type in `domain`: `#[schema(value_type = shown::Word)]`.

use std::borrow::Cow;
use std::marker::PhantomData;

use domain::limited::Limits;
use domain::limits;
use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Prefix of the names of schemas that are inlined where they are used. The rest of such a name is the schema as JSON.
pub const VALUE_PREFIX: &str = "value:";

/// The name of a schema that is inlined where it is used.
#[must_use]
pub fn value_name(schema: &RefOr<Schema>) -> Cow<'static, str> {
    Cow::Owned(format!("{VALUE_PREFIX}{}", serde_json::to_string(schema).unwrap_or_default()))
}

/// The schema for limits.
#[must_use]
pub fn schema_of(limits: Limits) -> RefOr<Schema> {
    let bound = |number: i64| Some(utoipa::Number::Int(isize::try_from(number).unwrap_or(isize::MAX)));
    match limits {
        Limits::Text { min, max, format, pattern } => ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length((min > 0).then_some(min))
            .max_length(Some(max))
            .format(format.map(|format| SchemaFormat::Custom(format.to_owned())))
            .pattern(pattern)
            .into(),
        Limits::Number { min, max, format } => ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::Custom(format.to_owned())))
            .minimum(bound(min))
            .maximum(bound(max))
            .into(),
        Limits::Instant => ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .into(),
        Limits::Flag => ObjectBuilder::new().schema_type(Type::Boolean).into(),
        Limits::Choice(name) => Ref::from_schema_name(name).into(),
        Limits::List { min, max, choice } => {
            let text = || ObjectBuilder::new().schema_type(Type::String).into();
            let items: RefOr<Schema> = choice.map_or_else(text, |name| Ref::from_schema_name(name).into());
            ArrayBuilder::new().items(items).min_items((min > 0).then_some(min)).max_items(Some(max)).into()
        }
    }
}

macro_rules! shown {
    ($($(#[$doc:meta])* $name:ident = $limits:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                schema_of($limits)
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                value_name(&Self::schema())
            }
        }
    )*};
}

shown! {
    Word = Limits::text(0, limits::WORD_MAX);
    /// A constant that a standard defines.
    Constant = Limits::text(0, limits::CONSTANT_MAX);
    /// The name of an error code or event type.
    CodeName = Limits::text(0, limits::CODE_NAME_MAX);
    Detail = Limits::text(0, limits::DETAIL_MAX);
    /// A phone number as Microsoft writes it.
    FoundNumber = Limits::text(0, limits::FOUND_NUMBER_MAX);
    /// The name or id of a policy at Microsoft.
    FoundPolicy = Limits::text(0, limits::FOUND_POLICY_MAX);
    /// The name of an account, of an object that belongs to one, or of a person.
    Name = Limits::text(0, limits::NAME_MAX);
    /// A billing reference; empty if there is none.
    Reference = Limits::text(0, limits::BILLING_REFERENCE_MAX);
    Cursor = Limits::text(0, limits::CURSOR_MAX);
    /// A billing period such as `2026-11`.
    Period = Limits::matching(0, limits::PERIOD_LENGTH, "^[0-9]{4}-[0-9]{2}$");
    RegionCode = Limits::text(0, limits::SBC_REGION_CODE_MAX);
    RequestId = Limits::text(0, limits::REQUEST_ID_MAX);
    /// A URL below the service's public URL.
    OwnUrl = Limits::formatted(0, limits::OWN_URL_MAX, "uri");
    AccessToken = Limits::text(0, limits::ACCESS_TOKEN_MAX);
    Address = Limits::text(0, limits::ADDRESS_MAX);
    /// The base32 secret of an authenticator app.
    AppSecret = Limits::text(0, limits::APP_SECRET_MAX);
    AttemptError = Limits::text(0, limits::ATTEMPT_ERROR_MAX);
    AuthenticationName = Limits::text(0, limits::AUTHENTICATION_NAME_MAX);
    /// 256 bits in base64url.
    Base64Url256 = Limits::text(0, limits::BASE64URL_256_LENGTH);
    /// The name of a blocker, which may be an e-mail address.
    BlockerName = Limits::text(0, limits::EMAIL_MAX);
    /// Lifetime of an API client's access token, in seconds.
    ClientExpiresIn = Limits::long_number(1, limits::ACCESS_TOKEN_SECONDS);
    ClientSecret = Limits::text(limits::CLIENT_SECRET_LENGTH, limits::CLIENT_SECRET_LENGTH);
    ClientToken = Limits::text(0, limits::CLIENT_TOKEN_MAX);
    /// A PKCE code verifier (RFC 7636).
    CodeVerifier = Limits::text(*limits::CODE_VERIFIER_LENGTH.start(), *limits::CODE_VERIFIER_LENGTH.end());
    /// The amount that an adjustment adds to a number of a report; may be negative.
    Correction = Limits::long_number(-limits::ADJUSTMENT_MAX, limits::ADJUSTMENT_MAX);
    CursorParameter = Limits::matching(1, limits::CURSOR_MAX, "^[A-Za-z0-9_-]+$");
    /// The TTL of a DNS record, in seconds.
    DnsTtl = Limits::number(1, limits::DNS_TTL_MAX);
    /// The value of `If-Match` or `If-None-Match`.
    EntityTags = Limits::matching(0, limits::ENTITY_TAGS_MAX, r#"^(\*|(W/)?"[\x21\x23-\x7e]*"( *, *(W/)?"[\x21\x23-\x7e]*")*)$"#);
    ErrorStatus = Limits::number(limits::ERROR_STATUS_MIN, *limits::STATUSES.end());
    /// Event types as one comma-separated text.
    EventTypesText = Limits::text(0, limits::EVENT_TYPES_TEXT_MAX);
    /// Lifetime of an access token, in seconds.
    ExpiresIn = Limits::long_number(1, limits::EXPIRES_IN_MAX);
    /// A dialled feature code, such as that of the voicemail.
    FeatureCode = Limits::text(0, limits::FEATURE_CODE_MAX);
    FormatName = Limits::text(0, limits::FORMAT_NAME_MAX);
    ForwardedNumbers = Limits::list(0, limits::FORWARDED_NUMBERS_MAX);
    /// A token, code or secret in a token request.
    Grant = Limits::text(0, limits::GRANT_MAX);
    Hint = Limits::text(limits::HINT_LENGTH, limits::HINT_LENGTH);
    HostName = Limits::formatted(0, limits::HOST_NAME_MAX, "hostname");
    IdempotencyKey = Limits::matching(1, limits::IDEMPOTENCY_KEY_MAX, r"^[\x21-\x7e]+$");
    ImportedRows = Limits::count(0, limits::IMPORT_ROWS_MAX);
    InstantParameter = Limits::formatted(0, limits::INSTANT_TEXT_MAX, "date-time");
    InstantText = Limits::formatted(0, limits::INSTANT_SHOWN_MAX, "date-time");
    Issuer = Limits::formatted(0, limits::ISSUER_MAX, "uri");
    Label = Limits::text(0, limits::LABEL_MAX);
    LineCursor = Limits::text(0, limits::LINE_CURSOR_MAX);
    /// The name of a line of a billing report.
    LineName = Limits::text(0, limits::LINE_NAME_MAX);
    Metadata = Limits::list(0, limits::METADATA_VALUES_MAX);
    PhoneNumber = Limits::matching(0, limits::CANONICAL_NUMBER_MAX, r"^\+[1-9][0-9]{4,14}$");
    /// The `otpauth:` URI from which an authenticator app reads its secret.
    OtpauthUri = Limits::formatted(0, limits::OTPAUTH_URI_MAX, "uri");
    PageLimit = Limits::number(1, limits::PAGE_MAX);
    PeriodLimit = Limits::number(1, limits::PERIODS_MAX);
    PersonName = Limits::text(0, limits::PERSON_NAME_MAX);
    Pointer = Limits::text(0, limits::POINTER_MAX);
    /// The id by which Microsoft's support finds a request.
    MicrosoftRequestId = Limits::text(0, limits::MICROSOFT_REQUEST_ID_MAX);
    /// The name of a permission at Microsoft.
    PermissionName = Limits::text(0, limits::PERMISSION_MAX);
    /// A link to Microsoft.
    ConsentUrl = Limits::formatted(0, limits::CONSENT_LINK_MAX, "uri");
    PolicyId = Limits::text(0, limits::VOICE_POLICY_ID_MAX);
    PolicyName = Limits::text(0, limits::VOICE_POLICY_NAME_MAX);
    ProblemDetail = Limits::text(0, limits::PROBLEM_DETAIL_MAX);
    ProblemTitle = Limits::text(0, limits::PROBLEM_TITLE_MAX);
    /// The stored part of a webhook receiver's response.
    ReceiverAnswer = Limits::text(0, limits::DELIVERY_ANSWER_MAX);
    RecoveryCodes = Limits::list(0, limits::RECOVERY_CODES);
    RecoveryCodesLeft = Limits::count(0, limits::RECOVERY_CODES);
    ReplayedEvents = Limits::count(0, limits::REPLAY_MAX);
    RouteDomain = Limits::formatted(0, limits::ROUTE_DOMAIN_MAX, "hostname");
    RouteError = Limits::text(0, limits::ROUTE_ERROR_MAX);
    Sbcs = Limits::list(0, limits::SBCS_MAX);
    SomeSbcs = Limits::list(1, limits::SBCS_MAX);
    /// A PowerShell script.
    Script = Limits::text(0, limits::SCRIPT_MAX);
    Search = Limits::text(1, limits::SEARCH_MAX);
    Sha256 = Limits::text(0, limits::SHA256_LENGTH);
    SipUri = Limits::text(0, limits::SIP_URI_MAX);
    SipUser = Limits::text(0, limits::SIP_USER_MAX);
    Status = Limits::number(*limits::STATUSES.start(), *limits::STATUSES.end());
    SubjectType = Limits::text(0, limits::SUBJECT_TYPE_MAX);
    TxtValue = Limits::text(0, limits::VERIFICATION_TXT_MAX);
    UserPrincipalName = Limits::text(0, limits::USER_PRINCIPAL_NAME_MAX);
    Uuid = Limits::text(0, limits::UUID_LENGTH);
    WideSearch = Limits::text(limits::SEARCH_MIN, limits::SEARCH_MAX);
    /// A host name, a network address, or a tenant id.
    Host = Limits::text(0, limits::HOST_NAME_MAX);
    /// The redirect URI that receives an authorization code.
    RedirectTarget = Limits::text(0, limits::OWN_URL_MAX);
    ImportReportPath = Limits::text(0, limits::IMPORT_REPORT_PATH_MAX);
    OmittedErrors = Limits::count(0, limits::ERRORS_MAX);
    ImportTotal = Limits::count(1, limits::IMPORT_ROWS_MAX);
    /// A number of things.
    Counted = Limits::long_number(0, limits::COUNT_MAX);
    /// A positive number, such as a line number.
    Positive = Limits::long_number(1, limits::COUNT_MAX);
    ProblemType = Limits::formatted(0, limits::PROBLEM_TITLE_MAX, "uri-reference");
    /// A secret or a refresh token of a token request.
    GrantSecret = Limits::formatted(0, limits::GRANT_MAX, "password");
    TimeOrder = Limits::matching(0, limits::WORD_MAX, "^-?created_at$");
    AccountType = Limits::matching(0, limits::WORD_MAX, "^(master_reseller|reseller|enterprise)$");
    SbcRegionCode = Limits::matching(1, limits::SBC_REGION_CODE_MAX, "^[a-z][a-z0-9-]*$");
}

/// Converts a limit of a query to the limit of a list.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "limits are small and not negative")]
pub const fn items(limit: i64) -> usize {
    limit as usize
}

/// A list of `MIN` to `MAX` items with a named schema.
#[derive(Debug)]
pub struct Many<T, const MIN: usize, const MAX: usize>(PhantomData<T>);

impl<T: ToSchema, const MIN: usize, const MAX: usize> PartialSchema for Many<T, MIN, MAX> {
    fn schema() -> RefOr<Schema> {
        let items = Ref::from_schema_name(T::name());
        ArrayBuilder::new().items(items).min_items((MIN > 0).then_some(MIN)).max_items(Some(MAX)).into()
    }
}

impl<T: ToSchema, const MIN: usize, const MAX: usize> ToSchema for Many<T, MIN, MAX> {
    fn name() -> Cow<'static, str> {
        value_name(&Self::schema())
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}
