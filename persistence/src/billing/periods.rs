//! Which reports are final or being finalised.

use diesel::prelude::*;
use domain::Timestamp;
use domain::billing::{Period, ReportState};

use crate::schema::billing_periods;
use crate::store::connection::StoreConnection;
use crate::store::error::{Error, inserted};
use crate::store::time::{Instant, column, instant};

const FINALISING: &str = "finalising";
const FINAL: &str = "final";

/// A final report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Final {
    /// When it was finalised.
    pub finalised_at: Timestamp,
    /// The SHA-256 hash of the whole report as CSV.
    pub sha256: Vec<u8>,
    /// The form in which it is written as CSV, which its hash depends on.
    pub csv_form: i32,
}

/// The state of the report of a period.
pub fn state(tx: &mut StoreConnection, period: Period) -> Result<ReportState, Error> {
    let row: Option<(String, Instant)> = billing_periods::table
        .filter(billing_periods::period.eq(period.to_string()))
        .select((billing_periods::state, billing_periods::leased_until))
        .first(tx)
        .optional()?;
    match row {
        None => Ok(ReportState::Open),
        Some((state, leased_until)) if state == FINALISING => {
            Ok(ReportState::Finalising { leased_until: instant(leased_until) })
        }
        Some((state, _)) if state == FINAL => Ok(ReportState::Final),
        Some((state, _)) => Err(Error::Corrupt(format!("state of a billing period {state:?}"))),
    }
}

/// The final report of a period; `None` if the report is not final.
pub fn find_final(tx: &mut StoreConnection, period: Period) -> Result<Option<Final>, Error> {
    let row: Option<(Option<Instant>, Option<Vec<u8>>, i32)> = billing_periods::table
        .filter(billing_periods::period.eq(period.to_string()))
        .select((billing_periods::finalised_at, billing_periods::sha256, billing_periods::csv_form))
        .first(tx)
        .optional()?;
    let found = row.and_then(|(finalised_at, sha256, csv_form)| Some((finalised_at?, sha256?, csv_form)));
    Ok(found.map(|(finalised_at, sha256, csv_form)| Final { finalised_at: instant(finalised_at), sha256, csv_form }))
}

/// Prevents others from starting to finalise a report until the transaction ends. No lock is needed on SQLite, which
/// has only one writer.
pub fn hold_open(tx: &mut StoreConnection) -> Result<(), Error> {
    if let StoreConnection::Postgresql(connection) = tx {
        diesel::sql_query("LOCK TABLE billing_periods IN SHARE MODE").execute(connection)?;
    }
    Ok(())
}

/// Starts to finalise a report, or resumes an attempt whose lease has expired. Returns `false` if the report is final
/// or another request is finalising it; the transaction must then be rolled back.
pub fn begin(tx: &mut StoreConnection, period: Period, now: Timestamp, until: Timestamp) -> Result<bool, Error> {
    let left = billing_periods::table
        .filter(billing_periods::period.eq(period.to_string()))
        .filter(billing_periods::state.eq(FINALISING))
        .filter(billing_periods::leased_until.le(column(now)));
    if diesel::update(left).set(billing_periods::leased_until.eq(column(until))).execute(tx)? == 1 {
        return Ok(true);
    }
    let begun = diesel::insert_into(billing_periods::table).values((
        billing_periods::period.eq(period.to_string()),
        billing_periods::state.eq(FINALISING),
        billing_periods::leased_until.eq(column(until)),
        billing_periods::finalised_at.eq(None::<Instant>),
        billing_periods::sha256.eq(None::<Vec<u8>>),
    ));
    inserted(begun.execute(tx))
}

/// Extends a lease that ends at `held`. Returns `false` if another request has taken over.
pub fn renew(tx: &mut StoreConnection, period: Period, held: Timestamp, until: Timestamp) -> Result<bool, Error> {
    let own = billing_periods::table
        .filter(billing_periods::period.eq(period.to_string()))
        .filter(billing_periods::state.eq(FINALISING))
        .filter(billing_periods::leased_until.eq(column(held)));
    Ok(diesel::update(own).set(billing_periods::leased_until.eq(column(until))).execute(tx)? == 1)
}

/// Marks a report as final. All its lines must be stored. Returns `false` if another request has taken over.
pub fn finish(
    tx: &mut StoreConnection,
    period: Period,
    held: Timestamp,
    (sha256, csv_form): (&[u8], i32),
    now: Timestamp,
) -> Result<bool, Error> {
    let own = billing_periods::table
        .filter(billing_periods::period.eq(period.to_string()))
        .filter(billing_periods::state.eq(FINALISING))
        .filter(billing_periods::leased_until.eq(column(held)));
    let done = diesel::update(own).set((
        billing_periods::state.eq(FINAL),
        billing_periods::finalised_at.eq(Some(column(now))),
        billing_periods::sha256.eq(Some(sha256)),
        billing_periods::csv_form.eq(csv_form),
    ));
    Ok(done.execute(tx)? == 1)
}
