//! Runs an import: in parts, so that other writers don't wait for it, or in one transaction if it is atomic.

use std::collections::HashSet;
use std::mem;

use chrono::TimeDelta;
use domain::limits::{IDEMPOTENCY_HOURS, KEPT_OCTETS_MAX};
use domain::refusal::Refusal;
use persistence::import_reports::ImportReport;
use persistence::{idempotency, import_reports};

use super::kinds::{Importable, OnExisting, Place, Rules, Status};
use super::outcome::{Outcome, Outcomes};
use super::read::Row;
use super::wire::{ImportResult, ImportRow, ImportStatus};
use crate::access::{Actor, Create};
use crate::app::{Call, Tx};
use crate::error::{Error, ErrorCode, Result};
use crate::http::Answer;
use crate::http::idempotency::{Caller, IdempotentRequest};
use crate::ids::new_id;

/// The path of reports.
pub const REPORTS: &str = "/import-reports";
/// How many rows one transaction of a non-atomic import has.
const PART: usize = 200;
/// How many errors the refusal of a whole file lists at most.
const FAULTS_NAMED: usize = 100;

/// The options of an import.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Only simulate the import.
    pub dry_run: bool,
    /// Import all rows or none.
    pub atomic: bool,
    /// What to do with rows whose resource already exists.
    pub on_existing: OnExisting,
}

/// Rolls back a savepoint: with the outcomes of its rows, or with the error that stopped it.
enum Undone {
    Rows(Vec<ImportRow>),
    Failed(Error),
}

impl From<persistence::Error> for Undone {
    fn from(error: persistence::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Runs an import. Parts that were already run for the same idempotency key are not run again.
pub async fn run<I: Importable>(
    call: &Call<Create>,
    import: I,
    rows: Vec<Row>,
    options: Options,
    key: IdempotentRequest,
) -> Result<Answer> {
    let Options { dry_run, atomic, on_existing } = options;
    let rules = Rules { on_existing, offered: call.app.settings.sbc_regions.clone() };
    if dry_run {
        let would = rehearse(call, &import, &rows, &rules).await?;
        return answer(call, import, would, IdempotentRequest::without_key(), dry_run).await;
    }
    if atomic {
        if let Some(kept) = kept(call, &key).await? {
            return Ok(kept);
        }
        // Other writers wait while all rows run in one transaction. So refusals are found by a rehearsal in parts
        // first.
        refuse_failed(rehearse(call, &import, &rows, &rules).await?.rows())?;
        return call
            .write_once(key, move |tx, actor| {
                let done = carry_out(tx, actor, &import, &rows, &rules)?;
                refuse_failed(&done)?;
                tx.forget_changes();
                Answer::ok(&ImportResult::new(done, false))
            })
            .await;
    }
    let mut done = Outcome::default();
    let parts = rows.chunks(PART);
    let report_key = key.part(parts.len());
    for (number, part) in parts.enumerate() {
        let (import, part, rules) = (import.clone(), part.to_vec(), rules.clone());
        let answer = call
            .write_once(key.part(number), move |tx, actor| {
                let done = carry_out(tx, actor, &import, &part, &rules)?;
                tx.forget_changes();
                Answer::ok(&ImportResult::new(done, false))
            })
            .await?;
        let failed = |_| Error::new(ErrorCode::Internal, "This is our fault. Send the file again.");
        let part: ImportResult = serde_json::from_slice(&answer.body).map_err(failed)?;
        done.add(part.rows)?;
    }
    answer(call, import, done, report_key, dry_run).await
}

/// The answer to an import, after its report was stored if there is one.
async fn answer<I: Importable>(
    call: &Call<Create>,
    import: I,
    done: Outcome,
    key: IdempotentRequest,
    dry_run: bool,
) -> Result<Answer> {
    let Outcomes { rows, report } = done.finish()?;
    let mut result = ImportResult::new(rows, dry_run);
    if let Some(content) = report {
        let stored = call.write_once(key, move |tx, actor| {
            let enterprise = import.reach(tx, actor)?.map(|account| account.id);
            let (id, now) = (new_id(tx.now), tx.now);
            let report = ImportReport { enterprise, content: content.clone() };
            import_reports::insert(tx, id, &actor.name(), &report, now)?;
            Answer::ok(&format!("{REPORTS}/{id}"))
        });
        let failed = |_| Error::new(ErrorCode::Internal, "This is our fault. Send the file again.");
        result.report = Some(serde_json::from_slice(&stored.await?.body).map_err(failed)?);
    }
    Answer::ok(&result)
}

/// Refuses further imports of a caller of whose imports too much is kept. An import that has begun, or has ended, with
/// the same key goes on.
pub fn check_quota(tx: &mut Tx<'_>, actor: &Actor, key: &IdempotentRequest) -> Result<()> {
    let (caller, now) = (actor.name(), tx.now);
    for stored in [key.clone(), key.part(0)] {
        if stored.kept(tx, Caller::Actor(actor), now)?.is_some() {
            return Ok(());
        }
    }
    let since = now - TimeDelta::hours(IDEMPOTENCY_HOURS);
    let kept = idempotency::octets_kept(tx, &caller, since)? + import_reports::octets_kept(tx, &caller, since)?;
    if kept < KEPT_OCTETS_MAX {
        return Ok(());
    }
    let detail = format!(
        "{} MiB are kept of your imports of the last {IDEMPOTENCY_HOURS} hours. Correct your files before you import them again, or wait.",
        kept >> 20
    );
    Err(Error::new(ErrorCode::QuotaExceeded, detail).header("retry-after", "3600"))
}

/// The stored response of an earlier request with the same idempotency key.
async fn kept(call: &Call<Create>, key: &IdempotentRequest) -> Result<Option<Answer>> {
    let once = key.clone();
    call.write(move |tx, actor| {
        let now = tx.now;
        once.kept(tx, Caller::Actor(actor), now)
    })
    .await
}

/// Simulates an import: each part is run in a savepoint that is rolled back.
async fn rehearse<I: Importable>(call: &Call<Create>, import: &I, rows: &[Row], rules: &Rules) -> Result<Outcome> {
    let mut would = Outcome::default();
    let mut created = HashSet::new();
    for part in rows.chunks(PART) {
        let (imported, part, used) = (import.clone(), part.to_vec(), rules.clone());
        let keys: Vec<_> = part.iter().map(|row| I::key(row)).collect();
        let done = call.write(move |tx, actor| {
            let outcome: Result<(), Undone> = tx.savepoint(|tx| {
                let done = carry_out(tx, actor, &imported, &part, &used).map_err(Undone::Failed)?;
                Err(Undone::Rows(done))
            });
            match outcome {
                Ok(()) => Ok(Vec::new()),
                Err(Undone::Rows(rows)) => Ok(rows),
                Err(Undone::Failed(error)) => Err(error),
            }
        });
        let mut done = done.await?;
        for (row, key) in done.iter_mut().zip(keys).filter(|(row, _)| row.status == ImportStatus::Created) {
            row.id = None;
            // In the real import, a resource that an earlier part creates would exist here.
            if key.is_some_and(|key| !created.insert(key)) {
                *row = there_already::<I>(row.clone(), rules.on_existing);
            }
        }
        would.add(done)?;
    }
    Ok(would)
}

/// The simulated outcome of a row whose resource an earlier row of the file creates.
fn there_already<I: Importable>(row: ImportRow, on_existing: OnExisting) -> ImportRow {
    match on_existing {
        OnExisting::Skip => ImportRow { status: ImportStatus::Skipped, ..row },
        OnExisting::Update => ImportRow { status: ImportStatus::Updated, ..row },
        OnExisting::Fail => ImportRow { status: ImportStatus::Failed, errors: I::taken().faults(), ..row },
    }
}

/// Executes rows in one transaction. Rows that create something are carried out together, up to one whose outcome may
/// depend on them.
fn carry_out<I: Importable>(
    tx: &mut Tx<'_>,
    actor: &Actor,
    import: &I,
    rows: &[Row],
    rules: &Rules,
) -> Result<Vec<ImportRow>> {
    let enterprise = import.reach(tx, actor)?;
    let place = (actor, enterprise.as_ref());
    let keys: Vec<String> = rows.iter().map(|row| I::key(row).unwrap_or_default()).collect();
    let mut found = I::find(tx, place, &keys.iter().map(String::as_str).collect::<Vec<_>>())?;
    let mut outcomes: Vec<Option<Result<(Status, String)>>> = rows.iter().map(|_| None).collect();
    let mut new = New::<I> { lines: Vec::new(), commands: Vec::new() };
    let mut new_keys = HashSet::new();
    for (line, row) in rows.iter().enumerate() {
        let command = match I::command(row, rules) {
            Ok(command) => command,
            Err(error) => {
                outcomes[line] = Some(Err(error));
                continue;
            }
        };
        let key = &keys[line];
        let is_new = new_keys.contains(key);
        if is_new || (rules.on_existing == OnExisting::Update && found.contains_key(key)) {
            new.create(tx, place, &mut outcomes)?;
            new_keys.clear();
        }
        if is_new {
            found.extend(I::find(tx, place, &[key])?);
        }
        let Some(existing) = found.get(key) else {
            new_keys.insert(key);
            new.lines.push(line);
            new.commands.push(command);
            continue;
        };
        let met = tx.savepoint(|tx| I::meet(tx, place, rules, existing, (row, &command)));
        if let Err(error) = &met
            && error.cause().is_some()
        {
            return Err(error.clone());
        }
        if matches!(met, Ok((Status::Updated, _))) {
            found.extend(I::find(tx, place, &[key])?);
        }
        outcomes[line] = Some(met);
    }
    new.create(tx, place, &mut outcomes)?;
    rows.iter().zip(outcomes).map(|(row, outcome)| row_outcome(row.line, outcome)).collect()
}

/// Rows that create something and have not been carried out yet. Their keys differ.
struct New<I: Importable> {
    lines: Vec<usize>,
    commands: Vec<I::Command>,
}

impl<I: Importable> New<I> {
    fn create(
        &mut self,
        tx: &mut Tx<'_>,
        place: Place<'_>,
        outcomes: &mut [Option<Result<(Status, String)>>],
    ) -> Result<()> {
        let (lines, commands) = (mem::take(&mut self.lines), mem::take(&mut self.commands));
        let created = I::create(tx, place, &commands)?;
        for (line, created) in lines.into_iter().zip(created) {
            outcomes[line] = Some(created.map(|id| (Status::Created, id)));
        }
        Ok(())
    }
}

fn row_outcome(line: u64, outcome: Option<Result<(Status, String)>>) -> Result<ImportRow> {
    match outcome.unwrap_or_else(|| Err(Refusal::NotFound.into())) {
        Ok((status, id)) => {
            Ok(ImportRow { line, status: status.into(), id: Some(id), errors: Vec::new(), errors_omitted: 0 })
        }
        // An outage is not the row's fault, so it ends the import (S7).
        Err(error) if error.cause().is_some() => Err(error),
        Err(error) => {
            Ok(ImportRow { line, status: ImportStatus::Failed, id: None, errors: error.faults(), errors_omitted: 0 })
        }
    }
}

/// Refuses the whole import if a row was refused.
fn refuse_failed(rows: &[ImportRow]) -> Result<()> {
    let failed: Vec<_> = rows.iter().filter(|row| row.status == ImportStatus::Failed).collect();
    if failed.is_empty() {
        return Ok(());
    }
    let faults = failed.iter().flat_map(|row| {
        row.errors.iter().map(|fault| {
            let mut fault = fault.clone();
            fault.detail = format!("Line {}: {}", row.line, fault.detail);
            fault.pointer = format!("/lines/{}{}", row.line, fault.pointer);
            fault
        })
    });
    let detail = format!("{} of {} rows were refused, so none was imported.", failed.len(), rows.len());
    Err(Error::about(ErrorCode::ImportRefused, detail, faults.take(FAULTS_NAMED).collect()))
}
