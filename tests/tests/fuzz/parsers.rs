//! Parsers that are functions: nothing makes them panic, and what they accept means the same when it is read again.

use api::http::query::Query;
use api::resources::imports::kinds::{Enterprises, Importable, Resellers, Users};
use api::resources::imports::read::read;
use api::resources::imports::upload::Form;
use api::security::access_token::AccessTokens;
use api::security::secret_token::SecretToken;
use chrono::DateTime;
use domain::account::Tier;
use domain::id::{Id, MemberId, SessionId, UserId};
use domain::limits::IMPORT_ROWS_MAX;
use domain::principal::Principal;
use domain::second_factor::Code;
use domain::values::email::EmailAddress;
use domain::values::host_name::HostName;
use domain::values::phone_number::PhoneNumber;
use domain::values::sip::{OutboundProxy, SipUser};
use domain::values::text::{AccountName, BillingReference};
use domain::values::user_principal_name::UserPrincipalName;
use domain::webhook::Target;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::cases;
use super::mutate::{changed, corpus};

/// Tries a parser with the corpus, and with what changes make of it.
fn fuzz(name: &'static str, try_out: impl Fn(&[u8]) -> Result<(), TestCaseError>) {
    let corpus = corpus(name);
    for input in &corpus {
        try_out(input).unwrap_or_else(|error| panic!("{}: {error}", String::from_utf8_lossy(input)));
    }
    let config = Config { cases: cases(3_000), source_file: Some(file!()), ..Config::default() };
    let tried = TestRunner::new(config).run(&changed(corpus), |input| try_out(&input));
    tried.unwrap_or_else(|error| panic!("{error}"));
}

/// What a value type accepts, it accepts again in canonical form, which stays as it is.
macro_rules! is_stable {
    ($text:expr, $($kind:ty: $canonical:expr),* $(,)?) => {$(
        if let Ok(value) = <$kind>::parse($text) {
            let canonical: String = ($canonical)(&value);
            let again = <$kind>::parse(&canonical);
            let again = again.map(|again| ($canonical)(&again)).map_err(|fault| format!("{fault:?}"));
            prop_assert_eq!(again, Ok(canonical), "{} {:?}", stringify!($kind), $text);
        }
    )*};
}

#[test]
fn values() {
    fuzz("texts", |input| {
        let text = &String::from_utf8_lossy(input);
        is_stable!(text,
            EmailAddress: |value: &EmailAddress| value.canonical().to_owned(),
            PhoneNumber: |value: &PhoneNumber| value.as_str().to_owned(),
            HostName: |value: &HostName| value.as_str().to_owned(),
            SipUser: |value: &SipUser| value.as_str().to_owned(),
            OutboundProxy: ToString::to_string,
            UserPrincipalName: |value: &UserPrincipalName| value.canonical().to_owned(),
            AccountName: |value: &AccountName| value.as_str().to_owned(),
            BillingReference: |value: &BillingReference| value.as_str().to_owned(),
        );
        let _ = Target::parse(text, false);
        let _ = Code::parse(text);
        let _ = domain::instant::parse(text);
        let _ = domain::billing::Period::parse(text);
        Ok(())
    });
}

#[test]
fn ids_and_tokens() {
    let folder = tempfile::tempdir().expect("a folder");
    let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
    let tokens = AccessTokens::open(folder.path(), "http://localhost", now).expect("keys");
    let [member, session] = [1, 2].map(Uuid::from_u128);
    let principal = Principal::Member(MemberId::from_uuid(member));
    let issued = tokens.issue(principal, SessionId::from_uuid(session), now).expose_secret().to_owned();
    fuzz("tokens", move |input| {
        // The corpus has a place for a token that is signed.
        let text = &String::from_utf8_lossy(input).replace("JWT", &issued);
        if let Some(claims) = tokens.verify(text, now) {
            prop_assert_eq!((text, claims.principal), (&issued, principal), "only what was signed is a token");
        }
        for tier in Tier::ALL {
            prop_assert!(tier.parse_id(text).is_none_or(|id| tier.format_id(id) == *text));
        }
        prop_assert!(UserId::parse(text).is_none_or(|id: Id<_>| id.to_string() == *text));
        prop_assert!(SecretToken::parse(text).is_none_or(|token| token.expose() == text));
        let _ = SecretToken::parse_client_secret(text);
        Ok(())
    });
}

#[test]
fn query_strings() {
    fuzz("queries", |input| {
        let text = String::from_utf8_lossy(input);
        if let Ok(mut query) = Query::read(&text) {
            let _ = query.parameter("q", "a text", |text| Some(text.to_owned()));
            let _ = query.finish();
        }
        Ok(())
    });
}

#[test]
fn files_of_imports() {
    fuzz("files", |input| {
        for form in [Form::Csv, Form::Ndjson] {
            for columns in [Resellers::COLUMNS, Enterprises::COLUMNS, Users::COLUMNS] {
                let Ok(rows) = read(form, input, columns) else { continue };
                prop_assert!((1..=IMPORT_ROWS_MAX).contains(&rows.len()));
                let lines: Vec<u64> = rows.iter().map(|row| row.line).collect();
                prop_assert!(lines.is_sorted() && lines[0] >= 1, "{lines:?}");
            }
        }
        Ok(())
    });
}
