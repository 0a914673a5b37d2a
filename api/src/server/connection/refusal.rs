//! The answers to what never becomes a request: heads that can't be parsed or don't arrive, and connections that are
//! too many.

use std::fmt::Write;

use actix_web::http::header::HeaderMap;
use metrics::counter;
use uuid::Uuid;

use crate::error::{Error, ErrorCode};
use crate::http::problem_response::respond;

/// Why a connection is closed with an answer of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The head of a request is not valid HTTP.
    Malformed,
    /// The head did not arrive in time.
    TooSlow,
    /// The request line is longer than a parser takes.
    UriTooLong,
    /// The head is larger, or has more lines, than a parser takes.
    HeadTooLarge,
    /// There are too many connections.
    TooMany,
}

/// The heads that actix sends by itself, each without a body. A client could not tell what was wrong.
const BARE: [(&[u8], Refused); 2] = [
    (b"HTTP/1.1 400 Bad Request\r\n", Refused::Malformed),
    (b"HTTP/1.1 431 Request Header Fields Too Large\r\n", Refused::HeadTooLarge),
];

/// The longest of these heads, with all of its lines.
const BARE_MAX: usize = 200;

impl Refused {
    /// Finds one of actix's own heads at the end of what is to be sent. Returns its position.
    ///
    /// It is the last that actix sends on a connection. Our own answers have a request id and, if they are errors, a
    /// body.
    pub(super) fn find(octets: &[u8]) -> Option<(usize, Self)> {
        if !octets.ends_with(b"\r\n\r\n") {
            return None;
        }
        let from = octets.len().saturating_sub(BARE_MAX);
        let tail = octets.get(from..)?;
        let (at, refused) = BARE.iter().find_map(|(start, refused)| {
            let at = tail.windows(start.len()).rposition(|window| window == *start)?;
            Some((at, *refused))
        })?;
        let is_known = |line: &[u8]| {
            line.is_empty()
                || line == b"content-length: 0"
                || line == b"connection: close"
                || (line.starts_with(b"date: ") && line.len() == 35)
        };
        let mut lines = tail.get(at..)?.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii_end).skip(1);
        lines.all(is_known).then_some((from + at, refused))
    }

    fn error(self) -> Error {
        match self {
            Self::Malformed => Error::new(
                ErrorCode::BadRequest,
                "The head of the request is not valid HTTP/1.1. Check the request line and the header lines.",
            ),
            Self::TooSlow => Error::new(
                ErrorCode::RequestTimeout,
                "The head of the request did not arrive within 10 seconds. Send it again.",
            ),
            Self::UriTooLong => Error::new(ErrorCode::UriTooLong, "Shorten the path or the query."),
            Self::HeadTooLarge => Error::new(ErrorCode::HeadersTooLarge, "Send fewer and shorter header lines."),
            Self::TooMany => Error::new(
                ErrorCode::TooManyConnections,
                "Close connections that you don't need, or send several requests on one connection.",
            )
            .header("retry-after", "1"),
        }
    }

    /// The complete answer, and its count in the metrics.
    pub(super) fn answer(self, secure: fn(&mut HeaderMap)) -> Vec<u8> {
        let error = self.error();
        let code = error.code();
        counter!("teammate_connections_refused_total", "code" => code.as_str()).increment(1);
        let request_id = domain::id::format("req", Uuid::now_v7());
        tracing::debug!(%request_id, code = code.as_str(), "a connection was refused");
        let mut response = respond(&error, &request_id);
        secure(response.headers_mut());
        let status = response.status();
        let body = serde_json::to_vec(&error.problem(&request_id)).unwrap_or_default();
        let reason = status.canonical_reason().unwrap_or_default();
        let mut octets = format!("HTTP/1.1 {} {reason}\r\ncontent-length: {}\r\n", status.as_str(), body.len());
        let _ = write!(octets, "connection: close\r\nx-request-id: {request_id}\r\n");
        for (name, value) in response.headers() {
            let _ = write!(octets, "{name}: {}\r\n", value.to_str().unwrap_or_default());
        }
        octets.push_str("\r\n");
        let mut octets = octets.into_bytes();
        octets.extend(body);
        octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_heads_that_actix_sent_by_itself_are_replaced() {
        let bare = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: Sun, 29 Nov 2026 09:40:10 GMT\r\n\r\n";
        assert_eq!(Refused::find(bare.as_bytes()), Some((0, Refused::Malformed)));
        let behind = format!("HTTP/1.1 204 No Content\r\nx-request-id: req_1\r\n\r\n{bare}");
        assert_eq!(Refused::find(behind.as_bytes()), Some((behind.len() - bare.len(), Refused::Malformed)));
        let large = bare.replace("400 Bad Request", "431 Request Header Fields Too Large");
        assert_eq!(Refused::find(large.as_bytes()), Some((0, Refused::HeadTooLarge)));
        for ours in [
            "HTTP/1.1 204 No Content\r\nx-request-id: req_1\r\n\r\n".to_owned(),
            bare.replace("content-length: 0", "content-length: 0\r\nx-request-id: req_1"),
            format!("{bare}{{}}"),
        ] {
            assert_eq!(Refused::find(ours.as_bytes()), None, "{ours}");
        }
    }
}
