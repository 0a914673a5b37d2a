//! `If-Match` and `If-None-Match` (W4, RFC 9110 section 13).

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderName};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};

use super::answer::Answer;
use crate::error::{Error, ErrorCode, Result};

/// The conditional headers of a request.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    if_match: Option<Vec<String>>,
    if_none_match: Option<Vec<String>>,
}

impl Conditions {
    /// Refuses a change if `If-Match` does not name the current version of the resource. Only the version is compared.
    /// The rest of the tag covers derived data, which a change can't overwrite.
    pub fn check_version(&self, version: i64) -> Result<()> {
        let Some(tags) = &self.if_match else { return Ok(()) };
        let version = version.to_string();
        let named = |tag: &String| tag == "*" || version_of(tag) == Some(version.as_str());
        if tags.iter().any(named) {
            return Ok(());
        }
        Err(Error::new(
            ErrorCode::PreconditionFailed,
            "The resource has changed since you read it. Read it again, apply your change, and send the new ETag.",
        ))
    }

    /// Replaces the response by 304 if `If-None-Match` names its entity tag.
    #[must_use]
    pub fn answer(&self, answer: Answer) -> Answer {
        let (Some(tags), Some(etag)) = (&self.if_none_match, &answer.etag) else { return answer };
        let known = |tag: &String| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag;
        if tags.iter().any(known) { Answer { status: 304, body: Bytes::new(), ..answer } } else { answer }
    }
}

/// The version in one of our strong tags, `"<version>.<rest>"`.
fn version_of(tag: &str) -> Option<&str> {
    let (version, rest) = tag.strip_prefix('"')?.strip_suffix('"')?.split_once('.')?;
    (rest.len() == 12).then_some(version)
}

impl FromRequest for Conditions {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            read(request, &header::IF_MATCH)
                .and_then(|if_match| Ok(Self { if_match, if_none_match: read(request, &header::IF_NONE_MATCH)? })),
        )
    }
}

fn read(request: &HttpRequest, name: &HeaderName) -> Result<Option<Vec<String>>> {
    let mut tags = Vec::new();
    for value in request.headers().get_all(name) {
        let invalid = || Error::new(ErrorCode::InvalidHeader, format!("`{name}` takes entity tags in quotes, or `*`."));
        let text = value.to_str().map_err(|_| invalid())?;
        let mut rest = text.trim();
        loop {
            let (tag, after) = first_tag(rest).ok_or_else(invalid)?;
            tags.push(tag.to_owned());
            match after.trim_start().strip_prefix(',') {
                Some(more) => rest = more.trim_start(),
                None if after.trim().is_empty() => break,
                None => return Err(invalid()),
            }
        }
    }
    Ok((!tags.is_empty()).then_some(tags))
}

/// Splits the first entity tag from a list. Tags may contain commas.
fn first_tag(text: &str) -> Option<(&str, &str)> {
    if let Some(after) = text.strip_prefix('*') {
        return Some(("*", after));
    }
    let quoted = text.strip_prefix("W/").unwrap_or(text);
    let end = quoted.strip_prefix('"')?.find('"')?;
    Some(text.split_at(text.len() - quoted.len() + end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(if_match: &str) -> Conditions {
        Conditions { if_match: Some(vec![if_match.to_owned()]), if_none_match: None }
    }

    #[test]
    fn entity_tags_are_read_as_rfc_9110_has_them() {
        let all = |text: &str| {
            let request = actix_web::test::TestRequest::default().insert_header((header::IF_MATCH, text));
            read(&request.to_http_request(), &header::IF_MATCH).ok().flatten()
        };
        for (text, expected) in
            [("\"a\"", vec!["\"a\""]), ("W/\",:\" , \"b\"", vec!["W/\",:\"", "\"b\""]), ("*", vec!["*"])]
        {
            assert_eq!(all(text), Some(expected.into_iter().map(str::to_owned).collect()), "{text}");
        }
        for bad in ["", "a", "\"a", "\"a\" \"b\"", "\"a\",", "w/\"a\""] {
            assert_eq!(all(bad), None, "{bad}");
        }
    }

    #[test]
    fn w4_if_match_compares_the_version_of_a_strong_tag() {
        assert!(conditions("\"3.0123456789ab\"").check_version(3).is_ok());
        assert!(conditions("\"3.ffffffffffff\"").check_version(3).is_ok());
        assert!(conditions("*").check_version(3).is_ok());
        for other in ["\"2.0123456789ab\"", "W/\"3.0123456789ab\"", "\"3\"", "\"3.x\"", "\"\""] {
            assert!(conditions(other).check_version(3).is_err(), "{other}");
        }
        assert!(Conditions::default().check_version(3).is_ok());
    }
}
