//! Every limit of the product as a named constant, shared by validation, error messages and the published schema (S6).

/// Longest name of an account, a member, an API client or a trunk, and longest location of a PBX, in characters.
pub const NAME_MAX: usize = 120;
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
/// Length of a country code (ISO 3166-1 alpha-2), in characters.
pub const COUNTRY_LENGTH: usize = 2;
/// Number of services, and so the most that an account can have (R5).
pub const SERVICES_MAX: usize = 2;
/// Largest user limit that an enterprise can be given (R10).
pub const USER_LIMIT_MAX: i32 = 1_000_000;
/// Longest SBC region code, in characters.
pub const SBC_REGION_CODE_MAX: usize = 20;
/// Most SBC regions that can be configured.
pub const SBC_REGIONS_MAX: usize = 100;
/// Most session border controllers (SBCs) in a region.
pub const SBCS_MAX: usize = 50;
/// Shortest full host name, in characters.
pub const HOST_NAME_MIN: usize = 3;
/// Shortest host of a trunk, in characters: an IPv6 address such as `::`.
pub const HOST_MIN: usize = 2;
/// Longest host name, in characters of its ASCII form (RFC 1035 section 2.3.4, less the root's octets).
pub const HOST_NAME_MAX: usize = 253;
/// Longest domain of a Direct Routing route, in characters. This is a limit of Microsoft 365 (R11).
pub const ROUTE_DOMAIN_MAX: usize = 48;
/// Longest label of a route's domain, in characters. It has to leave room for a dot and the base domain.
pub const ROUTE_LABEL_MAX: usize = 46;
/// Shortest value of the TXT record that verifies a domain, in characters.
pub const VERIFICATION_TXT_MIN: usize = 4;
/// Longest value of the TXT record that verifies a domain, in characters.
pub const VERIFICATION_TXT_MAX: usize = 100;
/// Longest description of the latest error of a route, in characters.
pub const ROUTE_ERROR_MAX: usize = 1000;
/// Longest name of a voice routing policy, in characters: it ends with a route's domain.
pub const VOICE_POLICY_NAME_MAX: usize = 57;
/// Longest id of a policy that is accepted from Microsoft, in octets.
pub const VOICE_POLICY_ID_MAX: usize = 128;
/// Maximum length of a phone number that Microsoft shows, in characters.
pub const FOUND_NUMBER_MAX: usize = 64;
/// Maximum length of the name or id of a policy that Microsoft shows, in characters.
pub const FOUND_POLICY_MAX: usize = 128;
/// Maximum length of a sign-in name in Microsoft's directory, in characters.
pub const DIRECTORY_NAME_MAX: usize = 1_024;
/// Maximum length of the id of a request at Microsoft, in characters.
pub const MICROSOFT_REQUEST_ID_MAX: usize = 64;
/// Longest PowerShell script, in characters.
pub const SCRIPT_MAX: usize = 8192;
/// Longest user part of a SIP URI, in characters.
pub const SIP_USER_MAX: usize = 64;
/// Shortest SIP URI, in characters.
pub const SIP_URI_MIN: usize = 3;
/// Longest SIP URI, in characters.
pub const SIP_URI_MAX: usize = 300;
/// Longest SIP password, in characters.
pub const SIP_PASSWORD_MAX: usize = 128;
/// Longest SIP authentication name of a user or trunk, in characters.
pub const AUTHENTICATION_NAME_MAX: usize = 128;
/// Longest feature code, in characters.
pub const FEATURE_CODE_MAX: usize = 10;
/// Shortest and longest registration expiry of a PBX, in seconds (R12).
pub const REGISTRATION_EXPIRY_SECONDS: std::ops::RangeInclusive<i64> = 60..=86_400;
/// Range of UDP and TCP ports (RFC 6335 section 6).
pub const PORTS: std::ops::RangeInclusive<i64> = 1..=65_535;
/// Number of codecs, and so the most that a trunk can have (R13).
pub const CODECS_MAX: usize = 5;
/// Range of a trunk's limit of concurrent calls (R13).
pub const CONCURRENT_CALLS: std::ops::RangeInclusive<i64> = 1..=10_000;
/// Most addresses and networks that a trunk may call from.
pub const TRUNK_ADDRESSES_MAX: usize = 50;
/// Shortest prefix (widest network) of an IPv4 network that a trunk may call from, in bits.
pub const IPV4_PREFIX_MIN: u8 = 16;
/// Shortest prefix (widest network) of an IPv6 network that a trunk may call from, in bits.
pub const IPV6_PREFIX_MIN: u8 = 32;
/// Shortest user principal name, in characters.
pub const USER_PRINCIPAL_NAME_MIN: usize = 5;
/// Longest user principal name, in characters: 64 before the `@` and 48 after it.
pub const USER_PRINCIPAL_NAME_MAX: usize = 113;
/// Longest tag of a user, in characters (R14).
pub const TAG_MAX: usize = 255;
/// Most forwarded numbers of a user (R14).
pub const FORWARDED_NUMBERS_MAX: usize = 50;
/// Shortest and longest phone number as given, in characters, including spaces and punctuation between the digits.
pub const NUMBER_LENGTH: std::ops::RangeInclusive<usize> = 6..=40;
/// Longest phone number in canonical form, in characters: `+` and 15 digits.
pub const CANONICAL_NUMBER_MAX: usize = 16;
/// Fewest and most digits of a phone number in international form (E.164 section 6.2.1).
pub const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 5..=15;
/// Shortest text of a search over all accounts, in characters. The search index is built on trigrams.
pub const SEARCH_MIN: usize = 3;
/// Longest search text of a list, in characters.
pub const SEARCH_MAX: usize = 100;
/// How many domains, numbers or Teams users with the same beginning a search over the whole service goes through.
pub const SEARCH_ALIKE_MAX: usize = 10_000;
/// How many accounts a search over the whole service goes through for a text that its index does not have.
pub const SEARCH_WALK_MAX: usize = 100_000;

/// Most attempts per day at the password of an address, or at the secret of an API client.
pub const GUESSES_PER_DAY: u32 = 100;
/// How many attempts since the last success alarm the member.
pub const GUESSES_ALARMING: u32 = 10;
/// How long an attempt waits for the ones before it, in seconds. Further ones are refused.
pub const GUESS_WAIT_SECONDS: i64 = 60;

/// How many phone numbers and SIP users that others have an account can try to claim per day.
pub const TAKEN_CLAIMS_PER_DAY: u32 = 100;
/// Most e-mails per day that others can cause to be sent to one address.
pub const EMAILS_PER_RECIPIENT: i64 = 10;
/// How many e-mails an account can cause at once. Further ones leave one after the other.
pub const EMAILS_AT_ONCE: i64 = 500;
/// The time between the further e-mails that an account causes, in seconds.
pub const EMAIL_PAUSE_SECONDS: i64 = 1;
/// Longest name of an account in the subject of an e-mail, in characters.
pub const NAME_IN_SUBJECT_MAX: usize = 40;

/// How long the link that confirms a new e-mail address works, in hours.
pub const EMAIL_CHANGE_HOURS: i64 = 24;
/// Hours that a change of address by an operator waits for the owner, who can stop it.
pub const EMAIL_CHANGE_PAUSE_HOURS: i64 = 72;
/// Most members of an account.
pub const MEMBERS_MAX: i64 = 500;
/// How long a move stays pending before it expires, in days.
pub const MOVE_DAYS: i64 = 14;
/// Most allowed networks of an API client.
pub const CLIENT_NETWORKS_MAX: usize = 50;
/// Most API clients of an account.
pub const CLIENTS_MAX: i64 = 100;
/// How long the previous secret of an API client keeps working after a rotation by default, in seconds: a week.
pub const PREVIOUS_SECRET_SECONDS: i64 = 604_800;
/// The longest that the previous secret of an API client can keep working after a rotation, in seconds: 30 days.
pub const PREVIOUS_SECRET_SECONDS_MAX: i64 = 2_592_000;
/// Most webhooks of an account.
pub const WEBHOOKS_MAX: i64 = 50;
/// Longest URL of a webhook, in characters.
pub const WEBHOOK_URL_MAX: usize = 2_000;
/// Longest description of a webhook, in characters.
pub const WEBHOOK_DESCRIPTION_MAX: usize = 255;
/// How long a webhook receiver may take to respond to a delivery, in seconds.
pub const WEBHOOK_TIMEOUT_SECONDS: u64 = 15;
/// Longest `Retry-After` of a webhook receiver that is honoured, in seconds: a day. Longer ones are cut to this.
pub const WEBHOOK_RETRY_AFTER_MAX_SECONDS: i64 = 86_400;
/// Days of failing deliveries, without any success, after which a webhook is disabled.
pub const WEBHOOK_FAILING_DAYS: i64 = 5;
/// How long webhook deliveries are kept, in days.
pub const DELIVERIES_KEPT_DAYS: i64 = 30;
/// Most events in one replay to a webhook.
pub const REPLAY_MAX: usize = 10_000;
/// How much of the body of a webhook receiver's response is kept, in bytes.
pub const DELIVERY_ANSWER_MAX: usize = 4_096;
/// Most rows in an imported file.
pub const IMPORT_ROWS_MAX: usize = 10_000;
/// Largest imported file, in bytes.
pub const IMPORT_BODY_MAX: usize = 10 * 1024 * 1024;
/// Most errors that the answer to an import lists. The others are in a report that can be downloaded.
pub const IMPORT_ERRORS_MAX: usize = 1_000;
/// Longest path of the report of an import, in characters.
pub const IMPORT_REPORT_PATH_MAX: usize = 60;
/// How many octets of answers and reports are kept of one caller's requests, at most, before its next import is refused.
pub const KEPT_OCTETS_MAX: i64 = 64 * 1024 * 1024;
/// How long the upload of an imported file may take, in seconds.
pub const IMPORT_BODY_SECONDS: u64 = 60;
/// Most event types or patterns in one request.
pub const EVENT_TYPES_MAX: usize = 50;

/// Longest reason for an adjustment of a billing report, in characters.
pub const ADJUSTMENT_REASON_MAX: usize = 500;
/// Longest name of a billing report line, in characters.
pub const LINE_NAME_MAX: usize = 100;
/// Largest amount that an adjustment can add to, or subtract from, a number of a billing report line.
pub const ADJUSTMENT_MAX: i64 = 100_000_000;
/// How many minutes after its end a billing period can be finalised. By then no change that began in the period can
/// still be running.
pub const FINALISE_AFTER_MINUTES: i64 = 5;
/// How many seconds after its timestamp a change may still start to run. One that waited longer in the queue is
/// rejected, so no change is recorded long after its timestamp.
pub const CHANGE_WAITS_SECONDS: i64 = 60;
/// Default page size of the list of billing periods.
pub const PERIODS_DEFAULT: i64 = 3;
/// Largest page size of the list of billing periods. It is small because the totals of each period have to be computed.
pub const PERIODS_MAX: i64 = 12;

/// Default page size of a list.
pub const PAGE_DEFAULT: i64 = 50;
/// Largest page size of a list.
pub const PAGE_MAX: i64 = 200;
/// Most blockers that a refusal lists; their total count is always exact.
pub const BLOCKERS_LISTED: i64 = 20;

/// How long an activation link works, in hours (R3).
pub const ACTIVATION_HOURS: i64 = 72;
/// How long a password reset link works, in minutes.
pub const PASSWORD_RESET_MINUTES: i64 = 60;
/// Shortest time between two password reset e-mails to one member, in seconds.
pub const PASSWORD_RESET_PAUSE_SECONDS: i64 = 60;
/// Length of a single-use or refresh token as text: 256 bits in unpadded base64url.
pub const TOKEN_LENGTH: usize = 43;
/// Longest text that is accepted as a refresh token, in characters.
pub const REFRESH_TOKEN_MAX: usize = 255;
/// How long an authorization code of the sign-in page can be exchanged for tokens, in seconds.
pub const AUTHORIZATION_CODE_SECONDS: i64 = 60;
/// Fewest and most characters of a PKCE code verifier (RFC 7636 section 4.1).
pub const CODE_VERIFIER_LENGTH: std::ops::RangeInclusive<usize> = 43..=128;
/// How long an access token works, in seconds.
pub const ACCESS_TOKEN_SECONDS: i64 = 600;
/// How long a session lasts before the member has to sign in again, in days.
pub const SESSION_DAYS: i64 = 30;
/// How long a session may go without a refresh before it ends, in days.
pub const SESSION_IDLE_DAYS: i64 = 7;
/// Most sessions of a member at a time. Another sign-in ends the oldest one.
pub const SESSIONS_MAX: usize = 100;
/// How long after its first use a refresh token still returns the same successor, in seconds.
pub const REFRESH_GRACE_SECONDS: i64 = 10;

/// Number of digits of an authenticator app code (TOTP, RFC 6238).
pub const APP_CODE_DIGITS: usize = 6;
/// Time step of authenticator app codes, in seconds. The codes of the previous and the next step are accepted too (RFC
/// 6238 section 5.2).
pub const APP_CODE_SECONDS: u64 = 30;
/// Number of recovery codes that a member gets.
pub const RECOVERY_CODES: usize = 10;
/// Length of a recovery code without separators, in base32 characters: 128 bits.
pub const RECOVERY_CODE_LENGTH: usize = 26;
/// Length of the recovery codes that earlier versions gave out, which still work.
pub const EARLIER_RECOVERY_CODE_LENGTH: usize = 16;
/// Longest text that is accepted as a second-factor code, in characters, including spaces and hyphens.
pub const CODE_MAX: usize = 40;
/// Number of wrong authenticator app codes that a member can enter before there is a pause.
pub const CODES_FREE: i32 = 5;
/// The first pause after too many wrong codes, in seconds. Each further wrong code doubles it.
pub const CODE_PAUSE_SECONDS: i64 = 30;
/// The longest pause after wrong codes, in seconds.
pub const CODE_PAUSE_MAX_SECONDS: i64 = 900;

/// How long the first response to an idempotency key is kept, in hours (W5).
pub const IDEMPOTENCY_HOURS: i64 = 24;
/// Longest id, in characters: a type prefix, an underscore and the 26 characters of a UUIDv7 (W1).
pub const ID_MAX: usize = 60;
/// Longest idempotency key, in characters.
pub const IDEMPOTENCY_KEY_MAX: usize = 255;
/// Longest request id that is accepted from a caller, in characters.
pub const REQUEST_ID_MAX: usize = 128;

/// Largest request body, in bytes.
pub const BODY_MAX: usize = 64 * 1024;
/// How long a request body may take to arrive, in seconds.
pub const BODY_SECONDS: u64 = 15;
/// Most header lines in a request.
pub const HEADERS_MAX: usize = 64;
/// Total size of all header lines of a request, in octets.
pub const HEADER_OCTETS_MAX: usize = 16 * 1024;
/// Longest path and query of a request, in octets.
pub const URI_MAX: usize = 4 * 1024;

/// Number of attempts to send an e-mail before it is marked as failed. Webhooks have attempts of their own:
/// [`crate::webhook::next_attempt`].
pub const DELIVERY_ATTEMPTS: i32 = 20;

// Upper bounds of responses and parameters. The limits above are for values that callers choose; those below are for
// values that the service itself produces.

/// Longest value of an enumeration such as a status or a type, in characters.
pub const WORD_MAX: usize = 20;
/// Longest constant that a standard defines, such as `Bearer`, in characters.
pub const CONSTANT_MAX: usize = 10;
/// Longest error code or event type, in characters.
pub const CODE_NAME_MAX: usize = 60;
/// Longest subject type of an event, in characters.
pub const SUBJECT_TYPE_MAX: usize = 30;
/// Longest `title` and longest `type` of a problem, in characters.
pub const PROBLEM_TITLE_MAX: usize = 100;
/// Longest `detail` of a problem, in characters.
pub const PROBLEM_DETAIL_MAX: usize = 1_000;
/// Longest sentence about one invalid value, one blocker or one failed step, in characters.
pub const DETAIL_MAX: usize = 500;
/// Longest JSON pointer to an invalid value, in characters.
pub const POINTER_MAX: usize = 200;
/// Most invalid values that a problem lists.
pub const ERRORS_MAX: usize = 100;
/// Range of HTTP status codes (RFC 9110 section 15).
pub const STATUSES: std::ops::RangeInclusive<i64> = 100..=599;
/// The lowest HTTP status code that is an error (RFC 9110 section 15).
pub const ERROR_STATUS_MIN: i64 = 400;
/// Longest cursor of a list sorted by id, in characters.
pub const CURSOR_MAX: usize = 60;
/// Longest cursor of the lines of a billing report, in characters.
pub const LINE_CURSOR_MAX: usize = 120;
/// Longest value of `If-Match` and `If-None-Match`, in characters.
pub const ENTITY_TAGS_MAX: usize = 16_384;
/// Longest `type` filter of events, in characters.
pub const EVENT_TYPES_TEXT_MAX: usize = 1_000;
/// Longest instant that is accepted as a query parameter, in characters.
pub const INSTANT_TEXT_MAX: usize = 40;
/// Longest instant in a response, in characters.
pub const INSTANT_SHOWN_MAX: usize = 20;
/// Length of a billing period such as `2026-11`, in characters.
pub const PERIOD_LENGTH: usize = 7;
/// Longest name of a report format such as `csv`, in characters.
pub const FORMAT_NAME_MAX: usize = 6;
/// Most items in the summary of a billing report.
pub const SUMMARY_ITEMS_MAX: usize = 400;
/// Length of a SHA-256 hash in hexadecimal, in characters.
pub const SHA256_LENGTH: usize = 64;
/// Length of a SHA-256 hash or an Ed25519 key in unpadded base64url, in characters.
pub const BASE64URL_256_LENGTH: usize = 43;
/// Length of a UUID, in characters.
pub const UUID_LENGTH: usize = 36;
/// Longest network address, in characters: an IPv6 address with an embedded IPv4 address.
pub const ADDRESS_MAX: usize = 45;
/// Longest access token, in characters.
pub const ACCESS_TOKEN_MAX: usize = 2_000;
/// Longest access token of an API client, in characters.
pub const CLIENT_TOKEN_MAX: usize = 4_000;
/// Largest `expires_in` of a token response, in seconds.
pub const EXPIRES_IN_MAX: i64 = 86_400;
/// Longest token, code or secret in a token request, in characters.
pub const GRANT_MAX: usize = 100;
/// Length of an API client's secret including its prefix, in characters.
pub const CLIENT_SECRET_LENGTH: usize = 55;
/// Length of the hint that identifies a secret to people (its last characters), in characters.
pub const HINT_LENGTH: usize = 4;
/// Most live secrets of an API client: one, or two during a rotation.
pub const CLIENT_SECRETS_MAX: usize = 2;
/// Longest URL of this service, in characters.
pub const OWN_URL_MAX: usize = 300;
/// Maximum length of the URL of a page to which people go back, in characters.
pub const RETURN_URL_MAX: usize = 1_000;
/// Maximum length of a link to Microsoft with which an administrator consents, in characters.
pub const CONSENT_LINK_MAX: usize = 8_000;
/// For how many hours such a link can be used.
pub const CONSENT_LINK_HOURS: i64 = 72;
/// Maximum length of the name of a permission at Microsoft, in characters.
pub const PERMISSION_MAX: usize = 64;
/// Maximum number of permissions that the service asks for.
pub const PERMISSIONS_MAX: usize = 20;
/// Longest issuer (`iss`) of a token, in characters.
pub const ISSUER_MAX: usize = 200;
/// Most values in a list of the OAuth 2.0 server metadata (RFC 8414).
pub const METADATA_VALUES_MAX: usize = 10;
/// Most keys in the JSON Web Key Set.
pub const KEYS_MAX: usize = 20;
/// Longest secret of an authenticator app as text, in characters.
pub const APP_SECRET_MAX: usize = 40;
/// Longest `otpauth:` URI, which passes the secret to an authenticator app, in characters.
pub const OTPAUTH_URI_MAX: usize = 1_000;
/// Most accounts that are shown above an account: its master reseller and its reseller.
pub const ANCESTORS_MAX: usize = 2;
/// Most tiers of accounts below an account.
pub const LEVELS_MAX: usize = 3;
/// Number of states of a Direct Routing route.
pub const ROUTE_STATES: usize = 6;
/// Number of reasons for which a search can find an account, such as its name or a phone number.
pub const MATCHES_MAX: usize = 4;
/// Most PBX types.
pub const PBX_TYPES_MAX: usize = 20;
/// Longest name of a PBX type or of a step, in characters.
pub const LABEL_MAX: usize = 40;
/// Longest time to live (TTL) of a DNS record, in seconds.
pub const DNS_TTL_MAX: i64 = 86_400;
/// Most attempts that are shown of one webhook delivery.
pub const ATTEMPTS_SHOWN_MAX: usize = 100;
/// Longest error message of a webhook delivery attempt, in characters.
pub const ATTEMPT_ERROR_MAX: usize = 300;
/// Longest subject of a support ticket, in characters.
pub const TICKET_SUBJECT_MAX: usize = 60;
/// Longest instant that callers may give (RFC 3339 with nanoseconds and an offset), in characters.
pub const DATE_TIME_MAX: usize = 35;
/// Longest entity tag and longest `WWW-Authenticate` challenge, in characters.
pub const SHORT_HEADER_MAX: usize = 60;
/// Longest `Link` and longest `Location` header, in characters.
pub const LINK_MAX: usize = 5_000;
/// Longest header value that is shown of a webhook delivery attempt, in characters.
pub const WEBHOOK_HEADER_MAX: usize = 500;
/// Longest text that has no limit of its own, in characters.
pub const TEXT_MAX: usize = 255;
/// Upper bound for counts and file sizes that have no limit of their own.
pub const COUNT_MAX: i64 = 1_000_000_000_000;
/// Longest wait in a `Retry-After` header of this service, in seconds.
pub const RETRY_AFTER_MAX: i64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_these_numbers_of_octets() {
        let sizes = [IMPORT_BODY_MAX, BODY_MAX, HEADER_OCTETS_MAX, URI_MAX];
        assert_eq!(sizes, [10_485_760, 65_536, 16_384, 4_096]);
        assert_eq!(KEPT_OCTETS_MAX, 67_108_864);
    }
}
