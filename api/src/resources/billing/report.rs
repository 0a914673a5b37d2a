//! Reads a report in parts of a few enterprises, so that even a long report needs little memory and only short
//! transactions.
//!
//! The history before a report's instant never changes, so parts that are read in different transactions are
//! consistent.

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
use crate::app::Tx;
use crate::error::Result;

/// How many rows one part has when a whole report is counted: enough to make the cost of a query negligible.
const ROWS: usize = 2_000;
/// How many rows one part has when the lines of a report are stored, so that each line is one row.
const ROWS_WRITTEN: usize = 2_000;

/// A report of one period, as one caller sees it.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its period.
    pub period: Period,
    /// When it was finalised and its hash; `None` if it is not final.
    pub sealed: Option<Final>,
    /// Selects its lines.
    pub filter: LineFilter,
    /// Whether its lines are stored. Otherwise they are counted from the history.
    is_written: bool,
    as_of: Timestamp,
}

/// Consecutive lines of a report.
#[derive(Debug)]
pub struct Part {
    /// The lines.
    pub lines: Vec<Line>,
    /// The position after which the next part starts; `None` at the end of the report.
    pub next: Option<LineCursor>,
}

/// Parses the period in a path, after checking that the actor may do to reports what the handler's signature says.
pub fn period(actor: &Actor, text: &str) -> Result<Period> {
    actor.may(Target::BillingReports)?;
    Ok(Period::parse(text).ok_or(Refusal::NotFound)?)
}

/// The periods that have a report: from the first recorded one to the current month.
pub fn periods(tx: &mut StoreConnection, now: Timestamp) -> Result<RangeInclusive<Period>> {
    let latest = Period::containing(now);
    Ok(billing::first_period(tx)?.unwrap_or(latest)..=latest)
}

impl Report {
    /// Loads the report of the period in a path, with all lines that the actor can see.
    pub fn reach(tx: &mut Tx<'_>, actor: &Actor, text: &str) -> Result<Self> {
        let now = tx.now;
        Self::find(tx, period(actor, text)?, LineFilter::all(actor.scope()), now)
    }

    /// Loads the report of a period; not found if the period has none.
    pub fn find(tx: &mut StoreConnection, period: Period, filter: LineFilter, now: Timestamp) -> Result<Self> {
        if !periods(tx, now)?.contains(&period) {
            return Err(Refusal::NotFound.into());
        }
        Self::load(tx, period, filter, now)
    }

    /// Loads the report of a period that is known to have one.
    pub fn load(tx: &mut StoreConnection, period: Period, filter: LineFilter, now: Timestamp) -> Result<Self> {
        let sealed = final_periods::find_final(tx, period)?;
        Ok(Self { is_written: sealed.is_some(), sealed, ..Self::counted(period, filter, now) })
    }

    /// The report as counted from the history, even if it is final.
    #[must_use]
    pub fn counted(period: Period, filter: LineFilter, now: Timestamp) -> Self {
        // The end is exclusive; changes in the current millisecond count.
        let as_of = period.end().min(now + TimeDelta::milliseconds(1));
        Self { period, sealed: None, filter, is_written: false, as_of }
    }

    /// The report as stored, even if it is not final yet.
    #[must_use]
    pub fn written(period: Period, filter: LineFilter) -> Self {
        Self { is_written: true, ..Self::counted(period, filter, period.end()) }
    }

    /// The same report with another filter.
    #[must_use]
    pub fn with_filter(self, filter: LineFilter) -> Self {
        Self { filter, ..self }
    }

    /// Reads the lines after a position, for enterprises that have about `rows` rows together.
    pub fn part(&self, tx: &mut StoreConnection, after: Option<LineCursor>, rows: usize) -> Result<Part> {
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
                // The position is within an enterprise: read the rest of this enterprise first.
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
    ) -> Result<Part> {
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

    /// Adds the daily users of some enterprises, starting after `after`, to `per_day`. Returns the last of these
    /// enterprises if there are more.
    pub fn users_per_day(
        &self,
        tx: &mut StoreConnection,
        after: Option<AccountId>,
        per_day: &mut UsersPerDay,
    ) -> Result<Option<AccountId>> {
        let window = (self.period.start(), self.as_of);
        let recorded = billing::recorded(tx, &self.filter, window, after, ROWS)?;
        for facts in recorded.facts() {
            // Only the numbers per day are needed here, not the lines.
            let _ = count(self.period, self.as_of, &self.filter.scope, facts, Some(per_day));
        }
        Ok(recorded.more_after)
    }
}

/// Reads the lines of a report part by part.
pub struct Reader {
    database: Database,
    report: Report,
    /// The position after which the next part starts.
    after: Option<LineCursor>,
    rows: usize,
    is_over: bool,
    /// The task that reads the next part, if it has been started.
    ahead: Option<JoinHandle<Result<Part>>>,
    reads_ahead: bool,
}

impl Reader {
    /// Starts after a position, or with the first line.
    #[must_use]
    pub fn new(database: Database, report: Report, after: Option<LineCursor>) -> Self {
        let rows = if report.is_written { ROWS_WRITTEN } else { ROWS };
        Self { database, report, after, rows, is_over: false, ahead: None, reads_ahead: false }
    }

    /// Makes the reader read ahead: the next part is read while the caller processes the last one. For reading a whole
    /// report.
    #[must_use]
    pub fn ahead(self) -> Self {
        Self { reads_ahead: true, ..self }
    }

    /// The lines of the next part, which can be empty; `None` at the end of the report.
    pub async fn next(&mut self) -> Result<Option<Vec<Line>>> {
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

    fn read(&self) -> impl Future<Output = Result<Part>> + Send + use<> {
        let (database, report, after, rows) = (self.database.clone(), self.report.clone(), self.after, self.rows);
        async move { database.read_long(move |tx| report.part(tx, after, rows)).await }
    }

    /// Reads up to `limit` lines.
    pub async fn next_lines(mut self, limit: usize) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        self.rows = limit.clamp(1, ROWS);
        while lines.len() < limit
            && let Some(more) = self.next().await?
        {
            lines.extend(more);
            // A filter may drop most lines of a part, so the next part is larger.
            self.rows = (self.rows * 4).min(ROWS);
        }
        lines.truncate(limit);
        Ok(lines)
    }
}
