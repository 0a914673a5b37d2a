//! Adjustments of lines of final reports, each booked in a later period.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use diesel::prelude::*;
use domain::Timestamp;
use domain::account::Scope;
use domain::billing::{Amended, Line, Numbers, Period};
use domain::id::{AccountId, AdjustmentId};
use domain::services::Service;

use super::{LineFilter, parse_period, parse_service};
use crate::schema::{account_history, billing_adjustments};
use crate::store::connection::{MultiBackend, StoreConnection};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::page::page;
use crate::store::time::{Instant, column, instant};

/// An adjustment of a line of a final report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// Its id.
    pub id: AdjustmentId,
    /// The period that it is booked in.
    pub period: Period,
    /// The period of the adjusted line.
    pub amended: Period,
    /// The master reseller of the adjusted line.
    pub master_reseller_id: AccountId,
    /// The reseller of the adjusted line.
    pub reseller_id: AccountId,
    /// The enterprise of the adjusted line.
    pub enterprise_id: AccountId,
    /// The service of the adjusted line.
    pub service: Service,
    /// The differences to the numbers of the adjusted line.
    pub numbers: Numbers,
    /// The reason for the adjustment.
    pub reason: String,
    /// When it was booked.
    pub created_at: Timestamp,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = billing_adjustments)]
struct Row {
    id: Key,
    period: String,
    amended_period: String,
    master_reseller_id: Key,
    reseller_id: Key,
    enterprise_id: Key,
    service: String,
    users_at_end: i64,
    users_peak: i64,
    user_days: i64,
    active_days: i64,
    suspended_days: i64,
    reason: String,
    created_at: Instant,
}

impl Row {
    fn adjustment(self) -> Result<Adjustment, Error> {
        let Self {
            id,
            period,
            amended_period,
            master_reseller_id,
            reseller_id,
            enterprise_id,
            service,
            users_at_end,
            users_peak,
            user_days,
            active_days,
            suspended_days,
            reason,
            created_at,
        } = self;
        Ok(Adjustment {
            id: id.id(),
            period: parse_period(&period)?,
            amended: parse_period(&amended_period)?,
            master_reseller_id: master_reseller_id.id(),
            reseller_id: reseller_id.id(),
            enterprise_id: enterprise_id.id(),
            service: parse_service(&service)?,
            numbers: Numbers { users_at_end, users_peak, user_days, active_days, suspended_days },
            reason,
            created_at: instant(created_at),
        })
    }
}

/// Stores an adjustment.
pub fn insert(tx: &mut StoreConnection, adjustment: &Adjustment) -> Result<(), Error> {
    let Adjustment {
        id,
        period,
        amended,
        master_reseller_id,
        reseller_id,
        enterprise_id,
        service,
        numbers,
        reason,
        created_at,
    } = adjustment;
    let Numbers { users_at_end, users_peak, user_days, active_days, suspended_days } = *numbers;
    let row = Row {
        id: Key::from(*id),
        period: period.to_string(),
        amended_period: amended.to_string(),
        master_reseller_id: Key::from(*master_reseller_id),
        reseller_id: Key::from(*reseller_id),
        enterprise_id: Key::from(*enterprise_id),
        service: service.as_str().to_owned(),
        users_at_end,
        users_peak,
        user_days,
        active_days,
        suspended_days,
        reason: reason.clone(),
        created_at: column(*created_at),
    };
    diesel::insert_into(billing_adjustments::table).values(row).execute(tx)?;
    Ok(())
}

/// The number of adjustments that are booked in a period.
pub fn count(tx: &mut StoreConnection, period: Period) -> Result<i64, Error> {
    let booked = billing_adjustments::table.filter(billing_adjustments::period.eq(period.to_string()));
    Ok(booked.count().get_result(tx)?)
}

/// The adjustment with this id, if it is booked in the period and in the scope.
pub fn find(
    tx: &mut StoreConnection,
    scope: &Scope,
    period: Period,
    id: AdjustmentId,
) -> Result<Option<Adjustment>, Error> {
    let row: Option<Row> =
        within(scope, period).filter(billing_adjustments::id.eq(Key::from(id))).first(tx).optional()?;
    row.map(Row::adjustment).transpose()
}

/// The adjustments that are booked in a period and in the scope, oldest first, starting after a cursor.
pub fn list(
    tx: &mut StoreConnection,
    scope: &Scope,
    period: Period,
    (newest_first, after): (bool, Option<AdjustmentId>),
    limit: i64,
) -> Result<Vec<Adjustment>, Error> {
    let mut wanted = within(scope, period);
    wanted = match (newest_first, after.map(Key::from)) {
        (false, None) => wanted.order(billing_adjustments::id.asc()),
        (false, Some(after)) => wanted.filter(billing_adjustments::id.gt(after)).order(billing_adjustments::id.asc()),
        (true, None) => wanted.order(billing_adjustments::id.desc()),
        (true, Some(after)) => wanted.filter(billing_adjustments::id.lt(after)).order(billing_adjustments::id.desc()),
    };
    let rows: Vec<Row> = page(wanted, limit, tx)?;
    rows.into_iter().map(Row::adjustment).collect()
}

/// The adjustments that are booked in a period and in the scope.
fn within(scope: &Scope, period: Period) -> billing_adjustments::BoxedQuery<'static, MultiBackend> {
    let wanted = billing_adjustments::table
        .filter(billing_adjustments::period.eq(period.to_string()))
        .into_boxed::<MultiBackend>();
    match *scope {
        Scope::Platform => wanted,
        Scope::MasterReseller(id) => wanted.filter(billing_adjustments::master_reseller_id.eq(Key::from(id))),
        Scope::Reseller(id) => wanted.filter(billing_adjustments::reseller_id.eq(Key::from(id))),
        Scope::Enterprise(id) => wanted.filter(billing_adjustments::enterprise_id.eq(Key::from(id))),
    }
}

/// The resellers in the scope that have adjustments booked in a period, sorted by id, starting after a cursor.
pub fn resellers(
    tx: &mut StoreConnection,
    scope: &Scope,
    period: Period,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<AccountId>, Error> {
    let mut wanted = within(scope, period);
    if let Some(after) = after {
        wanted = wanted.filter(billing_adjustments::reseller_id.gt(Key::from(after)));
    }
    let ids = wanted.select(billing_adjustments::reseller_id).distinct().order(billing_adjustments::reseller_id);
    let ids: Vec<Key> = page(ids, limit, tx)?;
    Ok(ids.into_iter().map(Key::id).collect())
}

/// The report lines of the adjustments booked in a period, for the enterprises after the id `after` up to and including
/// `up_to`. Names are those before `as_of`.
///
/// If there are `limit` adjustments or more, the last enterprises are left out. The last enterprise whose adjustments
/// are complete is then returned as well.
pub fn lines(
    tx: &mut StoreConnection,
    period: Period,
    filter: &LineFilter,
    (after, up_to): (Option<AccountId>, Option<AccountId>),
    as_of: Timestamp,
    limit: usize,
) -> Result<(Vec<Line>, Option<AccountId>), Error> {
    let mut adjustments = of_enterprises(tx, period, filter, (after, up_to), Some(limit))?;
    let mut cut = None;
    if adjustments.len() == limit
        && let Some(last) = adjustments.last().map(|adjustment| adjustment.enterprise_id)
    {
        // The last enterprise may have more adjustments than were loaded.
        adjustments.retain(|adjustment| adjustment.enterprise_id != last);
        if adjustments.is_empty() {
            let only = LineFilter { enterprise: Some(last), ..filter.clone() };
            adjustments = of_enterprises(tx, period, &only, (after, up_to), None)?;
        }
        cut = adjustments.last().map(|adjustment| adjustment.enterprise_id);
    }
    let mut names = HashMap::new();
    let mut lines = Vec::with_capacity(adjustments.len());
    for adjustment in adjustments {
        for account in [adjustment.reseller_id, adjustment.enterprise_id] {
            if let Entry::Vacant(entry) = names.entry(account) {
                entry.insert(called(tx, account, as_of)?);
            }
        }
        let called = |account| names.get(&account).cloned().unwrap_or_default();
        let (reseller_name, reseller_billing_reference) = called(adjustment.reseller_id);
        let (enterprise_name, enterprise_billing_reference) = called(adjustment.enterprise_id);
        lines.push(Line {
            enterprise_id: adjustment.enterprise_id,
            service: adjustment.service,
            reseller_id: adjustment.reseller_id,
            master_reseller_id: adjustment.master_reseller_id,
            reseller_name,
            reseller_billing_reference,
            enterprise_name,
            enterprise_billing_reference,
            numbers: adjustment.numbers,
            amends: Some(Amended { adjustment: adjustment.id, period: adjustment.amended }),
        });
    }
    Ok((lines, cut))
}

fn of_enterprises(
    tx: &mut StoreConnection,
    period: Period,
    filter: &LineFilter,
    (after, up_to): (Option<AccountId>, Option<AccountId>),
    limit: Option<usize>,
) -> Result<Vec<Adjustment>, Error> {
    let LineFilter { scope, reseller, enterprise, service: _, billing_reference: _ } = filter;
    let mut wanted = within(scope, period).order((billing_adjustments::enterprise_id, billing_adjustments::id));
    if let Some(id) = reseller {
        wanted = wanted.filter(billing_adjustments::reseller_id.eq(Key::from(*id)));
    }
    if let Some(id) = enterprise {
        wanted = wanted.filter(billing_adjustments::enterprise_id.eq(Key::from(*id)));
    }
    if let Some(after) = after {
        wanted = wanted.filter(billing_adjustments::enterprise_id.gt(Key::from(after)));
    }
    if let Some(up_to) = up_to {
        wanted = wanted.filter(billing_adjustments::enterprise_id.le(Key::from(up_to)));
    }
    if let Some(limit) = limit {
        wanted = wanted.limit(i64::try_from(limit).unwrap_or(i64::MAX));
    }
    let rows: Vec<Row> = wanted.load(tx)?;
    rows.into_iter().map(Row::adjustment).collect()
}

/// The name and billing reference that an account had just before an instant.
fn called(tx: &mut StoreConnection, account: AccountId, as_of: Timestamp) -> Result<(String, Option<String>), Error> {
    Ok(account_history::table
        .filter(account_history::account_id.eq(Key::from(account)))
        .filter(account_history::since.lt(column(as_of)))
        .order(account_history::since.desc())
        .select((account_history::name, account_history::billing_reference))
        .first(tx)?)
}
