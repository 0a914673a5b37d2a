//! Failures of the store itself. What a rule refuses is not among them (S7).

use diesel::result::{DatabaseErrorKind, Error as QueryError};

/// The store could not do what was asked, through no fault of the caller.
#[derive(Debug)]
pub enum Error {
    /// More requests wait than the store will take on; try again soon.
    Busy,
    /// The store is closing and takes nothing more.
    Closed,
    /// The operation panicked. Nothing of it was kept.
    Panicked,
    /// The database can't be reached or refused to commit.
    Unavailable(String),
    /// A query failed.
    Query(QueryError),
    /// A row holds what this service never writes.
    Corrupt(String),
}

/// What an operation's error type tells the store about itself.
pub trait Failure: From<Error> {
    /// The failure of the store inside it, if it is one.
    fn store_error(&self) -> Option<&Error>;
}

impl Failure for Error {
    fn store_error(&self) -> Option<&Error> {
        Some(self)
    }
}

impl Error {
    /// Whether the same transaction, run again, can succeed: a serialisation failure or a deadlock (S4).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Query(QueryError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
            Self::Query(QueryError::DatabaseError(_, information)) => {
                information.message().contains("deadlock detected")
            }
            _ => false,
        }
    }

    /// Whether the database could not be reached, or could not do its work in time, so that the same request may succeed later.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        const SIGNS: [&str; 5] = [
            "server closed the connection",
            "terminating connection",
            "canceling statement",
            "lock timeout",
            "database is locked",
        ];
        match self {
            Self::Unavailable(_) => true,
            Self::Query(error) => {
                let text = error.to_string();
                SIGNS.iter().any(|sign| text.contains(sign))
            }
            Self::Busy | Self::Closed | Self::Panicked | Self::Corrupt(_) => false,
        }
    }

    /// Whether the connection itself is gone.
    pub(crate) fn is_disconnect(&self) -> bool {
        match self {
            Self::Query(QueryError::DatabaseError(kind, information)) => {
                matches!(kind, DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand)
                    || information.message().contains("server closed the connection")
                    || information.message().contains("terminating connection")
            }
            Self::Unavailable(_) | Self::Query(QueryError::BrokenTransactionManager) => true,
            _ => false,
        }
    }
}

impl From<QueryError> for Error {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Busy => f.write_str("the store's queue is full"),
            Self::Closed => f.write_str("the store is closing"),
            Self::Panicked => f.write_str("the operation panicked"),
            Self::Unavailable(cause) => write!(f, "the database is unavailable: {cause}"),
            Self::Query(error) => write!(f, "a query failed: {error}"),
            Self::Corrupt(what) => write!(f, "a stored row makes no sense: {what}"),
        }
    }
}

impl std::error::Error for Error {}

/// Whether a row was new: reads a unique violation as "no" and leaves every other failure as it is. The call site
/// knows which index it can have been.
pub(crate) fn inserted(result: Result<usize, QueryError>) -> Result<bool, Error> {
    match result {
        Ok(_) => Ok(true),
        Err(QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
