//! PostgreSQL's threads: each has its own connection and runs every operation in its own transaction (S4).

use std::time::Duration;

use crossbeam_channel::Receiver;
use diesel::connection::SimpleConnection;

use super::caller_cache::CallerCache;
use super::connection::{DatabaseUrl, StoreConnection};
use super::error::Error;
use super::health::Health;
use super::job::{Job, Verdict};

/// How often an operation is run before it fails with [`Error::Busy`] because of conflicts. The pauses between runs
/// grow, so operations need far fewer in practice.
const RUNS_MAX: u32 = 30;

/// Each statement sees what is committed when it starts; [`crate::accounts::lock`] protects rules that span several
/// rows. Serialisable isolation is not an option: most of 32 concurrent creations had to be retried, because their ids
/// are adjacent in the indexes.
pub(crate) const WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// All queries of a read see the same snapshot.
pub(crate) const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Runs queued operations until the queue is closed and empty.
pub(crate) fn work(
    url: &DatabaseUrl,
    connection: StoreConnection,
    begin: &'static str,
    queue: &Receiver<Box<dyn Job>>,
    health: &Health,
) {
    let mut connection = Some(connection);
    while let Ok(job) = queue.recv() {
        carry_out(url, &mut connection, begin, job, health);
    }
}

fn carry_out(
    url: &DatabaseUrl,
    held: &mut Option<StoreConnection>,
    begin: &str,
    mut job: Box<dyn Job>,
    health: &Health,
) {
    for run in 1..=RUNS_MAX {
        let connection = match open(url, held, begin) {
            Ok(connection) => connection,
            Err(error) => {
                tracing::error!(%error, "no transaction could be opened");
                return job.fail(error);
            }
        };
        let verdict = job.run(connection, &mut CallerCache::default());
        if verdict == Verdict::Discard {
            job.failure().inspect(|error| health.failed(error));
        }
        let statement = if verdict == Verdict::Keep { "COMMIT" } else { "ROLLBACK" };
        let ended = connection.batch_execute(statement).map_err(Error::from);
        let again = match (verdict, ended) {
            (Verdict::Keep | Verdict::Refuse | Verdict::Discard, Ok(())) => return job.answer(),
            (Verdict::Retry, Ok(())) => true,
            (Verdict::Keep, Err(error)) if error.is_retryable() => {
                // The failed commit has already ended the transaction.
                true
            }
            (Verdict::Keep, Err(error)) => {
                tracing::error!(%error, "a transaction could not be committed");
                health.failed(&error);
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

/// Begins a transaction, on the existing connection if there is one. Nothing has run yet, so a connection that broke
/// while idle can safely be replaced.
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

/// The pause before the next run: 0.2 to 1.2 ms times the number of runs (at most 10), with random jitter so that
/// competing threads don't collide again.
fn pause(run: u32) -> Duration {
    let spread = uuid::Uuid::now_v7().as_u128() % 1000;
    Duration::from_micros(u64::from(run.min(10)) * (200 + u64::try_from(spread).unwrap_or(0)))
}
