//! Totals and summaries of reports.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use domain::billing::{Line, Totals, UsersPerDay};
use domain::id::AccountId;
use domain::services::Service;
use persistence::billing::{LineFilter, adjustments, lines};
use persistence::{Database, StoreConnection, billing};
use uuid::Uuid;

use super::report::{Reader, Report};
use super::wire::{BillingSummaryItem, frame};
use crate::app::App;
use crate::error::{Error, Result};

/// How long after the end of a month a change may still be recorded in it: by a transaction that began before, or by a
/// replica whose clock is slow.
const SETTLES_AFTER: TimeDelta = TimeDelta::hours(1);

/// The totals of a report's lines by service.
pub(super) async fn totals(app: &App, report: Report) -> Result<[Totals; 2]> {
    let period = report.period;
    let now = app.clock.now();
    if report.sealed.is_some() || now < period.end() + SETTLES_AFTER {
        return add_up(&app.database, report).await;
    }
    // All that can still change the totals of such a month are corrections, of which none is ever removed.
    let corrections = app.database.read(move |tx| adjustments::count(tx, period).map_err(Error::from)).await?;
    // They are added up again each day, in case a clock was wrong.
    let key = (period, report.filter.scope, corrections, now.date_naive());
    if let Some(known) = app.billing_totals.get(&key) {
        return Ok(known);
    }
    let totals = add_up(&app.database, report).await?;
    app.billing_totals.insert(key, totals);
    Ok(totals)
}

async fn add_up(database: &Database, report: Report) -> Result<[Totals; 2]> {
    let mut totals = [Totals::default(); 2];
    if report.sealed.is_some() {
        let find = move |tx: &mut _| lines::totals(tx, report.period, &report.filter.scope).map_err(Error::from);
        for (service, sum) in database.read_long(find).await? {
            totals[service as usize] = sum;
        }
        return Ok(totals);
    }
    let mut reader = Reader::new(database.clone(), report, None);
    while let Some(lines) = reader.next().await? {
        for line in &lines {
            totals[line.service as usize].add(line);
        }
    }
    Ok(totals)
}

/// The number of users on each day of a report's period up to now.
pub(super) async fn users_per_day(database: &Database, report: &Report) -> Result<UsersPerDay> {
    let (mut per_day, mut after) = (UsersPerDay::none(report.period), None);
    loop {
        let (report, so_far) = (report.clone(), per_day);
        let read = move |tx: &mut StoreConnection| {
            // The database may run this closure more than once.
            let mut per_day = so_far.clone();
            let next = report.users_per_day(tx, after, &mut per_day)?;
            Ok::<_, Error>((per_day, next))
        };
        (per_day, after) = database.read_long(read).await?;
        if after.is_none() {
            return Ok(per_day);
        }
    }
}

/// Up to `limit` resellers after `after` that may have a line in this report or in the one of the previous period.
pub(super) fn resellers(
    tx: &mut StoreConnection,
    report: &Report,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<AccountId>> {
    let (scope, previous) = (&report.filter.scope, report.period.previous());
    let window = (previous.start(), report.period.end());
    let mut found: BTreeSet<Uuid> =
        billing::resellers(tx, scope, window, after, limit)?.into_iter().map(AccountId::uuid).collect();
    // A correction can concern a reseller that had nothing else in either period.
    for period in [previous, report.period] {
        found.extend(adjustments::resellers(tx, scope, period, after, limit)?.into_iter().map(AccountId::uuid));
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(found.into_iter().take(limit).map(AccountId::from_uuid).collect())
}

/// Compares the totals of a reseller in a report with those of the previous period, by service.
pub(super) async fn compare(
    database: &Database,
    report: &Report,
    previous: Option<&Report>,
    reseller: AccountId,
) -> Result<Vec<BillingSummaryItem>> {
    let before = match previous {
        Some(previous) => by_service(database, previous, reseller).await?,
        None => BTreeMap::new(),
    };
    let now = by_service(database, report, reseller).await?;
    let frame = frame(report);
    let item = |service: Service| {
        let (now, before) = (now.get(&service), before.get(&service));
        // Use the reseller's name at the end of the later period.
        let (line, _) = now.or(before)?;
        let totals = |found: Option<&(Line, Totals)>| found.map(|(_, totals)| *totals).unwrap_or_default();
        Some(BillingSummaryItem::new(&frame, line, totals(now), totals(before)))
    };
    Ok(Service::ALL.into_iter().filter_map(item).collect())
}

/// For each service, one line of the reseller and the totals of all its lines.
async fn by_service(
    database: &Database,
    report: &Report,
    reseller: AccountId,
) -> Result<BTreeMap<Service, (Line, Totals)>> {
    let filter = LineFilter { reseller: Some(reseller), ..report.filter.clone() };
    let mut reader = Reader::new(database.clone(), report.clone().with_filter(filter), None);
    let mut found = BTreeMap::<Service, (Line, Totals)>::new();
    while let Some(lines) = reader.next().await? {
        for line in lines {
            found.entry(line.service).or_insert_with(|| (line.clone(), Totals::default())).1.add(&line);
        }
    }
    Ok(found)
}
