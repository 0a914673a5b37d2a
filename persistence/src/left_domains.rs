//! Domains of removed routes, to be removed from their tenants (R11). A worker does that.

use std::time::Duration;

use chrono::TimeDelta;
use diesel::dsl;
use diesel::prelude::*;
use domain::Timestamp;
use domain::direct_routing::Link;
use domain::id::AccountId;
use domain::values::route_domain::RouteDomain;
use domain::values::tenant::Tenant;

use crate::direct_routing;
use crate::schema::{direct_routing_routes as routes, left_domains as rows};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::time::{Instant, column, instant};

/// How long a worker's lease of a domain lasts. If the worker dies, other workers can take it over afterwards.
pub const LEASE: Duration = Duration::from_mins(2);

/// A domain to remove from a tenant.
#[derive(Debug, Clone)]
pub struct LeftDomain {
    /// The domain and the tenant.
    pub link: Link,
    /// The enterprise whose route it was.
    pub account: AccountId,
    /// Since when it is to be removed.
    pub since: Timestamp,
    /// Number of earlier attempts.
    pub attempts: i32,
}

/// Queues a domain. Its removal begins once an attempt at a step of its route must be over.
pub fn queue(tx: &mut StoreConnection, account: AccountId, link: &Link, now: Timestamp) -> Result<(), Error> {
    forget(tx, link)?;
    let row = (
        rows::domain.eq(link.domain.as_str()),
        rows::tenant.eq(link.tenant.as_str()),
        rows::account_id.eq(Key::from(account)),
        rows::created_at.eq(column(now)),
        rows::attempts.eq(0),
        rows::due_at.eq(column(now + TimeDelta::from_std(direct_routing::LEASE).unwrap_or_default())),
    );
    diesel::insert_into(rows::table).values(row).execute(tx)?;
    Ok(())
}

/// Leaves a domain where it is, because there is a route of it again. Returns `false` if it is just being removed.
pub fn keep(tx: &mut StoreConnection, link: &Link, now: Timestamp) -> Result<bool, Error> {
    let own = rows::table.find((link.domain.as_str(), link.tenant.as_str()));
    let leased: Option<Option<Instant>> = match tx {
        StoreConnection::Postgresql(connection) => {
            own.select(rows::leased_until).for_update().first(connection).optional()?
        }
        StoreConnection::Sqlite(connection) => own.select(rows::leased_until).first(connection).optional()?,
    };
    if leased.flatten().is_some_and(|until| until >= column(now)) {
        return Ok(false);
    }
    forget(tx, link)?;
    Ok(true)
}

/// Leases up to `limit` domains that are due to the calling worker.
pub fn lease(tx: &mut StoreConnection, limit: i64, now: Timestamp) -> Result<Vec<LeftDomain>, Error> {
    type Row = (String, String, Key, Instant, i32);
    let until = column(now + TimeDelta::from_std(LEASE).unwrap_or_default());
    let in_use = routes::table.filter(routes::domain.eq(rows::domain)).filter(routes::tenant.eq(rows::tenant));
    let due = rows::table
        .filter(rows::due_at.le(column(now)))
        .filter(rows::leased_until.is_null().or(rows::leased_until.lt(column(now))))
        .filter(dsl::not(dsl::exists(in_use)))
        .order(rows::due_at)
        .limit(limit)
        .select((rows::domain, rows::tenant, rows::account_id, rows::created_at, rows::attempts));
    let due: Vec<Row> = match tx {
        StoreConnection::Postgresql(connection) => due.for_update().skip_locked().load(connection)?,
        StoreConnection::Sqlite(connection) => due.load(connection)?,
    };
    let mut leased = Vec::with_capacity(due.len());
    for (domain, tenant, account, since, attempts) in due {
        let own = rows::table.find((&domain, &tenant));
        diesel::update(own).set(rows::leased_until.eq(until)).execute(tx)?;
        let corrupt = || Error::Corrupt(format!("left domain {domain:?} in {tenant:?}"));
        let link = Link {
            domain: RouteDomain::stored(&domain).ok_or_else(corrupt)?,
            tenant: Tenant::parse(&tenant).map_err(|_| corrupt())?,
        };
        leased.push(LeftDomain { link, account: account.id(), since: instant(since), attempts });
    }
    Ok(leased)
}

/// Deletes a domain that was removed from its tenant, or that can't be.
pub fn forget(tx: &mut StoreConnection, link: &Link) -> Result<(), Error> {
    diesel::delete(rows::table.find((link.domain.as_str(), link.tenant.as_str()))).execute(tx)?;
    Ok(())
}

/// Postpones a domain after an attempt that failed.
pub fn postpone(tx: &mut StoreConnection, link: &Link, attempts: i32, due_at: Timestamp) -> Result<(), Error> {
    diesel::update(rows::table.find((link.domain.as_str(), link.tenant.as_str())))
        .set((rows::attempts.eq(attempts), rows::due_at.eq(column(due_at)), rows::leased_until.eq(None::<Instant>)))
        .execute(tx)?;
    Ok(())
}
