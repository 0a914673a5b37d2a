//! Licences to take back from anchor users of routes that are no longer being set up (R11). A worker does that.

use std::time::Duration;

use chrono::TimeDelta;
use diesel::prelude::*;
use domain::Timestamp;
use domain::values::tenant::Tenant;
use uuid::Uuid;

use crate::direct_routing;
use crate::schema::lent_licences as rows;
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::time::{Instant, column, instant};

/// How long a worker's lease of a licence lasts. If the worker dies, other workers can take it over afterwards.
pub const LEASE: Duration = Duration::from_mins(2);

/// A licence to take back.
#[derive(Debug, Clone)]
pub struct LentLicence {
    /// Its id here.
    pub id: Uuid,
    /// The tenant of the user.
    pub tenant: Tenant,
    /// The object id of the user.
    pub user: Uuid,
    /// The product (SKU) of the licence.
    pub licence: Uuid,
    /// Since when it is to be taken back.
    pub since: Timestamp,
    /// Number of earlier attempts.
    pub attempts: i32,
}

/// Queues a licence to be taken back. That begins once an attempt that may still give it must be over.
pub fn queue(tx: &mut StoreConnection, lent: &LentLicence) -> Result<(), Error> {
    let LentLicence { id, tenant, user, licence, since, attempts } = lent;
    let row = (
        rows::id.eq(Key::from(*id)),
        rows::tenant.eq(tenant.as_str()),
        rows::user_id.eq(Key::from(*user)),
        rows::licence.eq(Key::from(*licence)),
        rows::created_at.eq(column(*since)),
        rows::attempts.eq(attempts),
        rows::due_at.eq(column(*since + TimeDelta::from_std(direct_routing::LEASE).unwrap_or_default())),
    );
    diesel::insert_into(rows::table).values(row).execute(tx)?;
    Ok(())
}

/// Leases up to `limit` licences that are due to the calling worker.
pub fn lease(tx: &mut StoreConnection, limit: i64, now: Timestamp) -> Result<Vec<LentLicence>, Error> {
    type Row = (Key, String, Key, Key, Instant, i32);
    let until = column(now + TimeDelta::from_std(LEASE).unwrap_or_default());
    let due = rows::table
        .filter(rows::due_at.le(column(now)))
        .filter(rows::leased_until.is_null().or(rows::leased_until.lt(column(now))))
        .order(rows::due_at)
        .limit(limit)
        .select((rows::id, rows::tenant, rows::user_id, rows::licence, rows::created_at, rows::attempts));
    let due: Vec<Row> = match tx {
        StoreConnection::Postgresql(connection) => due.for_update().skip_locked().load(connection)?,
        StoreConnection::Sqlite(connection) => due.load(connection)?,
    };
    let mut leased = Vec::with_capacity(due.len());
    for (id, tenant, user, licence, since, attempts) in due {
        diesel::update(rows::table.filter(rows::id.eq(id))).set(rows::leased_until.eq(until)).execute(tx)?;
        let tenant = Tenant::parse(&tenant).map_err(|_| Error::Corrupt(format!("tenant {tenant:?}")))?;
        let (id, user, licence) = (id.uuid(), user.uuid(), licence.uuid());
        leased.push(LentLicence { id, tenant, user, licence, since: instant(since), attempts });
    }
    Ok(leased)
}

/// Deletes a licence that was taken back, or that can't be.
pub fn settle(tx: &mut StoreConnection, id: Uuid) -> Result<(), Error> {
    diesel::delete(rows::table.filter(rows::id.eq(Key::from(id)))).execute(tx)?;
    Ok(())
}

/// Postpones a licence after an attempt that failed.
pub fn postpone(tx: &mut StoreConnection, id: Uuid, attempts: i32, due_at: Timestamp) -> Result<(), Error> {
    diesel::update(rows::table.filter(rows::id.eq(Key::from(id))))
        .set((rows::attempts.eq(attempts), rows::due_at.eq(column(due_at)), rows::leased_until.eq(None::<Instant>)))
        .execute(tx)?;
    Ok(())
}
