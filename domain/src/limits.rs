//! Every limit of the product as a named constant, used by the check, by the message and by the published schema (S6).

/// Longest name of an account, in characters.
pub const ACCOUNT_NAME_MAX: usize = 120;
/// Longest first or last name of a person, in characters.
pub const PERSON_NAME_MAX: usize = 80;
/// Longest billing reference, in characters (R6).
pub const BILLING_REFERENCE_MAX: usize = 255;
/// Shortest e-mail address, in characters.
pub const EMAIL_MIN: usize = 3;
/// Longest e-mail address, in octets of its canonical form (RFC 5321 section 4.5.3.1.3, less the angle brackets).
pub const EMAIL_MAX: usize = 254;
/// Longest local part of an e-mail address, in octets (RFC 5321 section 4.5.3.1.1).
pub const EMAIL_LOCAL_MAX: usize = 64;
/// Shortest password, in characters.
pub const PASSWORD_MIN: usize = 12;
/// Longest password, in characters.
pub const PASSWORD_MAX: usize = 128;
/// Longest reason for rejecting a support ticket, in characters.
pub const REJECTION_REASON_MAX: usize = 500;
/// Letters of the code of a country (ISO 3166-1 alpha-2).
pub const COUNTRY_LENGTH: usize = 2;
/// How many services there are (R5).
pub const SERVICES_MAX: usize = 2;
/// Most users that an enterprise can be limited to (R10).
pub const USER_LIMIT_MAX: i32 = 1_000_000;
/// Longest code of an SBC region, in characters.
pub const SBC_REGION_CODE_MAX: usize = 20;
/// Most SBC regions that can be configured.
pub const SBC_REGIONS_MAX: usize = 100;
/// Most session border controllers of a region.
pub const SBCS_MAX: usize = 50;
/// Shortest full host name, in characters.
pub const HOST_NAME_MIN: usize = 3;
/// Shortest host of a trunk, in characters: an IPv6 address such as `::`.
pub const HOST_MIN: usize = 2;
/// Longest host name, in characters of its ASCII form (RFC 1035 section 2.3.4, less the root's octets).
pub const HOST_NAME_MAX: usize = 253;
/// Longest domain of a Direct Routing route, in characters: Microsoft 365 takes no longer one (R11).
pub const ROUTE_DOMAIN_MAX: usize = 48;
/// Longest label of a route's domain, in characters: a base domain is behind it.
pub const ROUTE_LABEL_MAX: usize = 46;
/// Shortest value of the TXT record that verifies a domain, in characters.
pub const VERIFICATION_TXT_MIN: usize = 4;
/// Longest value of the TXT record that verifies a domain, in characters.
pub const VERIFICATION_TXT_MAX: usize = 100;
/// Longest user part of a SIP URI, in characters.
pub const SIP_USER_MAX: usize = 64;
/// Shortest SIP URI, in characters.
pub const SIP_URI_MIN: usize = 3;
/// Longest SIP URI, in characters.
pub const SIP_URI_MAX: usize = 300;
/// Longest SIP password, in characters.
pub const SIP_PASSWORD_MAX: usize = 128;
/// Longest name by which a phone or trunk says who it is, in characters.
pub const AUTHENTICATION_NAME_MAX: usize = 128;
/// Longest feature code, in characters.
pub const FEATURE_CODE_MAX: usize = 10;
/// Shortest and longest time for which a PBX's phones register, in seconds (R12).
pub const REGISTRATION_EXPIRY_SECONDS: std::ops::RangeInclusive<i64> = 60..=86_400;
/// Ports of UDP and TCP (RFC 6335 section 6).
pub const PORTS: std::ops::RangeInclusive<i64> = 1..=65_535;
/// How many codecs there are (R13).
pub const CODECS_MAX: usize = 5;
/// Fewest and most calls at a time of a trunk (R13).
pub const CONCURRENT_CALLS: std::ops::RangeInclusive<i64> = 1..=10_000;
/// Most networks from which a trunk may call.
pub const TRUNK_ADDRESSES_MAX: usize = 50;
/// Shortest prefix of a network from which a trunk may call: one of IPv4.
pub const IPV4_PREFIX_MIN: u8 = 16;
/// Shortest prefix of a network from which a trunk may call: one of IPv6.
pub const IPV6_PREFIX_MIN: u8 = 32;
/// Shortest user principal name, in characters.
pub const USER_PRINCIPAL_NAME_MIN: usize = 5;
/// Longest user principal name, in characters: 64 before the @ and 48 behind it.
pub const USER_PRINCIPAL_NAME_MAX: usize = 113;
/// Longest tag of a user, in characters (R14).
pub const TAG_MAX: usize = 255;
/// Most numbers that are forwarded to a user (R14).
pub const FORWARDED_NUMBERS_MAX: usize = 50;
/// Shortest and longest text of a number, with what people write between the digits, in characters.
pub const NUMBER_LENGTH: std::ops::RangeInclusive<usize> = 6..=40;
/// Longest number in its canonical form, in characters.
pub const CANONICAL_NUMBER_MAX: usize = 16;
/// Fewest and most digits of a number in international form (E.164 section 6.2.1).
pub const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 5..=15;
/// Shortest text by which all accounts are searched, in characters: their index knows them by three.
pub const SEARCH_MIN: usize = 3;
/// Longest search text of a list, in characters.
pub const SEARCH_MAX: usize = 100;

/// How long the link works by which a new address is confirmed, in hours.
pub const EMAIL_CHANGE_HOURS: i64 = 24;
/// Most members of an account.
pub const MEMBERS_MAX: i64 = 500;
/// Days within which a move is to be decided.
pub const MOVE_DAYS: i64 = 14;
/// Most networks that an API client is limited to.
pub const CLIENT_NETWORKS_MAX: usize = 50;
/// Most API clients of an account.
pub const CLIENTS_MAX: i64 = 100;
/// How long the previous secret of an API client goes on working when nothing else is said, in seconds: a week.
pub const PREVIOUS_SECRET_SECONDS: i64 = 604_800;
/// Longest time for which the previous secret of an API client goes on working, in seconds: 30 days.
pub const PREVIOUS_SECRET_SECONDS_MAX: i64 = 2_592_000;
/// Most webhooks of an account.
pub const WEBHOOKS_MAX: i64 = 50;
/// Longest URL of a webhook, in characters.
pub const WEBHOOK_URL_MAX: usize = 2_000;
/// Longest description of a webhook, in characters.
pub const WEBHOOK_DESCRIPTION_MAX: usize = 255;
/// How long a receiver may take to answer a delivery, in seconds.
pub const WEBHOOK_TIMEOUT_SECONDS: u64 = 15;
/// Longest time for which a receiver's `Retry-After` is honoured, in seconds: a day.
pub const WEBHOOK_RETRY_AFTER_MAX_SECONDS: i64 = 86_400;
/// Days without a success after which a webhook is disabled.
pub const WEBHOOK_FAILING_DAYS: i64 = 5;
/// Days for which deliveries are kept to be looked at and sent again.
pub const DELIVERIES_KEPT_DAYS: i64 = 30;
/// Most events of one replay.
pub const REPLAY_MAX: usize = 10_000;
/// How much of a receiver's answer is kept, in bytes.
pub const DELIVERY_ANSWER_MAX: usize = 4_096;
/// Most rows of an import.
pub const IMPORT_ROWS_MAX: usize = 10_000;
/// Largest file of an import, in bytes.
pub const IMPORT_BODY_MAX: usize = 10 * 1024 * 1024;
/// How long the file of an import may take to arrive, in seconds.
pub const IMPORT_BODY_SECONDS: u64 = 60;
/// Most types of events, or patterns of them, that are asked for at once.
pub const EVENT_TYPES_MAX: usize = 50;

/// Longest reason of an adjustment of a billing report, in characters.
pub const ADJUSTMENT_REASON_MAX: usize = 500;
/// Longest name of a line of a billing report, in characters.
pub const LINE_NAME_MAX: usize = 100;
/// Most that an adjustment adds to or takes off a number of a line.
pub const ADJUSTMENT_MAX: i64 = 100_000_000;
/// Minutes after its end from which a billing period can be made final: nothing that began in it is under way any more.
pub const FINALISE_AFTER_MINUTES: i64 = 5;
/// Seconds after its instant within which a change begins to be carried out; one that waited for longer is turned away. So
/// none is recorded long after the instant that it bears.
pub const CHANGE_WAITS_SECONDS: i64 = 60;
/// Billing periods on a page of their list when the caller does not say.
pub const PERIODS_DEFAULT: i64 = 3;
/// Most billing periods on a page of their list: each of them is added up.
pub const PERIODS_MAX: i64 = 12;

/// Items on a page of a list when the caller does not say.
pub const PAGE_DEFAULT: i64 = 50;
/// Most items on a page of a list.
pub const PAGE_MAX: i64 = 200;
/// Most accounts that a refusal lists by name; the count is always whole.
pub const BLOCKERS_LISTED: i64 = 20;

/// How long an activation link works, in hours (R3).
pub const ACTIVATION_HOURS: i64 = 72;
/// How long a password reset link works, in minutes.
pub const PASSWORD_RESET_MINUTES: i64 = 60;
/// Shortest time between two password reset e-mails to one member, in seconds.
pub const PASSWORD_RESET_PAUSE_SECONDS: i64 = 60;
/// Length of a single-use or refresh token as text: 256 bits in unpadded base64url.
pub const TOKEN_LENGTH: usize = 43;
/// Longest text that is taken as a refresh token, in characters.
pub const REFRESH_TOKEN_MAX: usize = 255;
/// How long the code of the sign-in page can be exchanged for tokens, in seconds.
pub const AUTHORIZATION_CODE_SECONDS: i64 = 60;
/// Fewest and most characters of what proves that a code is exchanged by whoever asked for it (RFC 7636 section 4.1).
pub const CODE_VERIFIER_LENGTH: std::ops::RangeInclusive<usize> = 43..=128;
/// How long an access token works, in seconds.
pub const ACCESS_TOKEN_SECONDS: i64 = 600;
/// How long a session lasts without a new sign-in, in days.
pub const SESSION_DAYS: i64 = 30;
/// For how long a refresh token that was just used gives the same successor again, in seconds.
pub const REFRESH_GRACE_SECONDS: i64 = 10;

/// Digits of a code of the app that is a second factor (RFC 6238).
pub const APP_CODE_DIGITS: usize = 6;
/// How long a code of the app is shown, in seconds; the one before and the one after are good as well (RFC 6238 section 5.2).
pub const APP_CODE_SECONDS: u64 = 30;
/// Recovery codes of a member.
pub const RECOVERY_CODES: usize = 10;
/// Letters and digits of a recovery code: 80 bits.
pub const RECOVERY_CODE_LENGTH: usize = 16;
/// Longest text that is taken as a code, with whatever groups it, in characters.
pub const CODE_MAX: usize = 40;
/// Wrong codes of the app after which the next one waits.
pub const CODES_FREE: i32 = 5;
/// How long the first of them waits, in seconds; each further one waits twice as long.
pub const CODE_PAUSE_SECONDS: i64 = 30;
/// The longest wait, in seconds.
pub const CODE_PAUSE_MAX_SECONDS: i64 = 900;

/// How long the first answer to an idempotency key is kept, in hours (W5).
pub const IDEMPOTENCY_HOURS: i64 = 24;
/// Longest id, in characters: a type prefix and 26 characters of a UUIDv7 (W1).
pub const ID_MAX: usize = 60;
/// Longest idempotency key, in characters.
pub const IDEMPOTENCY_KEY_MAX: usize = 255;
/// Longest request id that is taken over from a caller, in characters.
pub const REQUEST_ID_MAX: usize = 128;

/// Largest request body, in bytes.
pub const BODY_MAX: usize = 64 * 1024;
/// How long a request body may take to arrive, in seconds.
pub const BODY_SECONDS: u64 = 15;
/// Most header lines of a request.
pub const HEADERS_MAX: usize = 64;
/// Most octets of all header lines of a request together.
pub const HEADER_OCTETS_MAX: usize = 16 * 1024;
/// Longest path and query of a request, in octets.
pub const URI_MAX: usize = 4 * 1024;

/// Attempts to deliver a message before it is set aside as failed.
pub const DELIVERY_ATTEMPTS: i32 = 20;

// What answers and parameters hold at most: what is given is bounded above, what the service makes itself here.

/// Longest word of a closed set, such as a status or the type of a thing, in characters.
pub const WORD_MAX: usize = 20;
/// Longest constant of a standard, such as `Bearer`, in characters.
pub const CONSTANT_MAX: usize = 10;
/// Longest name of an error code, of a type of event and of the kind of a subject, in characters.
pub const CODE_NAME_MAX: usize = 60;
/// Longest kind of a subject of events, in characters.
pub const SUBJECT_TYPE_MAX: usize = 30;
/// Longest title and longest `type` of a problem, in characters.
pub const PROBLEM_TITLE_MAX: usize = 100;
/// Longest `detail` of a problem, in characters.
pub const PROBLEM_DETAIL_MAX: usize = 1_000;
/// Longest sentence on one wrong value, one blocker or one failed step, in characters.
pub const DETAIL_MAX: usize = 500;
/// Longest JSON pointer of a wrong value, in characters.
pub const POINTER_MAX: usize = 200;
/// Most wrong values of a problem.
pub const ERRORS_MAX: usize = 100;
/// Statuses of HTTP, and those of them that are errors (RFC 9110 section 15).
pub const STATUSES: std::ops::RangeInclusive<i64> = 100..=599;
/// The first status of HTTP that is an error.
pub const ERROR_STATUS_MIN: i64 = 400;
/// Longest cursor of a list by id, in characters.
pub const CURSOR_MAX: usize = 60;
/// Longest cursor of the lines of a billing report, in characters.
pub const LINE_CURSOR_MAX: usize = 120;
/// Longest value of `If-Match` and `If-None-Match`, in characters.
pub const ENTITY_TAGS_MAX: usize = 16_384;
/// Longest `type` filter of events, in characters.
pub const EVENT_TYPES_TEXT_MAX: usize = 1_000;
/// Longest instant that is taken as a parameter, in characters.
pub const INSTANT_TEXT_MAX: usize = 40;
/// Longest instant that an answer shows as text, in characters.
pub const INSTANT_SHOWN_MAX: usize = 20;
/// Length of a billing period such as `2026-11`, in characters.
pub const PERIOD_LENGTH: usize = 7;
/// Longest name of the form of a report, in characters.
pub const FORMAT_NAME_MAX: usize = 6;
/// Most lines of a summary of a billing report.
pub const SUMMARY_ITEMS_MAX: usize = 400;
/// Length of a SHA-256 in hexadecimal, in characters.
pub const SHA256_LENGTH: usize = 64;
/// Length of a SHA-256, or of a key of Ed25519, in base64url, in characters.
pub const BASE64URL_256_LENGTH: usize = 43;
/// Length of a UUID, in characters.
pub const UUID_LENGTH: usize = 36;
/// Longest network address, in characters: an IPv4 address in an IPv6 one.
pub const ADDRESS_MAX: usize = 45;
/// Longest access token, in characters.
pub const ACCESS_TOKEN_MAX: usize = 2_000;
/// Longest access token of an API client, in characters.
pub const CLIENT_TOKEN_MAX: usize = 4_000;
/// The longest time for which an answer says that a token works, in seconds.
pub const EXPIRES_IN_MAX: i64 = 86_400;
/// Longest parameter of a token request that is a token, a code or a secret, in characters.
pub const GRANT_MAX: usize = 100;
/// Length of the secret of an API client, with its prefix, in characters.
pub const CLIENT_SECRET_LENGTH: usize = 55;
/// Length of the hint by which people tell secrets apart, in characters.
pub const HINT_LENGTH: usize = 4;
/// Live secrets of an API client: one, or two while they are being exchanged.
pub const CLIENT_SECRETS_MAX: usize = 2;
/// Longest URL of this service, in characters.
pub const OWN_URL_MAX: usize = 300;
/// Longest issuer of tokens, in characters.
pub const ISSUER_MAX: usize = 200;
/// Most values that the metadata of OAuth 2.0 list for one thing.
pub const METADATA_VALUES_MAX: usize = 10;
/// Most keys of a key set.
pub const KEYS_MAX: usize = 20;
/// Longest secret of an app as text, in characters.
pub const APP_SECRET_MAX: usize = 40;
/// Longest URI by which an app takes its secret in, in characters.
pub const OTPAUTH_URI_MAX: usize = 1_000;
/// Most tiers above an account, and most below one.
pub const ANCESTORS_MAX: usize = 2;
/// Most tiers of accounts below one.
pub const LEVELS_MAX: usize = 3;
/// States of a route.
pub const ROUTE_STATES: usize = 6;
/// By how much an account can be found at once.
pub const MATCHES_MAX: usize = 4;
/// Types of PBX at most.
pub const PBX_TYPES_MAX: usize = 20;
/// Longest name of a type of PBX, and longest name of a step, in characters.
pub const LABEL_MAX: usize = 40;
/// Longest time for which a DNS record may be kept, in seconds.
pub const DNS_TTL_MAX: i64 = 86_400;
/// Attempts of a delivery to a webhook that are shown.
pub const ATTEMPTS_SHOWN_MAX: usize = 100;
/// Longest error of an attempt to deliver to a webhook, in characters.
pub const ATTEMPT_ERROR_MAX: usize = 300;
/// Longest subject of a support ticket, in characters.
pub const TICKET_SUBJECT_MAX: usize = 60;
/// Longest instant (RFC 3339), with nanoseconds and an offset, which callers may give, in characters.
pub const DATE_TIME_MAX: usize = 35;
/// Longest entity tag, and longest challenge of `WWW-Authenticate`, in characters.
pub const SHORT_HEADER_MAX: usize = 60;
/// Longest `Link` and `Location`, in characters.
pub const LINK_MAX: usize = 5_000;
/// Longest value of a header of an attempt to deliver to a webhook, in characters.
pub const WEBHOOK_HEADER_MAX: usize = 500;
/// Longest text of which nothing else is known, in characters.
pub const TEXT_MAX: usize = 255;
/// More than anything here can count, and than any file is long.
pub const COUNT_MAX: i64 = 1_000_000_000_000;
/// Longest wait that `Retry-After` asks for, in seconds.
pub const RETRY_AFTER_MAX: i64 = 86_400;
