//! Parts of a transaction that can be rolled back alone.

use diesel::connection::SimpleConnection;

use super::connection::StoreConnection;
use super::error::Error;

/// Runs `part` in a savepoint. If it fails, its changes are rolled back and its error is returned; the transaction
/// stays usable. Savepoints may be nested.
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
