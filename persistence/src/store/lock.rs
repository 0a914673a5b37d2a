//! Locks on something that has no row yet.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::connection::StoreConnection;
use super::error::Error;

/// Locks a subject until the transaction ends, also against replicas. Subjects that begin with the same eight octets share
/// a lock. Does nothing on SQLite, which has only one writer.
pub(crate) fn advisory(tx: &mut StoreConnection, subject: &[u8]) -> Result<(), Error> {
    if let StoreConnection::Postgresql(connection) = tx {
        let key = subject.iter().take(8).fold(0_i64, |key, octet| (key << 8) | i64::from(*octet));
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(key).execute(connection)?;
    }
    Ok(())
}
