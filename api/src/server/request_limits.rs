//! Limits that are checked before a request is parsed.

use actix_web::dev::ServiceRequest;
use domain::limits::{HEADER_OCTETS_MAX, HEADERS_MAX, URI_MAX};

use crate::error::{Error, ErrorCode, Result};

/// Refuses a request whose path and query are too long, or whose headers are too many or too large.
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
    Ok(())
}
