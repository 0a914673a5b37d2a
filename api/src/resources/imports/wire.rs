//! Imports on the wire.

use domain::limits;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::kinds::{OnExisting, Status};
use crate::error::ValueError;
use crate::shown;

/// What has become of a file.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"total": 3, "created": 2, "updated": 0, "unchanged": 0, "skipped": 0, "failed": 1}))]
pub struct ImportResult {
    /// Whether nothing was really done.
    #[schema(example = false)]
    pub dry_run: bool,
    /// How many rows the file has.
    #[schema(value_type = shown::ImportTotal)]
    pub total: usize,
    /// How many things were created.
    #[schema(value_type = shown::ImportedRows)]
    pub created: usize,
    /// How many were there already and were changed.
    #[schema(value_type = shown::ImportedRows)]
    pub updated: usize,
    /// How many were there already and are what the row says.
    #[schema(value_type = shown::ImportedRows)]
    pub unchanged: usize,
    /// How many were there already and were left as they are.
    #[schema(value_type = shown::ImportedRows)]
    pub skipped: usize,
    /// How many rows were refused.
    #[schema(value_type = shown::ImportedRows)]
    pub failed: usize,
    /// Every row, in the order of the file.
    #[schema(value_type = Rows)]
    pub rows: Vec<ImportRow>,
}

/// What has become of a row.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"line": 2}))]
pub struct ImportRow {
    /// The line of the file on which it begins, from 1.
    #[schema(value_type = shown::Positive)]
    pub line: u64,
    /// What was done.
    pub status: ImportStatus,
    /// The id of what it is about; `null` when it was refused, and of what a dry run would create.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub id: Option<String>,
    /// Why it was refused: each value that is wrong, by its column or member; empty otherwise.
    #[schema(value_type = RowErrors)]
    pub errors: Vec<ValueError>,
}

/// What was done about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    /// It was created.
    Created,
    /// It was there already and was changed.
    Updated,
    /// It was there already and is what the row says.
    Unchanged,
    /// It was there already and was left as it is.
    Skipped,
    /// It was refused.
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

/// What is done about rows whose thing is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(as = OnExisting, rename_all = "snake_case")]
pub enum OnExistingView {
    /// It is left as it is.
    Skip,
    /// It is changed to what the row says.
    Update,
    /// The row is refused.
    Fail,
}

impl OnExistingView {
    /// Reads a name.
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
    /// The result of rows.
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
        }
    }
}

/// The rows of an import.
type Rows = shown::Many<ImportRow, 0, { limits::IMPORT_ROWS_MAX }>;

/// The wrong values of a row.
type RowErrors = shown::Many<ValueError, 0, { limits::ERRORS_MAX }>;
