//! Errors as callers see them: [`Error`], the table of error codes, the text of every refusal, and the body that all
//! errors have (W2). Of HTTP, only status codes are known here.

mod code;
mod problem;
mod refusal;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use domain::fault::Faults;
use domain::refusal::Blockers;

pub use code::ErrorCode;
pub use problem::{BlockerView, BlockersView, OauthProblem, Problem, ValueError, value_error};

/// What an operation or a handler returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error response: what the caller is told and, separately, the cause, which is only logged.
#[derive(Debug, Clone)]
pub struct Error {
    code: ErrorCode,
    detail: Cow<'static, str>,
    errors: Vec<ValueError>,
    blockers: Option<BlockersView>,
    headers: Vec<(&'static str, String)>,
    /// The failure of the store that caused it. It is logged and never shown to the caller.
    cause: Option<Arc<persistence::Error>>,
}

impl Error {
    /// Creates an error with a code and a detail.
    pub fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), blockers: None, headers: Vec::new(), cause: None }
    }

    /// Creates an error with the blockers that prevent the change.
    fn blocked(code: ErrorCode, detail: String, blockers: Blockers) -> Self {
        Self { blockers: Some(blockers.into()), ..Self::new(code, detail) }
    }

    /// Creates a `validation_failed` error that lists all invalid values.
    #[must_use]
    pub fn validation(errors: Vec<ValueError>) -> Self {
        let detail = "Correct the values that `errors` lists and send the request again.";
        let error = Self::new(ErrorCode::ValidationFailed, detail);
        Self { errors, ..error }
    }

    /// Creates a `validation_failed` error for values that are invalid in the current state of the store.
    #[must_use]
    pub fn faulty(faults: Faults) -> Self {
        Self::validation(faults.into_iter().map(|(pointer, fault)| value_error(pointer, fault)).collect())
    }

    /// Adds an entry to `errors` that points to the value that the error is about.
    #[must_use]
    pub fn at_pointer(mut self, pointer: impl Into<String>) -> Self {
        let (code, detail) = (Cow::Borrowed(self.code.as_str()), self.detail.to_string());
        self.errors.push(ValueError { pointer: pointer.into(), code, detail });
        self
    }

    /// Adds a header to the response.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The name and value of each header that was added.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The response body for the request with this id.
    #[must_use]
    pub fn problem(&self, request_id: &str) -> Problem {
        Problem {
            kind: format!("/problems/{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status(),
            detail: self.detail.to_string(),
            code: self.code.as_str(),
            request_id: request_id.to_owned(),
            errors: self.errors.clone(),
            blockers: self.blockers.clone(),
        }
    }

    /// The error code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The values that the error is about. If there are none, one entry with an empty pointer, which stands for the
    /// whole body.
    #[must_use]
    pub fn faults(&self) -> Vec<ValueError> {
        if self.errors.is_empty() { self.clone().at_pointer("").errors } else { self.errors.clone() }
    }

    /// Creates an error with a code, a detail and its entries of `errors`.
    #[must_use]
    pub fn about(code: ErrorCode, detail: impl Into<Cow<'static, str>>, errors: Vec<ValueError>) -> Self {
        Self { errors, ..Self::new(code, detail) }
    }

    /// The failure of the store that caused the error; for the log only.
    #[must_use]
    pub fn cause(&self) -> Option<&persistence::Error> {
        self.cause.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)
    }
}

impl std::error::Error for Error {}

impl persistence::Failure for Error {
    fn store_error(&self) -> Option<&persistence::Error> {
        self.cause.as_deref()
    }
}

impl From<persistence::Error> for Error {
    fn from(cause: persistence::Error) -> Self {
        use persistence::Error as Store;
        let (code, detail) = match &cause {
            Store::Busy | Store::Conflict => {
                (ErrorCode::Unavailable, "The service is overloaded. Try again in a moment.")
            }
            Store::Closed => (ErrorCode::Unavailable, "The service is restarting. Try again in a moment."),
            outage if outage.is_outage() => {
                (ErrorCode::Unavailable, "The service can't reach its database. Try again in a moment.")
            }
            Store::InUse { .. }
            | Store::OtherSchema
            | Store::Unavailable(_)
            | Store::Query(_)
            | Store::Corrupt(_)
            | Store::Panicked => {
                (ErrorCode::Internal, "The service failed. Nothing was changed. Report the `request_id` to support.")
            }
        };
        Self { cause: Some(Arc::new(cause)), ..Self::new(code, detail) }
    }
}
