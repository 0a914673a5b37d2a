//! An error on its way to the caller, and the one body that all errors have: `application/problem+json` (W2).

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use domain::fault::Fault;
use domain::refusal::{Blocker, Blockers};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error_code::ErrorCode;

/// One value that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(title = "Fault of one value")]
pub struct ValueError {
    /// Where the value stands in the body: a JSON pointer (RFC 6901).
    #[schema(example = "/email", max_length = 200)]
    pub pointer: String,
    /// Stable, for programs.
    #[schema(example = "invalid_email", max_length = 60)]
    pub code: Cow<'static, str>,
    /// What is wrong with it and what to do, for people.
    #[schema(
        example = "Give one e-mail address of the form name@example.com, of at most 254 characters.",
        max_length = 500
    )]
    pub detail: String,
}

/// Something that stands in the way: an account, or what an enterprise has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BlockerView {
    /// Its id; the region of a route.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub id: String,
    /// What it is: `master_reseller`, `reseller`, `enterprise`, `route`, `pbx`, `trunk` or `user`.
    #[serde(rename = "type")]
    #[schema(example = "enterprise", max_length = 20)]
    pub kind: &'static str,
    /// Its name; the domain of a route, the location of a PBX, the address of a Teams user.
    #[schema(example = "Kiosk am Tor", max_length = 254)]
    pub name: String,
    /// Its status, the state of a route; `active` of what has none.
    #[schema(example = "active", max_length = 20)]
    pub status: &'static str,
}

/// What stands in the way of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BlockersView {
    /// The first of them, oldest first, at most 20.
    #[schema(max_items = 20)]
    pub items: Vec<BlockerView>,
    /// How many there are.
    #[schema(example = 1, minimum = 0)]
    pub total: i64,
}

impl From<Blockers> for BlockersView {
    fn from(Blockers { listed, total }: Blockers) -> Self {
        let items = listed
            .into_iter()
            .map(|Blocker { kind, id, name, status }| BlockerView { id, kind, name, status })
            .collect();
        Self { items, total }
    }
}

/// The body of every error (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(title = "Problem")]
pub struct Problem {
    /// Names the kind of problem; the same for every occurrence of a code.
    #[serde(rename = "type")]
    #[schema(example = "/problems/not_found", format = "uri-reference", max_length = 100)]
    pub kind: String,
    /// The kind of problem in words.
    #[schema(example = "Not found", max_length = 100)]
    pub title: &'static str,
    /// The HTTP status.
    #[schema(example = 404, minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened this time and what to do.
    #[schema(example = "There is no such thing, or you can't see it.", max_length = 1000)]
    pub detail: String,
    /// Stable, for programs.
    #[schema(example = "not_found", max_length = 60)]
    pub code: &'static str,
    /// Name it when you ask support.
    #[schema(example = "req_01h455vb4pex5vsknk084sn02q", max_length = 128)]
    pub request_id: String,
    /// Every value that is wrong; empty when it is not about values.
    #[schema(max_items = 100)]
    pub errors: Vec<ValueError>,
    /// What stands in the way; `null` when nothing below does.
    pub blockers: Option<BlockersView>,
}

/// The body of an error of a token request: what RFC 6749 section 5.2 asks for, and the members of every other error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OauthError, title = "Error of a token request")]
pub struct OauthProblem {
    /// What went wrong, as OAuth 2.0 calls it.
    #[schema(example = "invalid_client", max_length = 60)]
    pub error: &'static str,
    /// What happened this time and what to do.
    #[schema(example = "Client id and secret do not go together, or the API client was revoked.", max_length = 1000)]
    pub error_description: String,
    /// The members of every other error.
    #[serde(flatten)]
    pub problem: Problem,
}

/// An error on its way to the caller: what the caller is told, and apart from it what only the log learns.
#[derive(Debug, Clone)]
pub struct Error {
    code: ErrorCode,
    detail: Cow<'static, str>,
    errors: Vec<ValueError>,
    blockers: Option<BlockersView>,
    headers: Vec<(header::HeaderName, String)>,
    /// A failure of the store, never shown.
    cause: Option<Arc<persistence::Error>>,
}

impl Error {
    /// An error with words of its own.
    pub fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), blockers: None, headers: Vec::new(), cause: None }
    }

    /// Something stands in the way.
    pub(super) fn blocked(code: ErrorCode, detail: String, blockers: Blockers) -> Self {
        Self { blockers: Some(blockers.into()), ..Self::new(code, detail) }
    }

    /// Values are wrong; all of them at once.
    #[must_use]
    pub fn validation(errors: Vec<ValueError>) -> Self {
        let error = Self::new(ErrorCode::ValidationFailed, "Mend the values that `errors` lists and send it again.");
        Self { errors, ..error }
    }

    /// Adds a value that the error is about.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        let (code, detail) = (Cow::Borrowed(self.code.as_str()), self.detail.to_string());
        self.errors.push(ValueError { pointer: pointer.into(), code, detail });
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The values that it is about; if it is about none, the whole.
    #[must_use]
    pub fn faults(&self) -> Vec<ValueError> {
        if self.errors.is_empty() { self.clone().at("").errors } else { self.errors.clone() }
    }

    /// An error about many values.
    #[must_use]
    pub fn about(code: ErrorCode, detail: impl Into<Cow<'static, str>>, errors: Vec<ValueError>) -> Self {
        Self { errors, ..Self::new(code, detail) }
    }

    /// What only the log learns.
    #[must_use]
    pub fn cause(&self) -> Option<&persistence::Error> {
        self.cause.as_deref()
    }

    /// The answer to a request with this id.
    #[must_use]
    pub fn respond(&self, request_id: &str) -> HttpResponse {
        let problem = Problem {
            kind: format!("/problems/{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status(),
            detail: self.detail.to_string(),
            code: self.code.as_str(),
            request_id: request_id.to_owned(),
            errors: self.errors.clone(),
            blockers: self.blockers.clone(),
        };
        let mut response = HttpResponse::build(self.status_code());
        if self.code.is_oauth() {
            let oauth = OauthProblem { error: self.code.as_str(), error_description: self.detail.to_string(), problem };
            response.insert_header((header::CONTENT_TYPE, "application/json"));
            if self.code == ErrorCode::InvalidClient {
                response.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"TeamMate Portal API\""));
            }
            return response.body(serde_json::to_vec(&oauth).unwrap_or_default());
        }
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.as_str()));
        }
        match self.code {
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
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)
    }
}

impl std::error::Error for Error {}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Reached only outside a request of ours; inside, [`super::edge`] answers with the request's id.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.respond("")
    }
}

impl persistence::Failure for Error {
    fn store_error(&self) -> Option<&persistence::Error> {
        self.cause.as_deref()
    }
}

impl From<persistence::Error> for Error {
    fn from(cause: persistence::Error) -> Self {
        use persistence::Error as Store;
        let error = match &cause {
            Store::Busy => {
                Self::new(ErrorCode::Unavailable, "The service has too much to do right now. Try again in a moment.")
            }
            Store::Closed => Self::new(ErrorCode::Unavailable, "The service is restarting. Try again in a moment."),
            Store::Unavailable(_) => {
                Self::new(ErrorCode::Unavailable, "The service can't reach its database. Try again in a moment.")
            }
            Store::Query(error) if is_outage(error) => {
                Self::new(ErrorCode::Unavailable, "The service can't reach its database. Try again in a moment.")
            }
            Store::Query(_) | Store::Corrupt(_) | Store::Panicked => {
                Self::new(ErrorCode::Internal, "This is our fault. Nothing was changed. Tell support the request id.")
            }
        };
        Self { cause: Some(Arc::new(cause)), ..error }
    }
}

fn is_outage(error: &(dyn std::error::Error + 'static)) -> bool {
    let text = error.to_string();
    [
        "server closed the connection",
        "terminating connection",
        "canceling statement",
        "lock timeout",
        "database is locked",
    ]
    .iter()
    .any(|sign| text.contains(sign))
}

/// A fault of the value at a pointer.
#[must_use]
pub fn value_error(pointer: impl Into<String>, fault: Fault) -> ValueError {
    ValueError { pointer: pointer.into(), code: Cow::Borrowed(fault.code), detail: fault.detail }
}
