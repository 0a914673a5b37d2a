//! An error on its way to the caller, and the one body that all errors have: `application/problem+json` (W2).

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use domain::fault::Fault;
use domain::refusal::{Blockers, Refusal};
use serde::Serialize;
use utoipa::ToSchema;

use super::error_code::ErrorCode;

/// One value that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
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

/// An account that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BlockerView {
    /// Its id.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub id: String,
    /// Its tier.
    #[serde(rename = "type")]
    #[schema(example = "enterprise", max_length = 20)]
    pub tier: &'static str,
    /// Its name.
    #[schema(example = "Kiosk am Tor", max_length = 120)]
    pub name: String,
    /// Its status.
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
            .map(|blocker| BlockerView {
                id: blocker.tier.format_id(blocker.id),
                tier: blocker.tier.as_str(),
                name: blocker.name,
                status: blocker.status.as_str(),
            })
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

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::new(ErrorCode::NotFound, "There is no such thing, or you can't see it."),
            Refusal::Forbidden => Self::new(
                ErrorCode::Forbidden,
                "Your role, or the place of your account in the tree, does not allow this.",
            ),
            Refusal::NotSignedIn => Self::new(
                ErrorCode::NotSignedIn,
                "Send a valid access token as `Authorization: Bearer …`; get one from POST /auth/login or POST /auth/refresh.",
            ),
            Refusal::WrongCredentials => Self::new(
                ErrorCode::WrongCredentials,
                "No active member has this e-mail address and this password. Check both, or reset the password.",
            ),
            Refusal::NotOperating => Self::new(
                ErrorCode::NotOperating,
                "Your account, or one above it, is suspended. Ask whoever provides it to you.",
            ),
            Refusal::InvalidToken => Self::new(
                ErrorCode::InvalidToken,
                "The token was used, has expired, was replaced by a newer one, or never existed. Ask for a new e-mail.",
            )
            .at("/token"),
            Refusal::EmailTaken => Self::new(
                ErrorCode::EmailTaken,
                "This e-mail address can't be used because another account has it. Use another address.",
            )
            .at("/email"),
            Refusal::EmailChangeNeedsConfirmation => Self::new(
                ErrorCode::EmailChangeNeedsConfirmation,
                "Only the address of a pending account can be replaced; this one has been activated.",
            )
            .at("/email"),
            Refusal::WrongStatus { status, transition } => Self::new(
                ErrorCode::WrongStatus,
                format!("The account is {} and can't be {} from there.", status.as_str(), transition.done()),
            ),
            Refusal::AccountClosed => Self::new(ErrorCode::AccountClosed, "A closed account never changes again."),
            Refusal::ParentClosed => {
                Self::new(ErrorCode::ParentClosed, "No account can be created below a closed one.")
            }
            Refusal::ServiceNotOffered { services } => {
                let names: Vec<_> = services.iter().map(|service| service.as_str()).collect();
                let detail = format!("The account above does not have: {}.", names.join(", "));
                Self::new(ErrorCode::ServiceNotOffered, detail).at("/services")
            }
            Refusal::ServiceInUse(blockers) => {
                let detail =
                    format!("{} open account(s) below use the service. Take it from them first.", blockers.total);
                let error = Self::new(ErrorCode::ServiceInUse, detail).at("/services");
                Self { blockers: Some(blockers.into()), ..error }
            }
            Refusal::HasOpenChildren(blockers) => {
                let detail = format!("{} open account(s) below have to be closed first.", blockers.total);
                Self { blockers: Some(blockers.into()), ..Self::new(ErrorCode::HasOpenChildren, detail) }
            }
            Refusal::TicketAlreadyOpen => Self::new(
                ErrorCode::TicketAlreadyOpen,
                "We have your earlier ticket for this e-mail address and will answer it by e-mail.",
            )
            .at("/email"),
            Refusal::TicketDecided => {
                Self::new(ErrorCode::TicketDecided, "An approved or rejected ticket never changes again.")
            }
            Refusal::IdempotencyKeyInUse => Self::new(
                ErrorCode::IdempotencyKeyInUse,
                "The first request with this Idempotency-Key has not been answered yet. Send it again in a moment.",
            ),
            Refusal::IdempotencyKeyReused => Self::new(
                ErrorCode::IdempotencyKeyReused,
                "This Idempotency-Key came with another method, path or body before. Use a new key for a new request.",
            ),
        }
    }
}

/// A fault of the value at a pointer.
#[must_use]
pub fn value_error(pointer: impl Into<String>, fault: Fault) -> ValueError {
    ValueError { pointer: pointer.into(), code: Cow::Borrowed(fault.code), detail: fault.detail }
}
