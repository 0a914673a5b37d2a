//! Publishing of events: assigns positions to committed events (on PostgreSQL), and passes each new event on to
//! webhooks exactly once.
//!
//! On PostgreSQL, a sequence is not enough: a transaction may take a number early and commit late, after readers have
//! passed that number. Positions are therefore assigned after the commit, by one transaction at a time.

use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::find::{Event, events_after};
use crate::schema::{event_publication, events};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;

/// Most events to publish in one transaction.
const BATCH: i64 = 1_000;

/// A batch of published events, to be passed on to webhooks.
#[derive(Debug, Default)]
pub struct Batch {
    /// The events, sorted by position.
    pub events: Vec<Event>,
    /// Whether there may be more events to publish.
    pub more: bool,
}

/// Publishes a batch of events. The caller must pass the returned events on in the same transaction and call
/// [`handed_on`] with the last position. Concurrent publishers wait until the transaction ends. With `anybody_listens`
/// set to `false`, all new events count as handed on and none are loaded.
pub fn publish(tx: &mut StoreConnection, anybody_listens: bool) -> Result<Batch, Error> {
    let mut numbered = 0;
    let state = event_publication::table.select(event_publication::position);
    let published: i64 = match tx {
        StoreConnection::Sqlite(connection) => state.first(connection)?,
        StoreConnection::Postgresql(connection) => {
            let published = state.for_update().first(connection)?;
            numbered = diesel::sql_query(
                "WITH waiting AS MATERIALIZED (SELECT id FROM events WHERE position IS NULL ORDER BY id LIMIT $2), \
                 numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS number FROM waiting) \
                 UPDATE events SET position = numbered.number + (SELECT greatest($1, max(position)) FROM events) \
                 FROM numbered WHERE numbered.id = events.id",
            )
            .bind::<BigInt, _>(published)
            .bind::<BigInt, _>(BATCH)
            .execute(connection)?;
            published
        }
    };
    let found = if anybody_listens { events_after(tx, published, BATCH)? } else { Vec::new() };
    if !anybody_listens {
        let last = latest(tx)?;
        if last > published {
            handed_on(tx, last)?;
        }
    }
    // Events committed in the meantime are left for the next run. Otherwise a caller that repeats this until `more` is
    // `false` might never finish.
    let is_full = |number: usize| i64::try_from(number) == Ok(BATCH);
    Ok(Batch { more: is_full(numbered) || is_full(found.len()), events: found })
}

/// Records that all events up to a position were handed on.
pub fn handed_on(tx: &mut StoreConnection, position: i64) -> Result<(), Error> {
    diesel::update(event_publication::table).set(event_publication::position.eq(position)).execute(tx)?;
    Ok(())
}

/// The position of the latest event; 0 before the first.
pub fn latest(tx: &mut StoreConnection) -> Result<i64, Error> {
    Ok(events::table.select(max(events::position)).first::<Option<i64>>(tx)?.unwrap_or_default())
}

/// Whether there are events without a position, which readers don't see yet. Always `false` on SQLite.
pub fn any_waiting(tx: &mut StoreConnection) -> Result<bool, Error> {
    let StoreConnection::Postgresql(connection) = tx else { return Ok(false) };
    Ok(diesel::select(diesel::dsl::exists(events::table.filter(events::position.is_null()))).get_result(connection)?)
}
