//! The migrations of the schema, embedded in the binary. Each database has its own SQL for the same steps.

use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::StoreConnection;
use super::database_file::Access;
use super::error::Error;

const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");
const POSTGRESQL: EmbeddedMigrations = embed_migrations!("../migrations/postgresql");

/// The number is arbitrary; it only has to be the same in all replicas.
const LOCK: &str = "SELECT pg_advisory_lock(7311962044291)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(7311962044291)";

/// Runs pending migrations, or checks that there are none if another process serves the database.
pub(crate) fn prepare(connection: &mut StoreConnection, access: Access) -> Result<(), Error> {
    match access {
        Access::Only => run(connection),
        Access::Beside if is_current(connection).unwrap_or(false) => Ok(()),
        Access::Beside => Err(Error::OtherSchema),
    }
}

/// Runs the pending migrations. On PostgreSQL an advisory lock makes replicas that start at the same time wait for each
/// other.
pub(crate) fn run(connection: &mut StoreConnection) -> Result<(), Error> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| Error::Unavailable(format!("migration: {error}"));
    match connection {
        StoreConnection::Sqlite(sqlite) => sqlite.run_pending_migrations(SQLITE).map(drop).map_err(failed),
        StoreConnection::Postgresql(postgresql) => {
            // A migration may have to build an index over a large table, and other replicas wait for it.
            postgresql.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0;")?;
            postgresql.batch_execute(LOCK)?;
            let done = postgresql.run_pending_migrations(POSTGRESQL).map(drop).map_err(failed);
            postgresql.batch_execute(UNLOCK)?;
            done
        }
    }
}

/// Whether all migrations have been applied. Only reads, unlike the library's own check, which creates its table if it
/// is missing.
pub(crate) fn is_current(connection: &mut StoreConnection) -> Result<bool, Error> {
    let taken: Vec<Taken> = diesel::sql_query("SELECT version FROM __diesel_schema_migrations").load(connection)?;
    let known = match connection {
        StoreConnection::Sqlite(_) => versions::<diesel::sqlite::Sqlite>(&SQLITE),
        StoreConnection::Postgresql(_) => versions::<diesel::pg::Pg>(&POSTGRESQL),
    };
    let known = known.map_err(|error| Error::Unavailable(error.to_string()))?;
    Ok(known.iter().all(|version| taken.iter().any(|taken| taken.version == *version)))
}

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = Text)]
    version: String,
}

fn versions<DB: Backend>(steps: &EmbeddedMigrations) -> diesel::migration::Result<Vec<String>> {
    let steps = MigrationSource::<DB>::migrations(steps)?;
    Ok(steps.iter().map(|step| step.name().version().to_string()).collect())
}
