//! PostgreSQL's threads: each has a connection of its own and gives every operation a transaction (S4).

use std::time::Duration;

use crossbeam_channel::Receiver;
use diesel::connection::SimpleConnection;

use super::caller_cache::CallerCache;
use super::connection::{DatabaseUrl, StoreConnection};
use super::error::Error;
use super::job::{Job, Verdict};

/// Runs of one operation before a conflict with others is given up: with a thread's worth of competitors and growing
/// pauses, far more than any has been seen to need.
const RUNS_MAX: u32 = 30;

/// Each statement sees what is committed; rules that span rows hold by [`crate::accounts::lock`]. Serialisable
/// isolation had to run most of 32 concurrent creations again, because their ids are neighbours in the indexes.
pub(crate) const WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// One snapshot for all queries of a read.
pub(crate) const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Carries out what the queue brings until the queue is closed and empty.
pub(crate) fn work(
    url: &DatabaseUrl,
    connection: StoreConnection,
    begin: &'static str,
    queue: &Receiver<Box<dyn Job>>,
) {
    let mut connection = Some(connection);
    while let Ok(job) = queue.recv() {
        carry_out(url, &mut connection, begin, job);
    }
}

fn carry_out(url: &DatabaseUrl, held: &mut Option<StoreConnection>, begin: &str, mut job: Box<dyn Job>) {
    for run in 1..=RUNS_MAX {
        let connection = match open(url, held, begin) {
            Ok(connection) => connection,
            Err(error) => {
                tracing::error!(%error, "no transaction could be opened");
                return job.fail(error);
            }
        };
        let verdict = job.run(connection, &mut CallerCache::default());
        let statement = if verdict == Verdict::Keep { "COMMIT" } else { "ROLLBACK" };
        let ended = connection.batch_execute(statement).map_err(Error::from);
        let again = match (verdict, ended) {
            (Verdict::Keep | Verdict::Refuse | Verdict::Discard, Ok(())) => return job.answer(),
            (Verdict::Retry, Ok(())) => true,
            (Verdict::Keep, Err(error)) if error.is_retryable() => {
                // The failed commit has ended the transaction already.
                true
            }
            (Verdict::Keep, Err(error)) => {
                tracing::error!(%error, "a transaction could not be committed");
                *held = None;
                return job.fail(error);
            }
            (_, _) => {
                *held = None;
                return job.answer();
            }
        };
        if again && run < RUNS_MAX {
            std::thread::sleep(pause(run));
        }
    }
    tracing::warn!("an operation lost to its competitors again and again");
    job.fail(Error::Busy);
}

/// A connection with an open transaction. Nothing has run yet, so a connection that died while it was idle is
/// replaced.
fn open<'a>(
    url: &DatabaseUrl,
    held: &'a mut Option<StoreConnection>,
    begin: &str,
) -> Result<&'a mut StoreConnection, Error> {
    if let Some(connection) = held.as_mut()
        && connection.batch_execute(begin).is_err()
    {
        *held = None;
    }
    if held.is_none() {
        let mut fresh = url.connect()?;
        fresh.batch_execute(begin)?;
        *held = Some(fresh);
    }
    held.as_mut().ok_or(Error::Closed)
}

/// Grows with the runs, and differs between threads so that competitors don't meet again.
fn pause(run: u32) -> Duration {
    let spread = uuid::Uuid::now_v7().as_u128() % 1000;
    Duration::from_micros(u64::from(run.min(10)) * (200 + u64::try_from(spread).unwrap_or(0)))
}
