//! Parts of a transaction that can be undone by themselves.

use diesel::connection::SimpleConnection;

use super::connection::StoreConnection;
use super::error::Error;

/// Runs a part of a transaction: what it wrote is undone if it fails, and the transaction goes on. Parts may have parts.
pub fn savepoint<T, E: From<Error>>(
    tx: &mut StoreConnection,
    part: impl FnOnce(&mut StoreConnection) -> Result<T, E>,
) -> Result<T, E> {
    tx.batch_execute("SAVEPOINT part").map_err(Error::from)?;
    let outcome = part(tx);
    let end =
        if outcome.is_ok() { "RELEASE SAVEPOINT part" } else { "ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part" };
    tx.batch_execute(end).map_err(Error::from)?;
    outcome
}
