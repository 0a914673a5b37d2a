//! What a caller is told when something goes wrong: [`Error`], the one table of its codes, every refusal in words, and the
//! body that all errors have (W2). Nothing here knows of HTTP but the numbers of its statuses.

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

/// An error on its way to the caller: what the caller is told, and apart from it what only the log learns.
#[derive(Debug, Clone)]
pub struct Error {
    code: ErrorCode,
    detail: Cow<'static, str>,
    errors: Vec<ValueError>,
    blockers: Option<BlockersView>,
    headers: Vec<(&'static str, String)>,
    /// A failure of the store, never shown.
    cause: Option<Arc<persistence::Error>>,
}

impl Error {
    /// An error with words of its own.
    pub fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), blockers: None, headers: Vec::new(), cause: None }
    }

    /// Something stands in the way.
    fn blocked(code: ErrorCode, detail: String, blockers: Blockers) -> Self {
        Self { blockers: Some(blockers.into()), ..Self::new(code, detail) }
    }

    /// Values are wrong; all of them at once.
    #[must_use]
    pub fn validation(errors: Vec<ValueError>) -> Self {
        let error = Self::new(ErrorCode::ValidationFailed, "Mend the values that `errors` lists and send it again.");
        Self { errors, ..error }
    }

    /// Values are wrong in the light of what is there.
    #[must_use]
    pub fn faulty(faults: Faults) -> Self {
        Self::validation(faults.into_iter().map(|(pointer, fault)| value_error(pointer, fault)).collect())
    }

    /// Adds a value that the error is about.
    #[must_use]
    pub fn at_pointer(mut self, pointer: impl Into<String>) -> Self {
        let (code, detail) = (Cow::Borrowed(self.code.as_str()), self.detail.to_string());
        self.errors.push(ValueError { pointer: pointer.into(), code, detail });
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The headers that were added, by name.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The body that the caller of the request with this id gets.
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

    /// Its code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The values that it is about; if it is about none, the whole.
    #[must_use]
    pub fn faults(&self) -> Vec<ValueError> {
        if self.errors.is_empty() { self.clone().at_pointer("").errors } else { self.errors.clone() }
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
            Store::Busy => (ErrorCode::Unavailable, "The service has too much to do right now. Try again in a moment."),
            Store::Closed => (ErrorCode::Unavailable, "The service is restarting. Try again in a moment."),
            outage if outage.is_outage() => {
                (ErrorCode::Unavailable, "The service can't reach its database. Try again in a moment.")
            }
            Store::Unavailable(_) | Store::Query(_) | Store::Corrupt(_) | Store::Panicked => {
                (ErrorCode::Internal, "This is our fault. Nothing was changed. Tell support the request id.")
            }
        };
        Self { cause: Some(Arc::new(cause)), ..Self::new(code, detail) }
    }
}
