//! Limits that are checked before a request is parsed.

use actix_web::dev::ServiceRequest;
use actix_web::http::header;
use domain::limits::{HEADER_OCTETS_MAX, HEADERS_MAX, URI_MAX};

use crate::error::{Error, ErrorCode, Result};
use crate::http::idempotency;

/// Headers of which only one can be meant (RFC 9110 section 5.3).
const SINGLE: [&str; 4] = ["authorization", "content-type", "content-length", idempotency::HEADER];

/// Refuses a request whose path and query are too long, or whose headers are too many, too large or ambiguous.
pub(super) fn check(request: &ServiceRequest) -> Result<()> {
    let uri = request.uri();
    if uri.path().len() + uri.query().map_or(0, str::len) > URI_MAX {
        return Err(Error::new(ErrorCode::UriTooLong, format!("Path and query may have at most {URI_MAX} octets.")));
    }
    let octets: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if request.headers().len() > HEADERS_MAX || octets > HEADER_OCTETS_MAX {
        let detail =
            format!("Send at most {HEADERS_MAX} header lines, with at most {HEADER_OCTETS_MAX} octets in total.");
        return Err(Error::new(ErrorCode::HeadersTooLarge, detail));
    }
    for name in SINGLE {
        if request.headers().get_all(name).nth(1).is_some() {
            return Err(Error::new(ErrorCode::InvalidHeader, format!("Send the header `{name}` only once.")));
        }
    }
    let mut codings = request.headers().get_all(header::CONTENT_ENCODING);
    if codings.any(|coding| !coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity")) {
        let detail = "Send the body without a content coding: bodies are not decompressed.";
        return Err(Error::new(ErrorCode::UnsupportedMediaType, detail).header("accept-encoding", "identity"));
    }
    Ok(())
}
