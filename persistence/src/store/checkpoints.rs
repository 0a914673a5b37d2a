//! SQLite's checkpoints, which copy the write-ahead log into the file of the database, beside the writer.
//!
//! By itself, SQLite makes a checkpoint as a part of a commit once the log is long, and all that waits for the writer waits
//! for it, too. Here a thread of its own copies what was committed, and flushes the file. Meanwhile the writer goes
//! on; what it has added to the log by then is little, and the writer copies that itself, so that the log can begin anew.
//! That the two take turns needs SQLite 3.51.3 or later: before, a log that began anew meanwhile could lose commits.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use diesel::connection::SimpleConnection;
use diesel::deserialize::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::connection::{self, BUSY_TIMEOUT, SMALL_CACHE_KIB, StoreConnection};
use super::error::Error;
use super::health::Health;
use super::threads::spawn;

/// The pause between two checkpoints.
const PAUSE: Duration = Duration::from_secs(2);
/// The pause after one that found much in the log. Under full load, some 90 MB are written to it in a second.
const SHORT_PAUSE: Duration = Duration::from_millis(200);
/// How many pages in the log are much: 8 MB.
const LOG_MUCH: i32 = 2_000;
/// How often the thread goes on with what was committed while it copied. A turn in which nothing was committed is the last
/// one, and flushes the file.
const TURNS_MAX: usize = 5;
/// Pages in the log above which the writer waits for readers, so that the log can begin anew: 128 MB.
const LOG_MAX: i32 = 32_000;
/// How long it waits for them.
const READERS_WAIT: &str = "PRAGMA busy_timeout = 100;";

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
        if !self.is_copied.load(Ordering::Relaxed) {
            return;
        }
        let mut progress = checkpoint(writer, "PASSIVE");
        if progress.as_ref().is_some_and(|progress| progress.log > LOG_MAX && !progress.is_complete())
            && writer.batch_execute(READERS_WAIT).is_ok()
        {
            progress = checkpoint(writer, "RESTART");
            if let Err(error) = writer.batch_execute(BUSY_TIMEOUT) {
                tracing::warn!(%error, "the writer's time-out could not be set back");
            }
        }
        // Readers of an earlier state can prevent it from copying all; then the next commit tries again.
        if progress.is_none_or(|progress| progress.is_complete()) {
            self.is_copied.store(false, Ordering::Relaxed);
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
        let mut pause = PAUSE;
        for _ in 0..TURNS_MAX {
            let Some(progress) = checkpoint(connection, "PASSIVE") else { break };
            if progress.log > LOG_MUCH {
                pause = SHORT_PAUSE;
            }
            if progress.is_complete() {
                break;
            }
        }
        is_copied.store(true, Ordering::Relaxed);
        if end.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// How many pages the log has, and how many of them were copied.
#[derive(QueryableByName)]
struct Progress {
    #[diesel(sql_type = Integer)]
    log: i32,
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

impl Progress {
    fn is_complete(&self) -> bool {
        self.log == self.checkpointed
    }
}

/// Copies what it can. `None` if that failed; what was not copied stays in the log for the next time.
fn checkpoint(connection: &mut StoreConnection, mode: &str) -> Option<Progress> {
    let StoreConnection::Sqlite(connection) = connection else { return None };
    let progress = diesel::sql_query(format!("PRAGMA wal_checkpoint({mode})")).get_result(connection);
    progress.inspect_err(|error| tracing::warn!(%error, "the write-ahead log could not be copied yet")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s4_the_log_begins_anew_once_nobody_reads_an_earlier_state() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("teammate.db");
        let mut writer = connection::sqlite(&path, SMALL_CACHE_KIB).unwrap();
        Checkpoints::take_over(&mut writer).unwrap();
        writer.batch_execute("CREATE TABLE texts (text TEXT)").unwrap();
        let mut write = |times: usize| {
            for _ in 0..times {
                writer.batch_execute("INSERT INTO texts VALUES (hex(zeroblob(4000)))").unwrap();
            }
            checkpoint(&mut writer, "PASSIVE").unwrap()
        };
        assert!(write(20).is_complete());
        let mut reader = connection::sqlite_reading(&path, SMALL_CACHE_KIB).unwrap();
        write(1);
        write(1);
        // SQLite knows which state a reader has only once it has read something.
        reader.batch_execute("BEGIN").unwrap();
        reader.batch_execute("SELECT count(*) FROM texts").unwrap();
        write(1);
        let held = write(20);
        assert!(!held.is_complete() && held.log > 40);
        reader.batch_execute("COMMIT").unwrap();
        assert!(write(1).is_complete());
        assert!(write(1).log < held.log);
    }
}
