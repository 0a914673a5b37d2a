//! The recorded history of enterprises, their users and the accounts above them, loaded in batches of enterprises.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use domain::Timestamp;
use domain::account::Scope;
use domain::billing::{AccountState, Facts, Period, Span, UserSpan};
use domain::id::AccountId;
use domain::services::Services;

use super::{LineFilter, parse_service};
use crate::accounts::parse_status;
use crate::history::State;
use crate::schema::{account_history, user_history};
use crate::store::connection::{MultiBackend, StoreConnection};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::time::{Instant, column, instant};

/// Most rows of one kind to load at a time. Exceeded only if a single enterprise has more.
const ROWS_MAX: usize = 20_000;

/// The recorded history of a batch of enterprises.
#[derive(Debug, Default)]
pub struct Recorded {
    enterprises: Vec<(AccountId, Vec<AccountState>, Vec<UserSpan>)>,
    above: HashMap<AccountId, Vec<AccountState>>,
    /// The last enterprise of the batch, if there may be more after it.
    pub more_after: Option<AccountId>,
}

impl Recorded {
    /// The history of each enterprise, sorted by id.
    pub fn facts(&self) -> impl Iterator<Item = Facts<'_>> {
        let above = &self.above;
        self.enterprises.iter().map(move |(enterprise, states, users)| Facts {
            enterprise: *enterprise,
            states,
            users,
            above,
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = account_history)]
struct StateRow {
    account_id: Key,
    since: Instant,
    until: Option<Instant>,
    #[diesel(embed)]
    state: State,
}

/// Loads the history of a batch of enterprises in a time window, sorted by id, starting after a cursor. Ignores the
/// filter's service and billing reference, which apply to lines.
pub fn recorded(
    tx: &mut StoreConnection,
    filter: &LineFilter,
    (from, to): (Timestamp, Timestamp),
    after: Option<AccountId>,
    limit: usize,
) -> Result<Recorded, Error> {
    let rows_max = limit.min(ROWS_MAX);
    let mut rows = states_of_enterprises(tx, filter, (from, to), after, Some(rows_max))?;
    let is_full = rows.len() == rows_max;
    if is_full && let Some(last) = rows.last().map(|row| row.account_id) {
        // The last enterprise may have more rows than were loaded.
        rows.retain(|row| row.account_id != last);
        if rows.is_empty() {
            let only = LineFilter { enterprise: Some(last.id()), ..filter.clone() };
            rows = states_of_enterprises(tx, &only, (from, to), after, None)?;
        }
    }
    let mut recorded = Recorded::default();
    for row in rows {
        let (id, state) = (row.account_id.id(), state(row)?);
        match recorded.enterprises.last_mut() {
            Some((same, states, _)) if *same == id => states.push(state),
            _ => recorded.enterprises.push((id, vec![state], Vec::new())),
        }
    }
    let is_cut = add_users(tx, &mut recorded.enterprises, (from, to))?;
    recorded.above = above(tx, &recorded.enterprises, (from, to))?;
    recorded.more_after = recorded.enterprises.last().filter(|_| is_full || is_cut).map(|(id, _, _)| *id);
    Ok(recorded)
}

fn states_of_enterprises(
    tx: &mut StoreConnection,
    filter: &LineFilter,
    (from, to): (Timestamp, Timestamp),
    after: Option<AccountId>,
    limit: Option<usize>,
) -> Result<Vec<StateRow>, Error> {
    let LineFilter { scope, reseller, enterprise, service: _, billing_reference: _ } = filter;
    let mut wanted = within(scope, (from, to));
    if let Some(id) = reseller {
        wanted = wanted.filter(account_history::reseller_id.eq(Key::from(*id)));
    }
    if let Some(id) = enterprise {
        wanted = wanted.filter(account_history::account_id.eq(Key::from(*id)));
    }
    if let Some(after) = after {
        wanted = wanted.filter(account_history::account_id.gt(Key::from(after)));
    }
    if let Some(limit) = limit {
        wanted = wanted.limit(i64::try_from(limit).unwrap_or(i64::MAX));
    }
    Ok(wanted.select(StateRow::as_select()).order((account_history::account_id, account_history::since)).load(tx)?)
}

/// The history rows of the enterprises in the scope that overlap a time window.
fn within(scope: &Scope, (from, to): (Timestamp, Timestamp)) -> account_history::BoxedQuery<'static, MultiBackend> {
    let wanted = account_history::table
        .filter(account_history::reseller_id.is_not_null())
        .filter(account_history::since.lt(column(to)))
        .filter(account_history::until.is_null().or(account_history::until.gt(column(from))))
        .into_boxed::<MultiBackend>();
    match *scope {
        Scope::Platform => wanted,
        Scope::MasterReseller(id) => wanted.filter(account_history::master_reseller_id.eq(Key::from(id))),
        Scope::Reseller(id) => wanted.filter(account_history::reseller_id.eq(Key::from(id))),
        Scope::Enterprise(id) => wanted.filter(account_history::account_id.eq(Key::from(id))),
    }
}

/// Loads the users of the enterprises. Returns `true` if there are so many users that enterprises may have been dropped
/// from the end of the list.
fn add_users(
    tx: &mut StoreConnection,
    enterprises: &mut Vec<(AccountId, Vec<AccountState>, Vec<UserSpan>)>,
    window: (Timestamp, Timestamp),
) -> Result<bool, Error> {
    let ids: Vec<Key> = enterprises.iter().map(|(id, _, _)| Key::from(*id)).collect();
    let mut rows = users_of(tx, &ids, window, Some(ROWS_MAX))?;
    let is_cut = rows.len() == ROWS_MAX;
    if is_cut && let Some(last) = rows.last().map(|row| row.0) {
        let kept = ids.iter().position(|id| *id == last).unwrap_or_default().max(1);
        enterprises.truncate(kept);
        if ids.first() == Some(&last) {
            rows = users_of(tx, &[last], window, None)?;
        }
    }
    let mut rows = rows.into_iter().peekable();
    for (id, _, users) in enterprises {
        while let Some((_, service, user, since, until)) = rows.next_if(|row| row.0 == Key::from(*id)) {
            let span = Span { since: instant(since), until: until.map(instant) };
            users.push(UserSpan { user: user.id(), service: parse_service(&service)?, span });
        }
    }
    Ok(is_cut)
}

type UserRow = (Key, String, Key, Instant, Option<Instant>);

fn users_of(
    tx: &mut StoreConnection,
    enterprises: &[Key],
    (from, to): (Timestamp, Timestamp),
    limit: Option<usize>,
) -> Result<Vec<UserRow>, Error> {
    let wanted = user_history::table
        .filter(user_history::account_id.eq_any(enterprises))
        .filter(user_history::since.lt(column(to)))
        .filter(user_history::until.is_null().or(user_history::until.gt(column(from))))
        .order((user_history::account_id, user_history::service, user_history::user_id, user_history::since))
        .limit(limit.map_or(i64::MAX, |limit| i64::try_from(limit).unwrap_or(i64::MAX)));
    Ok(wanted.load(tx)?)
}

/// The states of the accounts above the enterprises.
fn above(
    tx: &mut StoreConnection,
    enterprises: &[(AccountId, Vec<AccountState>, Vec<UserSpan>)],
    (from, to): (Timestamp, Timestamp),
) -> Result<HashMap<AccountId, Vec<AccountState>>, Error> {
    let states = enterprises.iter().flat_map(|(_, states, _)| states);
    let ids: BTreeSet<_> =
        states.flat_map(|state| [state.master_reseller_id, state.reseller_id]).flatten().map(AccountId::uuid).collect();
    let ids: Vec<Key> = ids.into_iter().map(Key::from).collect();
    let rows: Vec<StateRow> = account_history::table
        .filter(account_history::account_id.eq_any(&ids))
        .filter(account_history::since.lt(column(to)))
        .filter(account_history::until.is_null().or(account_history::until.gt(column(from))))
        .select(StateRow::as_select())
        .order((account_history::account_id, account_history::since))
        .load(tx)?;
    let mut above = HashMap::<_, Vec<_>>::new();
    for row in rows {
        above.entry(row.account_id.id()).or_default().push(state(row)?);
    }
    Ok(above)
}

fn state(row: StateRow) -> Result<AccountState, Error> {
    let StateRow { account_id: _, since, until, state } = row;
    let State { master_reseller_id, reseller_id, name, billing_reference, status, service_pbx, service_trunk } = state;
    Ok(AccountState {
        span: Span { since: instant(since), until: until.map(instant) },
        master_reseller_id: master_reseller_id.map(Key::id),
        reseller_id: reseller_id.map(Key::id),
        name,
        billing_reference,
        status: parse_status(&status)?,
        services: Services::from_flags(service_pbx, service_trunk)
            .ok_or_else(|| Error::Corrupt("an account without services".to_owned()))?,
    })
}

/// The first period with recorded history; `None` if there is none.
pub fn first_period(tx: &mut StoreConnection) -> Result<Option<Period>, Error> {
    // Ids sort by creation, and the first account has the oldest history.
    let first = account_history::table.order((account_history::account_id, account_history::since));
    let since: Option<Instant> = first.select(account_history::since).first(tx).optional()?;
    Ok(since.map(|since| Period::containing(instant(since))))
}

/// The resellers in the scope that had enterprises in a time window, sorted by id, starting after a cursor.
pub fn resellers(
    tx: &mut StoreConnection,
    scope: &Scope,
    (from, to): (Timestamp, Timestamp),
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<AccountId>, Error> {
    let mut wanted = within(scope, (from, to));
    if let Some(after) = after {
        wanted = wanted.filter(account_history::reseller_id.gt(Key::from(after)));
    }
    let ids: Vec<Key> = wanted
        .select(account_history::reseller_id.assume_not_null())
        .distinct()
        .order(account_history::reseller_id)
        .limit(limit)
        .load(tx)?;
    Ok(ids.into_iter().map(Key::id).collect())
}
