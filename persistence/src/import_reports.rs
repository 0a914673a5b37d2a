//! The complete results of imports with too many errors to list. They are kept for a day.

use diesel::dsl::sum;
use diesel::prelude::*;
use domain::Timestamp;
use domain::id::{AccountId, ImportReportId};

use crate::schema::import_reports;
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::text::length;
use crate::store::time::column;

/// A stored report.
#[derive(Debug, Clone)]
pub struct ImportReport {
    /// The enterprise whose users were imported; `None` for an import of accounts.
    pub enterprise: Option<AccountId>,
    /// Its compressed content.
    pub content: Vec<u8>,
}

/// Stores a report.
pub fn insert(
    tx: &mut StoreConnection,
    id: ImportReportId,
    caller: &str,
    report: &ImportReport,
    now: Timestamp,
) -> Result<(), Error> {
    diesel::insert_into(import_reports::table)
        .values((
            import_reports::id.eq(Key::from(id)),
            import_reports::caller.eq(caller),
            import_reports::enterprise_id.eq(report.enterprise.map(Key::from)),
            import_reports::content.eq(&report.content),
            import_reports::created_at.eq(column(now)),
        ))
        .execute(tx)?;
    Ok(())
}

/// The report with this id, if this caller's import made it since an instant.
pub fn by_id(
    tx: &mut StoreConnection,
    caller: &str,
    id: ImportReportId,
    since: Timestamp,
) -> Result<Option<ImportReport>, Error> {
    let row: Option<(Option<Key>, Vec<u8>)> = import_reports::table
        .filter(import_reports::id.eq(Key::from(id)))
        .filter(import_reports::caller.eq(caller))
        .filter(import_reports::created_at.gt(column(since)))
        .select((import_reports::enterprise_id, import_reports::content))
        .first(tx)
        .optional()?;
    Ok(row.map(|(enterprise, content)| ImportReport { enterprise: enterprise.map(Key::id), content }))
}

/// How many octets the reports of a caller take that were stored since an instant.
pub fn octets_kept(tx: &mut StoreConnection, caller: &str, since: Timestamp) -> Result<i64, Error> {
    let kept = import_reports::table
        .filter(import_reports::caller.eq(caller))
        .filter(import_reports::created_at.gt(column(since)));
    let octets: Option<i64> = kept.select(sum(length(import_reports::content))).get_result(tx)?;
    Ok(octets.unwrap_or_default())
}
