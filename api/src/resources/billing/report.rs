//! Reads a report some enterprises at a time, so that however long it is, it takes little memory and no transaction of its
//! own for long.
//!
//! What lies before a report's instant does not change any more, so parts that are read one after the other fit together.

use std::ops::RangeInclusive;

use chrono::TimeDelta;
use domain::Timestamp;
use domain::authority::Target;
use domain::billing::{Line, Period, UsersPerDay, count};
use domain::id::AccountId;
use domain::refusal::Refusal;
use persistence::billing::lines::LineCursor;
use persistence::billing::periods::Final;
use persistence::billing::{LineFilter, adjustments, lines, periods as final_periods};
use persistence::{Database, StoreConnection, billing};
use tokio::task::JoinHandle;

use crate::access::Actor;
use crate::error::Error;

/// Rows that are read at a time where the whole report is: enough that asking for them costs little beside reading them.
const ROWS: usize = 2_000;
/// The same of lines that are written down, of which each is a row.
const ROWS_WRITTEN: usize = 8_000;

/// Which report is read, and what of it.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its period.
    pub period: Period,
    /// What is known of it if it is final.
    pub sealed: Option<Final>,
    /// Which lines.
    pub filter: LineFilter,
    /// Whether its lines are written down, and not to be counted.
    is_written: bool,
    as_of: Timestamp,
}

/// Some lines of a report, in its order.
#[derive(Debug)]
pub struct Part {
    /// The lines.
    pub lines: Vec<Line>,
    /// Behind what the next part starts; `None` when there is none.
    pub next: Option<LineCursor>,
}

/// The period that a path names, for who may do with reports what the handler's signature says.
pub fn period(actor: &Actor, text: &str) -> Result<Period, Error> {
    actor.may(Target::BillingReports)?;
    Ok(Period::parse(text).ok_or(Refusal::NotFound)?)
}

/// The periods of which there is something to tell: not before anything was, not of the future.
pub fn periods(tx: &mut StoreConnection, now: Timestamp) -> Result<RangeInclusive<Period>, Error> {
    let latest = Period::containing(now);
    Ok(billing::first_period(tx)?.unwrap_or(latest)..=latest)
}

impl Report {
    /// The report of the period that a path names, as the actor sees it.
    pub fn reach(tx: &mut StoreConnection, actor: &Actor, text: &str, now: Timestamp) -> Result<Self, Error> {
        Self::find(tx, period(actor, text)?, LineFilter::all(actor.scope()), now)
    }

    /// The report of a period of which there is something to tell.
    pub fn find(tx: &mut StoreConnection, period: Period, filter: LineFilter, now: Timestamp) -> Result<Self, Error> {
        if !periods(tx, now)?.contains(&period) {
            return Err(Refusal::NotFound.into());
        }
        Self::load(tx, period, filter, now)
    }

    /// The report of such a period.
    pub fn load(tx: &mut StoreConnection, period: Period, filter: LineFilter, now: Timestamp) -> Result<Self, Error> {
        let sealed = final_periods::find_final(tx, period)?;
        Ok(Self { is_written: sealed.is_some(), sealed, ..Self::counted(period, filter, now) })
    }

    /// The report as it is counted, whether it is final or not.
    #[must_use]
    pub fn counted(period: Period, filter: LineFilter, now: Timestamp) -> Self {
        // What happens in this very millisecond has happened.
        let as_of = period.end().min(now + TimeDelta::milliseconds(1));
        Self { period, sealed: None, filter, is_written: false, as_of }
    }

    /// The report as it is written down, though it may not be final yet.
    #[must_use]
    pub fn written(period: Period, filter: LineFilter) -> Self {
        Self { is_written: true, ..Self::counted(period, filter, period.end()) }
    }

    /// The same report, and other lines of it.
    #[must_use]
    pub fn with_filter(self, filter: LineFilter) -> Self {
        Self { filter, ..self }
    }

    /// The lines behind a place, of some enterprises of which there are so many rows.
    pub fn part(&self, tx: &mut StoreConnection, after: Option<LineCursor>, rows: usize) -> Result<Part, Error> {
        if self.is_written {
            let limit = i64::try_from(rows).unwrap_or(i64::MAX);
            let lines = lines::list(tx, self.period, &self.filter, after, limit)?;
            let next = lines.last().filter(|_| lines.len() == rows).map(LineCursor::after);
            return Ok(Part { lines, next });
        }
        match after {
            None => self.count(tx, &self.filter, None, rows),
            Some(place) => {
                let enterprise = AccountId::from_uuid(place.enterprise);
                let behind = LineCursor::after_enterprise(enterprise);
                if place == behind {
                    return self.count(tx, &self.filter, Some(enterprise), rows);
                }
                // The rest of an enterprise, on its own.
                let wanted = self.filter.enterprise.is_none_or(|wanted| wanted == enterprise);
                let only = LineFilter { enterprise: Some(enterprise), ..self.filter.clone() };
                let mut lines = if wanted { self.count(tx, &only, None, rows)?.lines } else { Vec::new() };
                lines.retain(|line| LineCursor::after(line) > place);
                Ok(Part { lines, next: Some(behind) })
            }
        }
    }

    fn count(
        &self,
        tx: &mut StoreConnection,
        filter: &LineFilter,
        after: Option<AccountId>,
        rows: usize,
    ) -> Result<Part, Error> {
        let window = (self.period.start(), self.as_of);
        let recorded = billing::recorded(tx, filter, window, after, rows)?;
        let mut lines = Vec::new();
        for facts in recorded.facts() {
            lines.extend(count(self.period, self.as_of, &filter.scope, facts, None));
        }
        let range = (after, recorded.more_after);
        let (corrections, cut) = adjustments::lines(tx, self.period, filter, range, self.as_of, rows.max(2))?;
        lines.extend(corrections);
        if let Some(cut) = cut {
            lines.retain(|line| line.enterprise_id.uuid() <= cut.uuid());
        }
        lines.retain(|line| filter.wants(line));
        lines.sort_by_key(LineCursor::after);
        Ok(Part { lines, next: cut.or(recorded.more_after).map(LineCursor::after_enterprise) })
    }

    /// How many users there were on each day at some of the enterprises, those behind one of them; and behind which one the
    /// next are.
    pub fn users_per_day(
        &self,
        tx: &mut StoreConnection,
        after: Option<AccountId>,
        per_day: &mut UsersPerDay,
    ) -> Result<Option<AccountId>, Error> {
        let window = (self.period.start(), self.as_of);
        let recorded = billing::recorded(tx, &self.filter, window, after, ROWS)?;
        for facts in recorded.facts() {
            // What was counted into the days is all that is wanted here.
            let _ = count(self.period, self.as_of, &self.filter.scope, facts, Some(per_day));
        }
        Ok(recorded.more_after)
    }
}

/// Goes through the lines of a report, part by part.
pub struct Reader {
    database: Database,
    report: Report,
    /// Behind what the next part starts.
    after: Option<LineCursor>,
    rows: usize,
    is_over: bool,
    /// The next part, if it is being read already.
    ahead: Option<JoinHandle<Result<Part, Error>>>,
    reads_ahead: bool,
}

impl Reader {
    /// Starts behind a place, or with the first line.
    #[must_use]
    pub fn new(database: Database, report: Report, after: Option<LineCursor>) -> Self {
        let rows = if report.is_written { ROWS_WRITTEN } else { ROWS };
        Self { database, report, after, rows, is_over: false, ahead: None, reads_ahead: false }
    }

    /// The same for who wants all of it: the next part is read while the last one is written.
    #[must_use]
    pub fn ahead(self) -> Self {
        Self { reads_ahead: true, ..self }
    }

    /// The next lines, which can be none; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<Line>>, Error> {
        if self.is_over {
            return Ok(None);
        }
        let part = match self.ahead.take() {
            Some(task) => task.await.unwrap_or_else(|_| Err(persistence::Error::Panicked.into()))?,
            None => self.read().await?,
        };
        (self.after, self.is_over) = (part.next, part.next.is_none());
        if self.reads_ahead && !self.is_over {
            self.ahead = Some(tokio::spawn(self.read()));
        }
        Ok(Some(part.lines))
    }

    fn read(&self) -> impl Future<Output = Result<Part, Error>> + Send + use<> {
        let (database, report, after, rows) = (self.database.clone(), self.report.clone(), self.after, self.rows);
        async move { database.read_long(move |tx| report.part(tx, after, rows)).await }
    }

    /// Up to so many lines.
    pub async fn next_lines(mut self, limit: usize) -> Result<Vec<Line>, Error> {
        let mut lines = Vec::new();
        self.rows = limit.clamp(1, ROWS);
        while lines.len() < limit
            && let Some(more) = self.next().await?
        {
            lines.extend(more);
            // Filters may leave few of many.
            self.rows = (self.rows * 4).min(ROWS);
        }
        lines.truncate(limit);
        Ok(lines)
    }
}
