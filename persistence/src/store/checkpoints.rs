//! SQLite's checkpoints, which copy the write-ahead log into the file of the database, beside the writer.
//!
//! SQLite would make a checkpoint as a part of every thousandth commit or so, and all that waits for the writer would
//! wait for it, too. Here a thread of its own copies what was committed. Meanwhile the writer goes on; what it has added
//! to the log by then is little, and the writer copies that itself, so that the log can begin anew.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use diesel::connection::SimpleConnection;

use super::connection::{self, SMALL_CACHE_KIB, StoreConnection};
use super::error::Error;
use super::health::Health;
use super::threads::spawn;

/// The pause between two checkpoints. In this time, some 40 MB are written to the log at most.
const PAUSE: Duration = Duration::from_secs(2);

/// The checkpoints of a file, for its writer.
pub(crate) struct Checkpoints {
    changed: Sender<()>,
    /// Dropped to end the thread.
    going_on: Sender<()>,
    /// Whether the thread has copied the log since the writer last looked.
    is_copied: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Checkpoints {
    /// Starts the thread.
    pub(crate) fn start(path: &Path, health: &Arc<Health>) -> Result<Self, Error> {
        let (changed, commits) = bounded(1);
        let (going_on, end) = bounded(0);
        let is_copied = Arc::new(AtomicBool::new(false));
        let mut connection = connection::sqlite(path, SMALL_CACHE_KIB)?;
        let copied = Arc::clone(&is_copied);
        let thread = spawn("checkpoints", health, move |_| copy(&mut connection, &commits, &end, &copied))?;
        Ok(Self { changed, going_on, is_copied, thread })
    }

    /// Leaves it to the thread to make checkpoints of what a connection writes.
    pub(crate) fn take_over(connection: &mut StoreConnection) -> Result<(), Error> {
        Ok(connection.batch_execute("PRAGMA wal_autocheckpoint = 0;")?)
    }

    /// To be called by the writer after each commit that has changed something.
    pub(crate) fn committed(&self, writer: &mut StoreConnection) {
        // If it is full, the thread knows already.
        let _ = self.changed.try_send(());
        if self.is_copied.swap(false, Ordering::Relaxed) {
            checkpoint(writer);
        }
    }

    /// Ends the thread, and empties the log: without one beside it, the file is easier to copy.
    pub(crate) fn end(self, writer: &mut StoreConnection) {
        drop((self.changed, self.going_on));
        if self.thread.join().is_err() {
            tracing::error!("the thread of checkpoints panicked");
        }
        // If this fails, the log simply stays.
        let _ = writer.batch_execute("PRAGMA wal_checkpoint(TRUNCATE);");
    }
}

fn copy(connection: &mut StoreConnection, commits: &Receiver<()>, end: &Receiver<()>, is_copied: &AtomicBool) {
    while commits.recv().is_ok() {
        checkpoint(connection);
        is_copied.store(true, Ordering::Relaxed);
        if end.recv_timeout(PAUSE) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// Copies what it can without waiting for anybody. What it can't copy stays in the log for the next time.
fn checkpoint(connection: &mut StoreConnection) {
    if let Err(error) = connection.batch_execute("PRAGMA wal_checkpoint(PASSIVE);") {
        tracing::warn!(%error, "the write-ahead log could not be copied yet");
    }
}
