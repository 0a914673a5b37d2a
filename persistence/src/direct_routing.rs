//! The Direct Routing of enterprises: routes, and the leases of workers that perform their next steps (R11).

use std::collections::HashMap;
use std::time::Duration;

use chrono::TimeDelta;
use diesel::dsl::{self, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use domain::Timestamp;
use domain::direct_routing::{Anchor, AnchorState, DirectRouting, Failure, Link, Route, Stage, State, VoicePolicy};
use domain::enterprise::SbcRegionCode;
use domain::id::AccountId;
use domain::status::Status;
use domain::values::route_domain::{RouteDomain, VerificationTxt};
use domain::values::tenant::Tenant;

use crate::schema::{accounts, direct_routing_routes as routes, direct_routings};
use crate::store::connection::{StoreConnection, on};
use crate::store::error::{Error, inserted};
use crate::store::key::Key;
use crate::store::rows;
use crate::store::time::{Instant, column, instant};

/// How long a worker's lease of a route lasts. If the worker dies, other workers can take over the route afterwards.
pub const LEASE: Duration = Duration::from_mins(2);

/// The columns of a route, without those of its lease.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = routes, primary_key(account_id, region))]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    account_id: Key,
    region: String,
    domain: String,
    tenant: String,
    state: String,
    stage: Option<String>,
    failure: Option<String>,
    verification_txt: Option<String>,
    since: Instant,
    attempts: i32,
    due_at: Instant,
    error: Option<String>,
    error_at: Option<Instant>,
    anchor_id: Option<Key>,
    anchor_state: Option<String>,
    anchor_licence: Option<Key>,
    voice_policy_id: Option<String>,
    voice_policy_found_at: Option<Instant>,
}

impl Row {
    /// The row of a route; `None` if it was not started.
    fn new(account: AccountId, route: &Route) -> Option<Self> {
        let Route { region, state, since, attempts, due_at, last_error, anchor, voice_policy } = route;
        let (stage, failure) = match state {
            State::Failed { stage, reason, .. } => (Some(stage.as_str().to_owned()), Some(reason.as_str().to_owned())),
            State::NotStarted | State::Working { .. } | State::Established { .. } => (None, None),
        };
        Some(Self {
            account_id: Key::from(account),
            region: region.as_str().to_owned(),
            domain: state.domain()?.as_str().to_owned(),
            tenant: state.link()?.tenant.as_str().to_owned(),
            state: state.as_str().to_owned(),
            stage,
            failure,
            verification_txt: state.txt().map(|txt| txt.as_str().to_owned()),
            since: column(*since),
            attempts: *attempts,
            due_at: column(*due_at),
            error: last_error.as_ref().map(|(_, error)| error.clone()),
            error_at: last_error.as_ref().map(|(at, _)| column(*at)),
            anchor_id: anchor.map(|anchor| anchor.id.into()),
            anchor_state: anchor.map(|anchor| anchor.state.as_str().to_owned()),
            anchor_licence: anchor.and_then(|anchor| anchor.licence).map(Key::from),
            voice_policy_id: voice_policy.as_ref().map(|policy| policy.id.clone()),
            voice_policy_found_at: voice_policy.as_ref().map(|policy| column(policy.found_at)),
        })
    }

    fn route(self) -> Result<Route, Error> {
        let Self {
            account_id: _,
            region,
            domain,
            tenant,
            state,
            stage,
            failure,
            verification_txt,
            since,
            attempts,
            due_at,
            error,
            error_at,
            anchor_id,
            anchor_state,
            anchor_licence,
            voice_policy_id,
            voice_policy_found_at,
        } = self;
        let corrupt = |what: &str| Error::Corrupt(format!("route {domain:?}: {what}"));
        let link = Link {
            domain: RouteDomain::stored(&domain).ok_or_else(|| corrupt("domain"))?,
            tenant: Tenant::parse(&tenant).map_err(|_| corrupt("tenant"))?,
        };
        let txt = verification_txt.map(|txt| VerificationTxt::parse(&txt)).transpose();
        let txt = txt.map_err(|_| corrupt("TXT record"))?;
        let state = if let (Some(stage), Some(failure)) = (stage, failure) {
            State::Failed {
                link,
                stage: Stage::restore(&stage, txt).ok_or_else(|| corrupt("stage"))?,
                reason: Failure::parse(&failure).ok_or_else(|| corrupt("failure"))?,
            }
        } else if state == "established" {
            State::Established { link, txt: txt.ok_or_else(|| corrupt("no TXT record"))? }
        } else {
            State::Working { link, stage: Stage::restore(&state, txt).ok_or_else(|| corrupt("state"))? }
        };
        let anchor = anchor_id.zip(anchor_state).map(|(id, state)| {
            let state = AnchorState::parse(&state).ok_or_else(|| corrupt("anchor user"))?;
            Ok::<_, Error>(Anchor { id: id.uuid(), state, licence: anchor_licence.map(Key::uuid) })
        });
        Ok(Route {
            anchor: anchor.transpose()?,
            region: SbcRegionCode::parse(&region).ok_or_else(|| corrupt("region"))?,
            state,
            since: instant(since),
            attempts,
            due_at: instant(due_at),
            last_error: error_at.map(instant).zip(error),
            voice_policy: voice_policy_id
                .zip(voice_policy_found_at)
                .map(|(id, found_at)| VoicePolicy { id, found_at: instant(found_at) }),
        })
    }
}

/// Loads the Direct Routing of an enterprise.
pub fn load(tx: &mut StoreConnection, account: AccountId) -> Result<DirectRouting, Error> {
    Ok(load_all(tx, &[account])?.remove(&account).unwrap_or_default())
}

/// Loads the Direct Routing of enterprises, by the enterprise. Those that have none yet are left out.
pub fn load_all(tx: &mut StoreConnection, accounts: &[AccountId]) -> Result<HashMap<AccountId, DirectRouting>, Error> {
    if accounts.is_empty() {
        return Ok(HashMap::new());
    }
    let wanted: Vec<Key> = accounts.iter().copied().map(Key::from).collect();
    let begun: Vec<(Key, i64, Option<Instant>, Option<String>)> = on!(tx, connection => direct_routings::table
        .filter(direct_routings::account_id.eq_any(&wanted))
        .select((
            direct_routings::account_id,
            direct_routings::version,
            direct_routings::consent_given_at,
            direct_routings::permissions,
        ))
        .load(connection))?;
    if begun.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Row> = on!(tx, connection => routes::table
        .filter(routes::account_id.eq_any(&wanted))
        .order(routes::region)
        .select(Row::as_select())
        .load(connection))?;
    let mut found: HashMap<Key, DirectRouting> = begun
        .into_iter()
        .map(|(account, version, consent_given_at, permissions)| {
            let consent_given_at = consent_given_at.map(instant);
            let permissions = permissions.map(|text| text.split_ascii_whitespace().map(str::to_owned).collect());
            (account, DirectRouting { version, consent_given_at, permissions, routes: Vec::new() })
        })
        .collect();
    for row in rows {
        if let Some(routing) = found.get_mut(&row.account_id) {
            routing.routes.push(row.route()?);
        }
    }
    Ok(found.into_iter().map(|(account, routing)| (account.id(), routing)).collect())
}

/// Stores the Direct Routing of enterprises that have none yet. Their domains must be free.
pub fn insert_all(tx: &mut StoreConnection, new: &[(AccountId, DirectRouting)]) -> Result<(), Error> {
    let begun = |(account, routing): &(AccountId, DirectRouting)| {
        (
            direct_routings::account_id.eq(Key::from(*account)),
            direct_routings::version.eq(routing.version),
            direct_routings::consent_given_at.eq(routing.consent_given_at.map(column)),
        )
    };
    let rows: Vec<Row> = new
        .iter()
        .flat_map(|(account, routing)| routing.routes.iter().filter_map(|route| Row::new(*account, route)))
        .collect();
    rows::insert_all!(tx, direct_routings::table, new.iter().map(begun).collect::<Vec<_>>())?;
    Ok(rows::insert_all!(tx, routes::table, rows)?)
}

/// Saves the differences between two versions of an enterprise's Direct Routing, and ends the leases of the changed
/// routes. Returns `false` if another route already has one of the domains; the transaction must then be rolled back.
pub fn save(
    tx: &mut StoreConnection,
    account: AccountId,
    before: &DirectRouting,
    after: &DirectRouting,
) -> Result<bool, Error> {
    let started = after.routes.iter().filter(|route| before.route(&route.region).is_none());
    for domain in started.filter_map(|route| route.state.domain()) {
        if is_taken(tx, domain.as_str())? {
            return Ok(false);
        }
    }
    let own = direct_routings::table.filter(direct_routings::account_id.eq(Key::from(account)));
    let columns = (
        direct_routings::version.eq(after.version),
        direct_routings::consent_given_at.eq(after.consent_given_at.map(column)),
        direct_routings::permissions.eq(after.permissions.as_ref().map(|all| all.join(" "))),
    );
    if diesel::update(own).set(columns.clone()).execute(tx)? == 0 {
        let id = direct_routings::account_id.eq(Key::from(account));
        diesel::insert_into(direct_routings::table).values((id, columns.0, columns.1, columns.2)).execute(tx)?;
    }
    for gone in before.routes.iter().filter(|route| after.route(&route.region).is_none()) {
        diesel::delete(row(account, &gone.region)).execute(tx)?;
    }
    for route in &after.routes {
        let known = before.route(&route.region);
        let Some(new) = Row::new(account, route).filter(|_| known != Some(route)) else { continue };
        if known.is_some() {
            diesel::update(row(account, &route.region))
                .set((new, routes::leased_until.eq(None::<Instant>)))
                .execute(tx)?;
        } else if !inserted(diesel::insert_into(routes::table).values(new).execute(tx))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Frees all route domains of an account.
pub(crate) fn free(tx: &mut StoreConnection, account: AccountId) -> Result<(), Error> {
    diesel::delete(routes::table.filter(routes::account_id.eq(Key::from(account)))).execute(tx)?;
    Ok(())
}

#[diesel::dsl::auto_type(no_type_alias)]
fn row<'a>(account: AccountId, region: &'a SbcRegionCode) -> _ {
    let (key, region): (Key, &'a str) = (Key::from(account), region.as_str());
    routes::table.filter(routes::account_id.eq(key)).filter(routes::region.eq(region))
}

/// Whether a route already has a domain. Only a check in advance: see `is_taken` in `accounts::addresses`.
fn is_taken(tx: &mut StoreConnection, domain: &str) -> Result<bool, Error> {
    let StoreConnection::Sqlite(connection) = tx else { return Ok(false) };
    let holder: Option<String> =
        routes::table.filter(routes::domain.eq(domain)).select(routes::region).first(connection).optional()?;
    Ok(holder.is_some())
}

/// The condition of the partial index of routes with a pending step. It must be written literally, because SQLite only uses
/// the index if no part of the condition is a bound value.
pub(crate) const ON_ITS_WAY: &str =
    "direct_routing_routes.state IN ('consent_requested', 'domain_pending', 'domain_verified', 'activating')";
/// The condition of the partial index of routes to look after.
pub(crate) const ESTABLISHED: &str = "direct_routing_routes.state = 'established'";

/// Routes that meet a condition, are due and not leased, the longest waiting first.
#[dsl::auto_type(no_type_alias)]
pub(crate) fn due(condition: &'static str, also_pending: bool, now: Instant, limit: i64) -> _ {
    let pending = if also_pending { Status::Pending } else { Status::Active };
    let statuses: [&'static str; 2] = [Status::Active.as_str(), pending.as_str()];
    let awake = accounts::table.filter(accounts::id.eq(routes::account_id)).filter(accounts::status.eq_any(statuses));
    let meets_it: SqlLiteral<Bool> = sql(condition);
    routes::table
        .filter(meets_it)
        .filter(routes::due_at.le(now))
        .filter(dsl::exists(awake))
        .filter(routes::leased_until.is_null().or(routes::leased_until.lt(now)))
        .order(routes::due_at)
        .limit(limit)
}

/// Leases up to `limit` due routes to the calling worker: those with a pending step and, if they are few, some established
/// ones to look after. Routes of suspended enterprises are skipped, and those of pending enterprises unless `also_pending`
/// is set.
pub fn lease(
    tx: &mut StoreConnection,
    also_pending: bool,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<(AccountId, Route)>, Error> {
    let mut leased = lease_some(tx, ON_ITS_WAY, also_pending, limit, now)?;
    let room = limit - i64::try_from(leased.len()).unwrap_or(limit);
    leased.extend(lease_some(tx, ESTABLISHED, also_pending, room.min(limit / 3), now)?);
    Ok(leased)
}

fn lease_some(
    tx: &mut StoreConnection,
    condition: &'static str,
    also_pending: bool,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<(AccountId, Route)>, Error> {
    let until = column(now + TimeDelta::from_std(LEASE).unwrap_or_default());
    let due = due(condition, also_pending, column(now), limit);
    let rows: Vec<Row> = match tx {
        StoreConnection::Postgresql(connection) => {
            due.select(Row::as_select()).for_update().skip_locked().load(connection)?
        }
        StoreConnection::Sqlite(connection) => due.select(Row::as_select()).load(connection)?,
    };
    let mut leased = Vec::with_capacity(rows.len());
    for found in rows {
        let (account, route) = (found.account_id.id(), found.route()?);
        diesel::update(row(account, &route.region)).set(routes::leased_until.eq(until)).execute(tx)?;
        leased.push((account, route));
    }
    Ok(leased)
}
