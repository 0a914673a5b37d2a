//! What the document shows of values: their limits, which stand in `domain`. Where no value type of `domain` says what a member of
//! an answer or a parameter is, one of these does: it says `value_type = shown::Word`.

use std::borrow::Cow;
use std::marker::PhantomData;

use domain::limited::Limits;
use domain::limits;
use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// What a schema is called that is written out where it is used: this, and itself as JSON.
pub const VALUE_PREFIX: &str = "value:";

/// The name of a schema that is written out where it is used.
#[must_use]
pub fn value_name(schema: &RefOr<Schema>) -> Cow<'static, str> {
    Cow::Owned(format!("{VALUE_PREFIX}{}", serde_json::to_string(schema).unwrap_or_default()))
}

/// What a schema says of limits.
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
    /// A word of a closed set.
    Word = Limits::text(0, limits::WORD_MAX);
    /// A constant of a standard.
    Constant = Limits::text(0, limits::CONSTANT_MAX);
    /// The name of an error code or of a type of event.
    CodeName = Limits::text(0, limits::CODE_NAME_MAX);
    /// A sentence on one thing.
    Detail = Limits::text(0, limits::DETAIL_MAX);
    /// The name of an account, of whatever an account has, or of who is asked for.
    Name = Limits::text(0, limits::ACCOUNT_NAME_MAX);
    /// A billing reference, where there may be none.
    Reference = Limits::text(0, limits::BILLING_REFERENCE_MAX);
    /// A cursor of a list by id.
    Cursor = Limits::text(0, limits::CURSOR_MAX);
    /// A billing period such as `2026-11`.
    Period = Limits::matching(0, limits::PERIOD_LENGTH, "^[0-9]{4}-[0-9]{2}$");
    /// The code of an SBC region.
    RegionCode = Limits::text(0, limits::SBC_REGION_CODE_MAX);
    /// The id of a request.
    RequestId = Limits::text(0, limits::REQUEST_ID_MAX);
    /// A URL of this service.
    OwnUrl = Limits::formatted(0, limits::OWN_URL_MAX, "uri");
    /// An access token.
    AccessToken = Limits::text(0, limits::ACCESS_TOKEN_MAX);
    /// A network address.
    Address = Limits::text(0, limits::ADDRESS_MAX);
    /// The secret of an app.
    AppSecret = Limits::text(0, limits::APP_SECRET_MAX);
    /// Why an attempt to deliver failed.
    AttemptError = Limits::text(0, limits::ATTEMPT_ERROR_MAX);
    /// The name by which a phone or a trunk says who it is.
    AuthenticationName = Limits::text(0, limits::AUTHENTICATION_NAME_MAX);
    /// 256 bits in base64url.
    Base64Url256 = Limits::text(0, limits::BASE64URL_256_LENGTH);
    /// The name of something that stands in the way, which may be an address.
    BlockerName = Limits::text(0, limits::EMAIL_MAX);
    /// For how long the access token of an API client works.
    ClientExpiresIn = Limits::long_number(1, limits::ACCESS_TOKEN_SECONDS);
    /// The secret of an API client.
    ClientSecret = Limits::text(limits::CLIENT_SECRET_LENGTH, limits::CLIENT_SECRET_LENGTH);
    /// The access token of an API client.
    ClientToken = Limits::text(0, limits::CLIENT_TOKEN_MAX);
    /// What the challenge of a code was made of.
    CodeVerifier = Limits::text(*limits::CODE_VERIFIER_LENGTH.start(), *limits::CODE_VERIFIER_LENGTH.end());
    /// What an adjustment adds to a number, or takes off it.
    Correction = Limits::long_number(-limits::ADJUSTMENT_MAX, limits::ADJUSTMENT_MAX);
    /// A cursor that is given.
    CursorParameter = Limits::matching(1, limits::CURSOR_MAX, "^[A-Za-z0-9_-]+$");
    /// For how long a DNS record may be kept.
    DnsTtl = Limits::number(1, limits::DNS_TTL_MAX);
    /// Entity tags that are given.
    EntityTags = Limits::matching(0, limits::ENTITY_TAGS_MAX, r#"^(\*|(W/)?"[\x21\x23-\x7e]*"( *, *(W/)?"[\x21\x23-\x7e]*")*)$"#);
    /// The HTTP status of an error.
    ErrorStatus = Limits::number(limits::ERROR_STATUS_MIN, *limits::STATUSES.end());
    /// Types of events that are given as one text.
    EventTypesText = Limits::text(0, limits::EVENT_TYPES_TEXT_MAX);
    /// For how long an access token works.
    ExpiresIn = Limits::long_number(1, limits::EXPIRES_IN_MAX);
    /// What is dialled for a feature.
    FeatureCode = Limits::text(0, limits::FEATURE_CODE_MAX);
    /// The name of the form of a report.
    FormatName = Limits::text(0, limits::FORMAT_NAME_MAX);
    /// Numbers that are forwarded to a user.
    ForwardedNumbers = Limits::list(0, limits::FORWARDED_NUMBERS_MAX);
    /// A parameter of a token request that is a token, a code or a secret.
    Grant = Limits::text(0, limits::GRANT_MAX);
    /// The last characters of a secret.
    Hint = Limits::text(limits::HINT_LENGTH, limits::HINT_LENGTH);
    /// A host name.
    HostName = Limits::formatted(0, limits::HOST_NAME_MAX, "hostname");
    /// An idempotency key.
    IdempotencyKey = Limits::matching(1, limits::IDEMPOTENCY_KEY_MAX, r"^[\x21-\x7e]+$");
    /// Rows of an import.
    ImportedRows = Limits::count(0, limits::IMPORT_ROWS_MAX);
    /// An instant that is given as a parameter.
    InstantParameter = Limits::formatted(0, limits::INSTANT_TEXT_MAX, "date-time");
    /// An instant as text.
    InstantText = Limits::formatted(0, limits::INSTANT_SHOWN_MAX, "date-time");
    /// The issuer of tokens.
    Issuer = Limits::formatted(0, limits::ISSUER_MAX, "uri");
    /// A short name.
    Label = Limits::text(0, limits::LABEL_MAX);
    /// A cursor of the lines of a billing report.
    LineCursor = Limits::text(0, limits::LINE_CURSOR_MAX);
    /// The name of a line of a billing report.
    LineName = Limits::text(0, limits::LINE_NAME_MAX);
    /// Values that the metadata of OAuth 2.0 list for one thing.
    Metadata = Limits::list(0, limits::METADATA_VALUES_MAX);
    /// A number in its canonical form.
    PhoneNumber = Limits::matching(0, limits::CANONICAL_NUMBER_MAX, r"^\+[1-9][0-9]{4,14}$");
    /// The URI by which an app takes its secret in.
    OtpauthUri = Limits::formatted(0, limits::OTPAUTH_URI_MAX, "uri");
    /// How many items are on a page.
    PageLimit = Limits::number(1, limits::PAGE_MAX);
    /// How many billing periods are on a page.
    PeriodLimit = Limits::number(1, limits::PERIODS_MAX);
    /// The first or last name of a person.
    PersonName = Limits::text(0, limits::PERSON_NAME_MAX);
    /// A JSON pointer.
    Pointer = Limits::text(0, limits::POINTER_MAX);
    /// What happened, and what to do.
    ProblemDetail = Limits::text(0, limits::PROBLEM_DETAIL_MAX);
    /// The title of a problem.
    ProblemTitle = Limits::text(0, limits::PROBLEM_TITLE_MAX);
    /// What is kept of a receiver's answer.
    ReceiverAnswer = Limits::text(0, limits::DELIVERY_ANSWER_MAX);
    /// Recovery codes.
    RecoveryCodes = Limits::list(0, limits::RECOVERY_CODES);
    /// How many recovery codes are left.
    RecoveryCodesLeft = Limits::count(0, limits::RECOVERY_CODES);
    /// Events of one replay.
    ReplayedEvents = Limits::count(0, limits::REPLAY_MAX);
    /// The domain of a route.
    RouteDomain = Limits::formatted(0, limits::ROUTE_DOMAIN_MAX, "hostname");
    /// Session border controllers.
    Sbcs = Limits::list(0, limits::SBCS_MAX);
    /// Session border controllers, of which there is one at least.
    SomeSbcs = Limits::list(1, limits::SBCS_MAX);
    /// A text that is looked for.
    Search = Limits::text(1, limits::SEARCH_MAX);
    /// A SHA-256 in hexadecimal.
    Sha256 = Limits::text(0, limits::SHA256_LENGTH);
    /// A SIP URI.
    SipUri = Limits::text(0, limits::SIP_URI_MAX);
    /// The user part of a SIP URI.
    SipUser = Limits::text(0, limits::SIP_USER_MAX);
    /// An HTTP status.
    Status = Limits::number(*limits::STATUSES.start(), *limits::STATUSES.end());
    /// What kind of thing an event is about.
    SubjectType = Limits::text(0, limits::SUBJECT_TYPE_MAX);
    /// The value of a TXT record.
    TxtValue = Limits::text(0, limits::VERIFICATION_TXT_MAX);
    /// A user principal name.
    UserPrincipalName = Limits::text(0, limits::USER_PRINCIPAL_NAME_MAX);
    /// A UUID.
    Uuid = Limits::text(0, limits::UUID_LENGTH);
    /// A text that is looked for in all accounts.
    WideSearch = Limits::text(limits::SEARCH_MIN, limits::SEARCH_MAX);
    /// A host name, an address, or the id of a tenant.
    Host = Limits::text(0, limits::HOST_NAME_MAX);
    /// Where a code of the sign-in page goes.
    RedirectTarget = Limits::text(0, limits::OWN_URL_MAX);
    /// The rows of an import, of which there is one at least.
    ImportTotal = Limits::count(1, limits::IMPORT_ROWS_MAX);
    /// A number of things of which there is one at least, and of lines, which begin at one.
    Positive = Limits::long_number(1, limits::COUNT_MAX);
    /// Where the page of an error code is.
    ProblemType = Limits::formatted(0, limits::PROBLEM_TITLE_MAX, "uri-reference");
    /// A secret or a refresh token of a token request.
    GrantSecret = Limits::formatted(0, limits::GRANT_MAX, "password");
    /// The order of a list by time.
    TimeOrder = Limits::matching(0, limits::WORD_MAX, "^-?created_at$");
    /// The type of an account below the platform.
    AccountType = Limits::matching(0, limits::WORD_MAX, "^(master_reseller|reseller|enterprise)$");
    /// The code of an SBC region.
    SbcRegionCode = Limits::matching(1, limits::SBC_REGION_CODE_MAX, "^[a-z][a-z0-9-]*$");
}

/// A limit of queries as one of lists.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "limits are small and not negative")]
pub const fn items(limit: i64) -> usize {
    limit as usize
}

/// A list of so many things that have a schema of their own.
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
