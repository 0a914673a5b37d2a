//! Runs an import: in parts, so that other writers don't wait for it, or in one transaction if it is atomic.

use std::collections::HashSet;

use super::kinds::{Importable, OnExisting, Rules};
use super::read::Row;
use super::wire::{ImportResult, ImportRow, ImportStatus};
use crate::access::{Actor, Create};
use crate::app::{Call, Tx};
use crate::error::{Error, ErrorCode, Result};
use crate::http::Answer;
use crate::http::idempotency::{Caller, IdempotentRequest};

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
        return Answer::ok(&ImportResult::new(would, true));
    }
    if atomic {
        if let Some(kept) = kept(call, &key).await? {
            return Ok(kept);
        }
        // Other writers wait while all rows run in one transaction. So refusals are found by a rehearsal in parts
        // first.
        refuse_failed(&rehearse(call, &import, &rows, &rules).await?)?;
        return call
            .write_once(key, move |tx, actor| {
                let done = carry_out(tx, actor, &import, &rows, &rules)?;
                refuse_failed(&done)?;
                Answer::ok(&ImportResult::new(done, false))
            })
            .await;
    }
    let mut done = Vec::with_capacity(rows.len());
    for (number, part) in rows.chunks(PART).enumerate() {
        let (import, part, rules) = (import.clone(), part.to_vec(), rules.clone());
        let answer = call
            .write_once(key.part(number), move |tx, actor| {
                let done = carry_out(tx, actor, &import, &part, &rules)?;
                Answer::ok(&ImportResult::new(done, false))
            })
            .await?;
        let failed = |_| Error::new(ErrorCode::Internal, "This is our fault. Send the file again.");
        let part: ImportResult = serde_json::from_slice(&answer.body).map_err(failed)?;
        done.extend(part.rows);
    }
    Answer::ok(&ImportResult::new(done, false))
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
async fn rehearse<I: Importable>(
    call: &Call<Create>,
    import: &I,
    rows: &[Row],
    rules: &Rules,
) -> Result<Vec<ImportRow>> {
    let mut would: Vec<ImportRow> = Vec::with_capacity(rows.len());
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
        for (mut row, key) in done.await?.into_iter().zip(keys) {
            if row.status == ImportStatus::Created {
                row.id = None;
                // In the real import, a resource that an earlier part creates would exist here.
                if key.is_some_and(|key| !created.insert(key)) {
                    row = there_already::<I>(row, rules.on_existing);
                }
            }
            would.push(row);
        }
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

fn carry_out<I: Importable>(
    tx: &mut Tx<'_>,
    actor: &Actor,
    import: &I,
    rows: &[Row],
    rules: &Rules,
) -> Result<Vec<ImportRow>> {
    let enterprise = import.reach(tx, actor)?;
    let mut done = Vec::with_capacity(rows.len());
    for row in rows {
        let outcome = tx.savepoint(|tx| I::carry_out(tx, actor, rules, enterprise.as_ref(), row));
        let line = row.line;
        done.push(match outcome {
            Ok((status, id)) => ImportRow { line, status: status.into(), id: Some(id), errors: Vec::new() },
            // An outage is not the row's fault, so it ends the import (S7).
            Err(error) if error.cause().is_some() => return Err(error),
            Err(error) => ImportRow { line, status: ImportStatus::Failed, id: None, errors: error.faults() },
        });
    }
    Ok(done)
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
