//! Response bodies of imports.

use domain::limits;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::kinds::{OnExisting, Status};
use crate::error::ValueError;
use crate::shown;

/// The result of an import.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"total": 3, "created": 2, "updated": 0, "unchanged": 0, "skipped": 0, "failed": 1}))]
pub struct ImportResult {
    /// Whether this was a dry run, which changes nothing.
    #[schema(example = false)]
    pub dry_run: bool,
    /// Number of rows in the file.
    #[schema(value_type = shown::ImportTotal)]
    pub total: usize,
    /// Number of rows that created a resource.
    #[schema(value_type = shown::ImportedRows)]
    pub created: usize,
    /// Number of rows whose resource existed and was updated.
    #[schema(value_type = shown::ImportedRows)]
    pub updated: usize,
    /// Number of rows whose resource existed and already had the values of the row.
    #[schema(value_type = shown::ImportedRows)]
    pub unchanged: usize,
    /// Number of rows whose resource existed and was left unchanged.
    #[schema(value_type = shown::ImportedRows)]
    pub skipped: usize,
    /// Number of rows that were refused.
    #[schema(value_type = shown::ImportedRows)]
    pub failed: usize,
    /// The result of every row, in the order of the file.
    #[schema(value_type = Rows)]
    pub rows: Vec<ImportRow>,
    /// Where to download the result with all errors, for 24 hours; `null` if the rows have them all. Only the first 1,000
    /// errors of a file are in the answer.
    #[serde(default)]
    #[schema(value_type = Option<shown::ImportReportPath>, example = "/import-reports/import_report_01h455vb4pex5vsknk084sn02q")]
    pub report: Option<String>,
}

/// The result of a row.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"line": 2}))]
pub struct ImportRow {
    /// The line of the file on which the row starts, counted from 1.
    #[schema(value_type = shown::Positive)]
    pub line: u64,
    /// The outcome of the row.
    pub status: ImportStatus,
    /// The id of the resource; `null` if the row was refused, or if a dry run would create the resource.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub id: Option<String>,
    /// Why the row was refused: one error for each wrong value, named by column or field. Empty if the row was not
    /// refused.
    #[schema(value_type = RowErrors)]
    pub errors: Vec<ValueError>,
    /// How many further errors the row has, which are in the report.
    #[serde(default)]
    #[schema(value_type = shown::OmittedErrors)]
    pub errors_omitted: usize,
}

/// The outcome of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    /// The resource was created.
    Created,
    /// The resource existed and was updated.
    Updated,
    /// The resource existed and already had the values of the row.
    Unchanged,
    /// The resource existed and was left unchanged.
    Skipped,
    /// The row was refused; see `errors`.
    Failed,
}

impl From<Status> for ImportStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Created => Self::Created,
            Status::Updated => Self::Updated,
            Status::Unchanged => Self::Unchanged,
            Status::Skipped => Self::Skipped,
        }
    }
}

/// What to do with rows whose resource already exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(as = OnExisting, rename_all = "snake_case")]
pub enum OnExistingView {
    /// Leave the existing resource unchanged.
    Skip,
    /// Update the existing resource to the values of the row.
    Update,
    /// Refuse the row.
    Fail,
}

impl OnExistingView {
    /// Parses the value of the `on_existing` parameter.
    #[must_use]
    pub fn parse(text: &str) -> Option<OnExisting> {
        match text {
            "skip" => Some(OnExisting::Skip),
            "update" => Some(OnExisting::Update),
            "fail" => Some(OnExisting::Fail),
            _ => None,
        }
    }
}

impl ImportResult {
    /// Counts the outcomes of rows.
    #[must_use]
    pub fn new(rows: Vec<ImportRow>, dry_run: bool) -> Self {
        let count = |status| rows.iter().filter(|row| row.status == status).count();
        Self {
            dry_run,
            total: rows.len(),
            created: count(ImportStatus::Created),
            updated: count(ImportStatus::Updated),
            unchanged: count(ImportStatus::Unchanged),
            skipped: count(ImportStatus::Skipped),
            failed: count(ImportStatus::Failed),
            rows,
            report: None,
        }
    }
}

type Rows = shown::Many<ImportRow, 0, { limits::IMPORT_ROWS_MAX }>;
type RowErrors = shown::Many<ValueError, 0, { limits::ERRORS_MAX }>;
