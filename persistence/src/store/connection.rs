//! A connection to SQLite or PostgreSQL, and the settings each new connection gets.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::LazyLock;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};

use super::error::Error;
use super::postgresql_url::{self, Environment};

/// A connection to either database. Every query of this crate takes one.
#[derive(diesel::MultiConnection)]
pub enum StoreConnection {
    /// PostgreSQL, through libpq.
    Postgresql(PgConnection),
    /// The embedded SQLite.
    Sqlite(SqliteConnection),
}

impl StoreConnection {
    /// A statement that has to store something although it changes nothing.
    pub(crate) fn harmless_change(&self) -> &'static str {
        match self {
            // Writes the first page, with the value that it has.
            Self::Sqlite(_) => "PRAGMA user_version = 0",
            // A transaction with a number of its own is written to the log when it is committed.
            Self::Postgresql(_) => "SELECT pg_current_xact_id()",
        }
    }
}

/// Runs a query on the inner connection of a [`StoreConnection`]: `on!(tx, connection => query.execute(connection))`.
///
/// The derived multi-connection rebuilds the SQL text of a query on every call and never caches the prepared statement
/// of an insert. On the inner connection, diesel caches both by the type of the query. This is only worth it on paths
/// that every request takes. It has to be a macro because the two arms have different backend types.
macro_rules! on {
    ($tx:expr, $connection:ident => $query:expr) => {
        match $tx {
            $crate::store::connection::StoreConnection::Sqlite($connection) => $query,
            $crate::store::connection::StoreConnection::Postgresql($connection) => $query,
        }
    };
}
pub(crate) use on;

/// How long a connection to SQLite waits for a lock of another one.
pub(crate) const BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 10000;";
/// Page cache of a SQLite connection that serves few requests, in KiB.
pub(crate) const SMALL_CACHE_KIB: u32 = 2_000;

/// Which database the store uses, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file of the embedded SQLite.
    Sqlite(PathBuf),
    /// A `postgres://` URL as libpq reads it, with one host or several.
    Postgresql(String),
}

/// The error for a database URL that names neither SQLite nor PostgreSQL.
#[derive(Debug, PartialEq, Eq)]
pub struct InvalidUrl;

impl std::fmt::Display for InvalidUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("expected postgres://…, or sqlite: and the path of a file")
    }
}

impl std::error::Error for InvalidUrl {}

impl FromStr for DatabaseUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgresql(text.to_owned()));
        }
        let path = text.strip_prefix("sqlite:").ok_or(InvalidUrl)?;
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() { Err(InvalidUrl) } else { Ok(Self::Sqlite(PathBuf::from(path))) }
    }
}

impl DatabaseUrl {
    /// Whether it leads to another machine without verifying its certificate.
    #[must_use]
    pub fn is_unverified(&self) -> bool {
        matches!(self, Self::Postgresql(url) if postgresql_url::is_unverified(url, &Environment::read()))
    }
}

/// Opens a SQLite file for reads only. What is known on a snapshot relies on this: `PRAGMA data_version` does not reflect
/// changes made by the connection itself.
pub(crate) fn sqlite_reading(path: &Path, cache_kib: u32) -> Result<StoreConnection, Error> {
    let mut connection = sqlite(path, cache_kib)?;
    connection.batch_execute("PRAGMA query_only = ON;")?;
    Ok(connection)
}

/// Opens a SQLite file with a page cache of `cache_kib` KiB and applies its settings.
pub(crate) fn sqlite(path: &Path, cache_kib: u32) -> Result<StoreConnection, Error> {
    let path = path.to_str().ok_or_else(|| Error::Unavailable("the database's path is not UTF-8".to_owned()))?;
    let mut connection = SqliteConnection::establish(path).map_err(|error| Error::Unavailable(error.to_string()))?;
    // Another process may have the file locked for a moment. Set the timeout first, because the other pragmas can run
    // into that lock.
    connection.batch_execute(BUSY_TIMEOUT)?;
    connection.batch_execute(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{cache_kib}; \
         PRAGMA wal_autocheckpoint = 8000;",
    ))?;
    Ok(StoreConnection::Sqlite(connection))
}

/// The URL as it is given to libpq: with verified TLS to other machines, and with limits of time.
pub(crate) fn libpq_url(url: &str) -> String {
    static AUTHORITIES: LazyLock<Option<PathBuf>> = LazyLock::new(|| openssl_probe::probe().cert_file);
    let url = postgresql_url::verified(url, &Environment::read(), AUTHORITIES.as_deref());
    postgresql_url::limited(&url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_url_names_a_file_or_a_server() {
        let sqlite = |path: &str| Ok(DatabaseUrl::Sqlite(PathBuf::from(path)));
        assert_eq!("sqlite:data/teammate.db".parse(), sqlite("data/teammate.db"));
        assert_eq!("sqlite:///var/lib/teammate.db".parse(), sqlite("/var/lib/teammate.db"));
        let several = "postgres://teammate@a:5432,b:5432/teammate?target_session_attrs=read-write";
        assert_eq!(several.parse(), Ok(DatabaseUrl::Postgresql(several.to_owned())));
        for bad in ["", "mysql://x", "sqlite:", "teammate.db"] {
            assert_eq!(bad.parse::<DatabaseUrl>(), Err(InvalidUrl), "{bad:?}");
        }
    }
}
