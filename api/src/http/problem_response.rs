//! Converts an [`Error`] to an HTTP response.

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};

use crate::error::{Error, ErrorCode, OauthProblem};

/// Creates the error response for the request with this id.
#[must_use]
pub fn respond(error: &Error, request_id: &str) -> HttpResponse {
    let (code, problem) = (error.code(), error.problem(request_id));
    let mut response = HttpResponse::build(error.status_code());
    response.extensions_mut().insert(code);
    if code.is_oauth() {
        let oauth = OauthProblem { error: code.as_str(), error_description: problem.detail.clone(), problem };
        response.insert_header((header::CONTENT_TYPE, "application/json"));
        if code == ErrorCode::InvalidClient {
            response.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"TeamMate Portal API\""));
        }
        return response.body(serde_json::to_vec(&oauth).unwrap_or_default());
    }
    response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
    for header in error.headers() {
        response.insert_header(header);
    }
    match code {
        ErrorCode::NotSignedIn => {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        ErrorCode::Unavailable | ErrorCode::IdempotencyKeyInUse => {
            response.insert_header((header::RETRY_AFTER, "1"));
        }
        _ => {}
    }
    response.body(serde_json::to_vec(&problem).unwrap_or_default())
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Used only outside the server's edge, where no request id is known. The edge creates responses with the request
    /// id.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        respond(self, "")
    }
}
