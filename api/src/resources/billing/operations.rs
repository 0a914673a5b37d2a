//! Finalising reports. The lines are stored in many short transactions, so that other writers don't wait.

use aws_lc_rs::digest;
use chrono::TimeDelta;
use domain::Timestamp;
use domain::account::{Ancestry, Scope};
use domain::billing::{Line, Period, Totals, check_finalisable};
use domain::refusal::Refusal;
use persistence::billing::{LineFilter, lines, periods};
use persistence::{Database, StoreConnection};
use serde_json::json;

use super::csv::{self, Frame};
use super::report::{Reader, Report};
use super::wire::hexadecimal;
use crate::app::Tx;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::events::record::{NewEvent, record};

/// The duration of the lease on finalising a report. It is renewed with every part. If the process dies, another
/// request can resume after this time.
const LEASE: TimeDelta = TimeDelta::minutes(2);

/// Starts or resumes finalising the report of a period, and returns the end of the lease. Refused if the period is not
/// over, if the report is final, or if another request has the lease.
pub fn begin(tx: &mut StoreConnection, period: Period, now: Timestamp) -> Result<Timestamp> {
    check_finalisable(period, periods::state(tx, period)?, now)?;
    Report::find(tx, period, LineFilter::all(Scope::Platform), now)?;
    let until = now + LEASE;
    if periods::begin(tx, period, now, until)? { Ok(until) } else { Err(Refusal::ReportBeingFinalised.into()) }
}

/// A report whose lines are all stored, but which is not final yet.
pub struct WrittenDown {
    /// The SHA-256 of the whole report as CSV.
    pub sha256: Vec<u8>,
    /// The totals of its lines by service.
    pub totals: [Totals; 2],
    /// The end of the lease.
    pub held: Timestamp,
}

/// Stores the lines of a report and computes its hash and totals. Resumes after the last line that an earlier attempt
/// stored. Every part has a transaction of its own, so that other writers are not blocked.
pub async fn write_down(
    database: &Database,
    clock: &Clock,
    period: Period,
    mut held: Timestamp,
) -> Result<WrittenDown> {
    let all = LineFilter::all(Scope::Platform);
    let last = database.read(move |tx| lines::last(tx, period).map_err(Error::from)).await?;
    let mut reader = Reader::new(database.clone(), Report::counted(period, all.clone(), period.end()), last);
    while let Some(part) = reader.next().await? {
        held = keep(database, period, held, clock.now() + LEASE, part).await?;
    }
    let (frame, mut hash) = (Frame::new(period, true, true, csv::FORM), digest::Context::new(&digest::SHA256));
    let mut totals = [Totals::default(); 2];
    hash.update(&csv::header(csv::FORM)?);
    let mut reader = Reader::new(database.clone(), Report::written(period, all), None);
    while let Some(part) = reader.next().await? {
        hash.update(&csv::lines(&frame, &part)?);
        for line in &part {
            totals[line.service as usize].add(line);
        }
        held = keep(database, period, held, clock.now() + LEASE, Vec::new()).await?;
    }
    Ok(WrittenDown { sha256: hash.finish().as_ref().to_vec(), totals, held })
}

/// Stores a part of the lines and renews the lease until `until`. Refused if the lease was lost.
async fn keep(
    database: &Database,
    period: Period,
    held: Timestamp,
    until: Timestamp,
    part: Vec<Line>,
) -> Result<Timestamp> {
    let write = move |tx: &mut StoreConnection| {
        if !periods::renew(tx, period, held, until)? {
            return Err(Error::from(Refusal::ReportBeingFinalised));
        }
        Ok(lines::insert(tx, period, &part)?)
    };
    database.write(write).await.map(|()| until)
}

/// Marks a report as final whose lines are all stored. Refused if the lease was lost.
pub fn finish(tx: &mut Tx<'_>, period: Period, written: &WrittenDown) -> Result<()> {
    let now = tx.now;
    let WrittenDown { sha256, totals: _, held } = written;
    if !periods::finish(tx, period, *held, (sha256, csv::FORM), now)? {
        return Err(Refusal::ReportBeingFinalised.into());
    }
    let what = NewEvent {
        action: "billing_report.finalised".to_owned(),
        subject: period.to_string(),
        ancestry: Ancestry::default(),
        before: json!({"status": "open"}),
        after: json!({"status": "final", "sha256": hexadecimal(sha256)}),
    };
    record(tx, &what)
}
