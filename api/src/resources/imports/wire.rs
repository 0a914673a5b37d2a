//! Imports on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::kinds::{OnExisting, Status};
use crate::error::ValueError;

/// What has become of a file.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ImportResult {
    /// Whether nothing was really done.
    #[schema(example = false)]
    pub dry_run: bool,
    /// How many rows the file has.
    #[schema(example = 3, minimum = 1, maximum = 10000)]
    pub total: usize,
    /// How many things were created.
    #[schema(example = 2, minimum = 0, maximum = 10000)]
    pub created: usize,
    /// How many were there already and were changed.
    #[schema(example = 0, minimum = 0, maximum = 10000)]
    pub updated: usize,
    /// How many were there already and are what the row says.
    #[schema(example = 0, minimum = 0, maximum = 10000)]
    pub unchanged: usize,
    /// How many were there already and were left as they are.
    #[schema(example = 0, minimum = 0, maximum = 10000)]
    pub skipped: usize,
    /// How many rows were refused.
    #[schema(example = 1, minimum = 0, maximum = 10000)]
    pub failed: usize,
    /// Every row, in the order of the file.
    #[schema(max_items = 10000)]
    pub rows: Vec<ImportRow>,
}

/// What has become of a row.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportRow {
    /// The line of the file on which it begins, from 1.
    #[schema(example = 2, minimum = 1)]
    pub line: u64,
    /// What was done.
    pub status: ImportStatus,
    /// The id of what it is about; `null` when it was refused, and of what a dry run would create.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub id: Option<String>,
    /// Why it was refused: each value that is wrong, by its column or member; empty otherwise.
    #[schema(max_items = 100)]
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
    pub fn of(rows: Vec<ImportRow>, dry_run: bool) -> Self {
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
