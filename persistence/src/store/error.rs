//! Failures of the store itself. Refusals by a business rule are not among them (S7).

use std::path::PathBuf;

use diesel::result::{DatabaseErrorKind, Error as QueryError};

/// A failure of the store that the caller did not cause.
#[derive(Debug)]
pub enum Error {
    /// The queue is full; try again soon.
    Busy,
    /// The store is closing and accepts no further operations.
    Closed,
    /// The operation panicked. Its changes were rolled back.
    Panicked,
    /// The database can't be reached, or a commit failed.
    Unavailable(String),
    /// Another process has the SQLite file open for writing.
    InUse {
        /// The file.
        database: PathBuf,
        /// The process that has it, as it describes itself.
        holder: String,
    },
    /// The schema does not have the version that this build needs.
    OtherSchema,
    /// Another transaction has just stored what this one found missing. The operation runs again, and finds it.
    Conflict,
    /// A query failed.
    Query(QueryError),
    /// A row contains a value that this service never writes.
    Corrupt(String),
}

/// What the store needs from the error type of an operation: to tell its own failures from refusals by a rule.
pub trait Failure: From<Error> {
    /// The store failure inside this error; `None` if the error is a refusal by a rule.
    fn store_error(&self) -> Option<&Error>;
}

impl Failure for Error {
    fn store_error(&self) -> Option<&Error> {
        Some(self)
    }
}

impl Error {
    /// Whether rerunning the transaction can succeed: true for a conflict, a serialisation failure and a deadlock (S4).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Conflict | Self::Query(QueryError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
            Self::Query(QueryError::DatabaseError(_, information)) => {
                information.message().contains("deadlock detected")
            }
            _ => false,
        }
    }

    /// Whether the database was unreachable or timed out, so that the same request may succeed later.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        const SIGNS: [&str; 3] = ["canceling statement", "lock timeout", "database is locked"];
        match self {
            Self::Unavailable(_) => true,
            Self::Query(_) => self.is_disconnect() || self.says(&SIGNS) || self.is_storage() || self.is_damage(),
            Self::Busy
            | Self::Closed
            | Self::Panicked
            | Self::Conflict
            | Self::Corrupt(_)
            | Self::InUse { .. }
            | Self::OtherSchema => false,
        }
    }

    /// Whether the database could not store anything: its disk is full, fails, or may only be read.
    pub(crate) fn is_storage(&self) -> bool {
        self.says(&[
            "database or disk is full",
            "disk I/O error",
            "readonly database",
            "unable to open database file",
            "No space left on device",
            "read-only transaction",
            "could not extend file",
        ])
    }

    /// Whether the file of the database is damaged.
    pub(crate) fn is_damage(&self) -> bool {
        self.says(&[
            "database disk image is malformed",
            "file is not a database",
            "malformed database schema",
            "invalid page in block",
            "could not read block",
        ])
    }

    /// Whether the message of the database contains one of these texts. SQLite has codes for what is meant here, but
    /// diesel passes on only the message.
    fn says(&self, signs: &[&str]) -> bool {
        let text = match self {
            Self::Query(error) => error.to_string(),
            Self::Unavailable(text) => text.clone(),
            _ => return false,
        };
        signs.iter().any(|sign| text.contains(sign))
    }

    /// Whether the connection is broken and has to be replaced.
    pub(crate) fn is_disconnect(&self) -> bool {
        // In the words of libpq: diesel passes on nothing else of what it says about a connection.
        const SIGNS: [&str; 7] = [
            "server closed the connection",
            "terminating connection",
            "no connection to the server",
            "connection not open",
            "could not receive data from server",
            "could not send data to server",
            "SSL connection has been closed",
        ];
        match self {
            Self::Unavailable(_) | Self::Query(QueryError::BrokenTransactionManager) => true,
            Self::Query(QueryError::DatabaseError(kind, _)) => {
                matches!(kind, DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand)
                    || self.says(&SIGNS)
            }
            // Diesel asks the server for the number of a type, and does not say why it got no answer.
            Self::Query(QueryError::SerializationError(_)) => self.says(&["Failed to find a type oid"]),
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
            Self::InUse { database, holder } => write!(
                f,
                "{} is in use by another process ({holder}). Only one process may write to a SQLite file: stop the \
                 other one first.",
                database.display()
            ),
            Self::OtherSchema => f.write_str("the schema is of another version: run `teammate migrate` first"),
            Self::Conflict => f.write_str("another transaction has just stored the same"),
            Self::Query(error) => write!(f, "a query failed: {error}"),
            Self::Corrupt(what) => write!(f, "a stored row makes no sense: {what}"),
        }
    }
}

impl std::error::Error for Error {}

/// Turns the result of an insert into `true` if the row was inserted and `false` on a unique violation; other errors
/// are returned. The caller has to know which unique index can be violated.
pub(crate) fn inserted(result: Result<usize, QueryError>) -> Result<bool, Error> {
    match result {
        Ok(_) => Ok(true),
        Err(QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
