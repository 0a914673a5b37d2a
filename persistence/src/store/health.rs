//! What is known of the health of the store, from the operations that ran.

use std::sync::atomic::{AtomicBool, Ordering};

use super::database_file::DatabaseFile;
use super::error::Error;

/// Why the store can't serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The database file was removed or replaced while it was open.
    FileGone,
    /// The database file is damaged.
    Damaged,
    /// Changes can't be stored, for example because the disk is full.
    CannotWrite,
    /// The schema does not have the version that this build needs.
    OtherSchema,
}

/// The health of the store, which its threads keep up to date.
#[derive(Default)]
pub(crate) struct Health {
    /// The file of SQLite.
    file: Option<DatabaseFile>,
    /// Stays until the process is restarted: what was read may be wrong.
    is_damaged: AtomicBool,
    /// Until a write succeeds, be it only the trial write of a readiness check.
    cannot_write: AtomicBool,
}

impl Health {
    /// The health of a store in a file.
    pub(crate) fn of(file: DatabaseFile) -> Self {
        Self { file: Some(file), ..Self::default() }
    }

    /// Notes a failure of an operation.
    pub(crate) fn failed(&self, error: &Error) {
        if error.is_damage() && !self.is_damaged.swap(true, Ordering::Relaxed) {
            tracing::error!(%error, "the database is damaged: restore it from a backup");
        }
        if error.is_storage() && !self.cannot_write.swap(true, Ordering::Relaxed) {
            tracing::error!(%error, "changes can't be stored");
        }
    }

    /// Notes that changes were stored.
    pub(crate) fn wrote(&self) {
        if self.cannot_write.load(Ordering::Relaxed) && self.cannot_write.swap(false, Ordering::Relaxed) {
            tracing::info!("changes can be stored again");
        }
    }

    /// Whether the file was removed or replaced.
    pub(crate) fn is_file_gone(&self) -> bool {
        self.file.as_ref().is_some_and(|file| !file.is_in_place())
    }

    /// The trouble that is known without trying anything.
    pub(crate) fn known(&self) -> Option<Trouble> {
        if self.is_file_gone() {
            Some(Trouble::FileGone)
        } else if self.is_damaged.load(Ordering::Relaxed) {
            Some(Trouble::Damaged)
        } else {
            None
        }
    }

    /// Whether it has to be tried if changes can be stored.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.cannot_write.load(Ordering::Relaxed) || self.file.as_ref().is_some_and(DatabaseFile::is_nearly_full)
    }
}
