//! Attempts to sign in since the last success, counted in the database, so that all replicas slow down one guesser.

use diesel::prelude::*;
use domain::Timestamp;
use domain::session::Guesses;

use crate::schema::guesses as rows;
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::lock;
use crate::store::time::{Instant, column, instant};

/// The attempts at a subject, locked until the transaction ends; `None` if there were none since the last success.
pub fn find(tx: &mut StoreConnection, subject: &[u8]) -> Result<Option<Guesses>, Error> {
    // Concurrent attempts wait for each other, also the first ones, which have no row yet.
    lock::advisory(tx, subject)?;
    let own = rows::table.filter(rows::subject.eq(subject));
    let found: Option<(i32, Instant, Instant)> =
        own.select((rows::attempts, rows::since, rows::next_at)).first(tx).optional()?;
    Ok(found.map(|(attempts, since, next_at)| Guesses {
        attempts: u32::try_from(attempts).unwrap_or_default(),
        since: instant(since),
        next_at: instant(next_at),
    }))
}

/// Stores the attempts at a subject.
pub fn save(tx: &mut StoreConnection, subject: &[u8], guesses: Guesses) -> Result<(), Error> {
    let Guesses { attempts, since, next_at } = guesses;
    let values = (
        rows::attempts.eq(i32::try_from(attempts).unwrap_or(i32::MAX)),
        rows::since.eq(column(since)),
        rows::next_at.eq(column(next_at)),
    );
    let own = rows::table.filter(rows::subject.eq(subject));
    if diesel::update(own).set(values).execute(tx)? == 0 {
        diesel::insert_into(rows::table).values((rows::subject.eq(subject), values)).execute(tx)?;
    }
    Ok(())
}

/// Forgets the attempts at a subject, after a success.
pub fn forget(tx: &mut StoreConnection, subject: &[u8]) -> Result<(), Error> {
    diesel::delete(rows::table.filter(rows::subject.eq(subject))).execute(tx)?;
    Ok(())
}

/// Forgets everything that happened before an instant. Returns the number of subjects.
pub(crate) fn sweep(tx: &mut StoreConnection, before: Timestamp) -> Result<usize, Error> {
    Ok(diesel::delete(rows::table.filter(rows::next_at.le(column(before)))).execute(tx)?)
}
