//! Publishing: on PostgreSQL committed events get their positions, and on either database new events are handed on to whoever
//! is to be told of them, once.
//!
//! A sequence would not do on PostgreSQL: a transaction that took a number early may commit late, when readers have gone past
//! it. So an event gets its position after the commit, from one at a time.

use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::find::{Event, events_after};
use crate::schema::{event_publication, events};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;

/// Events that are published in one transaction.
const BATCH: i64 = 1_000;

/// What is to be handed on.
#[derive(Debug, Default)]
pub struct Batch {
    /// The events, in their order.
    pub events: Vec<Event>,
    /// Whether there may be more than a batch.
    pub more: bool,
}

/// Publishes a batch of events; whoever they are to be handed on to has to get them in the same transaction, and [`handed_on`] says how
/// far that went. Others who want to publish wait until it ends. When there is nobody to hand them on to, they need not be read.
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
    // What others commit meanwhile is for the next time: whoever waits for this would wait for ever.
    let is_full = |number: usize| i64::try_from(number) == Ok(BATCH);
    Ok(Batch { more: is_full(numbered) || is_full(found.len()), events: found })
}

/// Notes up to which position events were handed on.
pub fn handed_on(tx: &mut StoreConnection, position: i64) -> Result<(), Error> {
    diesel::update(event_publication::table).set(event_publication::position.eq(position)).execute(tx)?;
    Ok(())
}

/// The position of the latest event; 0 before the first.
pub fn latest(tx: &mut StoreConnection) -> Result<i64, Error> {
    Ok(events::table.select(max(events::position)).first::<Option<i64>>(tx)?.unwrap_or_default())
}

/// Whether there are events that readers don't see yet, because they have no position.
pub fn any_waiting(tx: &mut StoreConnection) -> Result<bool, Error> {
    let StoreConnection::Postgresql(connection) = tx else { return Ok(false) };
    Ok(diesel::select(diesel::dsl::exists(events::table.filter(events::position.is_null()))).get_result(connection)?)
}
