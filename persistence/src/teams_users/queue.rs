//! Whose turn it is: enterprises whose users in Teams have something due are served in turn, one at a time in each tenant.

use std::time::Duration;

use chrono::TimeDelta;
use diesel::dsl::{self, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use domain::Timestamp;
use domain::id::AccountId;
use domain::teams::TeamsUser;
use domain::values::tenant::Tenant;

use super::row::Row;
use crate::schema::{teams_queues as queues, teams_users};
use crate::store::connection::{StoreConnection, on};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::lock;
use crate::store::time::{Instant, column, instant};

/// How long a turn may last. If its worker dies, others can take it over afterwards.
pub const LEASE: Duration = Duration::from_mins(2);
/// Turns are given one after the other on all replicas, so that no two work in a tenant.
const GIVING_TURNS: &[u8] = b"teams-q ";
/// The condition of the partial index of users that have something due, written literally for SQLite.
const HAS_DUE: &str = "teams_users.state IN ('pending', 'applied', 'drifted', 'releasing')";

/// The turn of an enterprise.
#[derive(Debug, Clone)]
pub struct Turn {
    /// The enterprise.
    pub account: AccountId,
    /// Until when the turn lasts, by which it is told from later ones.
    until: Instant,
}

/// Has an enterprise served from some time on.
pub fn wake(tx: &mut StoreConnection, account: AccountId, tenant: &Tenant, at: Timestamp) -> Result<(), Error> {
    let (key, at) = (Key::from(account), column(at));
    let own = queues::table.filter(queues::account_id.eq(key));
    let known: Option<Instant> = match tx {
        StoreConnection::Postgresql(connection) => {
            own.select(queues::due_at).for_update().first(connection).optional()?
        }
        StoreConnection::Sqlite(connection) => own.select(queues::due_at).first(connection).optional()?,
    };
    let row = (queues::tenant.eq(tenant.as_str()), queues::due_at.eq(known.map_or(at, |known| known.min(at))));
    if known.is_some() {
        diesel::update(own).set(row).execute(tx)?;
    } else {
        // Nobody has waited longer than who is new.
        let new = (queues::account_id.eq(key), row.0, row.1, queues::served_at.eq(at));
        diesel::insert_into(queues::table).values(new).execute(tx)?;
    }
    Ok(())
}

/// Gives a turn to the enterprise that is due and was served longest ago, unless somebody works in its tenant.
pub fn next_turn(tx: &mut StoreConnection, one_tenant: bool, now: Timestamp) -> Result<Option<Turn>, Error> {
    lock::advisory(tx, GIVING_TURNS)?;
    let other = diesel::alias!(queues as other);
    let is_leased = other.field(queues::leased_until).gt(column(now));
    let is_here = other.field(queues::tenant).eq(queues::tenant).or(one_tenant.into_sql::<Bool>());
    let next = queues::table
        .filter(queues::due_at.le(column(now)))
        .filter(dsl::not(dsl::exists(other.filter(is_leased.and(is_here)))))
        .order((queues::served_at, queues::account_id))
        .select(queues::account_id);
    let next: Option<Key> = next.first(tx).optional()?;
    let Some(account) = next else { return Ok(None) };
    let until = column(now + TimeDelta::from_std(LEASE).unwrap_or_default());
    let own = queues::table.filter(queues::account_id.eq(account));
    diesel::update(own).set(queues::leased_until.eq(until)).execute(tx)?;
    Ok(Some(Turn { account: account.id(), until }))
}

/// The users of an enterprise that have something due, the longest waiting first.
pub fn due(tx: &mut StoreConnection, account: AccountId, limit: i64, now: Timestamp) -> Result<Vec<TeamsUser>, Error> {
    let rows: Vec<Row> = on!(tx, connection => teams_users::table
        .filter(sql::<Bool>(HAS_DUE))
        .filter(teams_users::account_id.eq(Key::from(account)))
        .filter(teams_users::due_at.le(column(now)))
        .order(teams_users::due_at)
        .limit(limit)
        .select(Row::as_select())
        .load(connection))?;
    rows.into_iter().map(Row::user).collect()
}

/// Ends a turn. The next one begins when a user of the enterprise is due, but not before `not_before`.
pub fn end_turn(
    tx: &mut StoreConnection,
    turn: &Turn,
    not_before: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Error> {
    let account = Key::from(turn.account);
    let own = queues::table.filter(queues::account_id.eq(account)).filter(queues::leased_until.eq(turn.until));
    // Users that become due meanwhile wait for this row.
    let given = (queues::leased_until.eq(None::<Instant>), queues::served_at.eq(column(now)));
    if diesel::update(own).set(given).execute(tx)? == 0 {
        return Ok(());
    }
    let first: Option<Instant> = on!(tx, connection => teams_users::table
        .filter(sql::<Bool>(HAS_DUE))
        .filter(teams_users::account_id.eq(account))
        .order(teams_users::due_at)
        .select(teams_users::due_at)
        .first(connection)
        .optional())?;
    let own = queues::table.filter(queues::account_id.eq(account));
    let Some(first) = first else {
        diesel::delete(own).execute(tx)?;
        return Ok(());
    };
    let due_at = not_before.map_or_else(|| instant(first), |pause| pause.max(instant(first)));
    diesel::update(own).set(queues::due_at.eq(column(due_at))).execute(tx)?;
    Ok(())
}
