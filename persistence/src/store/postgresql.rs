//! PostgreSQL's threads: each takes what waits, and a connection of the pool for as long as that takes (S4).
//!
//! Reads are carried out in groups, on one snapshot. What they want to know at first, such as their callers, is loaded
//! for all of them at once. Changes have a transaction each.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use diesel::connection::SimpleConnection;

use super::database_file::Access;
use super::error::Error;
use super::group::{self, Shared};
use super::health::Health;
use super::job::{Job, Verdict};
use super::known::{Known, Wanted};
use super::pool::{Pool, PoolOptions, Pooled};
use super::threads::{Queues, spawn};
use super::{migrations, reply_batch};

/// How often an operation is run before it fails with [`Error::Busy`] because of conflicts. The pauses between runs
/// grow, so operations need far fewer in practice.
const RUNS_MAX: u32 = 30;
/// After this time, a group gives the answers that it has, although others are not done.
const GIVE_AFTER: Duration = Duration::from_millis(5);
/// Most changes in one set. The first one waits for the last.
const SET_MAX: usize = 64;
/// How much the reads of one group may cost together. Other threads could carry out some of them
/// meanwhile.
const COST_MAX: usize = 64;

/// Each statement sees what is committed when it starts; [`crate::accounts::lock`] protects rules that span several
/// rows. Serialisable isolation is not an option: most of 32 concurrent creations had to be retried, because their ids
/// are adjacent in the indexes.
const WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// A set does not wait long for the locks of others, such as a long import: all of its members would wait.
const WRITE_SET: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '500ms'";
/// All queries of a group see the same snapshot.
const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// Reads of much may read whole tables, and their plans depend on what they look for.
const READ_LONG: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = on; \
    SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; SET LOCAL enable_material = on";

/// Runs pending migrations and starts the threads, each of which has one connection at a time: a quarter of them for
/// reads, long reads and what is created in sets each, and the others for other changes. Of fewer than four connections,
/// the threads share each.
pub(crate) fn start(
    pool: &Pool,
    (pool_options, access): (PoolOptions, Access),
    health: &Arc<Health>,
    (queues, creations): (&Queues, &Receiver<Box<dyn Job>>),
    alone: &Sender<Box<dyn Job>>,
) -> Result<Vec<JoinHandle<()>>, Error> {
    let mut held = pool.take()?;
    // Migrations change the settings of their connection.
    held.is_broken = true;
    migrations::prepare(&mut held.connection, access)?;
    drop(held);
    let connections = pool_options.connections;
    let quarter = (connections / 4).max(1);
    let writers = connections.saturating_sub(3 * quarter).max(1);
    let mut threads = Vec::new();
    for _ in 0..quarter {
        let (pool, queue) = (pool.clone(), queues.reads.clone());
        threads.push(spawn("reader", health, move |health| read(&pool, READ, COST_MAX, &queue, health))?);
    }
    for _ in 0..quarter {
        let (pool, queue) = (pool.clone(), queues.long_reads.clone());
        threads.push(spawn("long-reader", health, move |health| read(&pool, READ_LONG, 1, &queue, health))?);
    }
    for _ in 0..quarter {
        let (pool, queue, alone) = (pool.clone(), creations.clone(), alone.clone());
        threads.push(spawn("creator", health, move |health| create(&pool, &queue, &alone, health))?);
    }
    for _ in 0..writers {
        let (pool, queue) = (pool.clone(), queues.writes.clone());
        threads.push(spawn("writer", health, move |health| write(&pool, &queue, health))?);
    }
    Ok(threads)
}

/// Runs queued reads in groups, until the queue is closed and empty. `begin` opens the transaction of a group. Reads are
/// taken until they cost `most` together.
fn read(pool: &Pool, begin: &str, most: usize, queue: &Receiver<Box<dyn Job>>, health: &Health) {
    while let Ok(first) = queue.recv() {
        let mut cost = cost_of(first.as_ref());
        let mut group = VecDeque::from([first]);
        while cost < most
            && let Ok(job) = queue.try_recv()
        {
            cost += cost_of(job.as_ref());
            group.push_back(job);
        }
        read_group(pool, begin, group, health);
    }
}

/// What a read costs beside others of its group, about: an account is loaded together with those of the others, anything
/// else needs statements of its own.
fn cost_of(job: &dyn Job) -> usize {
    match (job.question(), job.wanted()) {
        (Some(_), _) => 16,
        (None, Some(wanted)) if wanted.account.is_some() => 1,
        (None, _) => 4,
    }
}

fn read_group(pool: &Pool, begin: &str, mut waiting: VecDeque<Box<dyn Job>>, health: &Health) {
    let (mut loads, mut has_failed) = (true, false);
    // After a failed query, PostgreSQL takes no more in the same transaction: the others go on in a new one.
    while !waiting.is_empty() {
        let mut held = match pool.begin(begin) {
            Ok(held) => held,
            Err(error) => return group::fail_all(waiting.into(), error, health),
        };
        let (failed, verdict) = read_on(&mut held, &mut waiting, loads, health);
        if let Err(error) = held.connection.batch_execute("COMMIT") {
            tracing::warn!(%error, "reads could not be committed");
            held.is_broken = true;
        }
        held.is_broken |= verdict == Verdict::Disconnected;
        match failed {
            // Reads change nothing, so the one that met a broken connection or a conflict runs again, once.
            Some(job) if matches!(verdict, Verdict::Disconnected | Verdict::Retry) && !has_failed => {
                has_failed = true;
                waiting.push_front(job);
            }
            Some(job) => reply_batch::give(vec![job]),
            // Nothing may be taken for missing because it could not be loaded (S7): each read asks for itself.
            None => loads = false,
        }
    }
}

/// Runs reads until one of them fails, and returns that one with the verdict on it. Before, what all of them want is loaded,
/// if `loads`; if that fails, none has run.
fn read_on(
    held: &mut Pooled,
    waiting: &mut VecDeque<Box<dyn Job>>,
    loads: bool,
    health: &Health,
) -> (Option<Box<dyn Job>>, Verdict) {
    let mut known = Known::default();
    let wanted: Vec<Wanted> = waiting.iter().filter(|_| loads).filter_map(|job| job.wanted()).collect();
    if let Some(first) = wanted.first() {
        let load = || (first.load)(&mut held.connection, &mut known, &wanted);
        let loaded = catch_unwind(AssertUnwindSafe(load)).unwrap_or(Err(Error::Panicked));
        if let Err(error) = loaded {
            tracing::warn!(%error, "what a group of reads needs could not be loaded");
            let verdict = if error.is_disconnect() { Verdict::Disconnected } else { Verdict::Discard };
            return (None, verdict);
        }
    }
    let (mut shared, mut done, mut given_at) = (Shared::default(), Vec::new(), Instant::now());
    let mut failed = (None, Verdict::Keep);
    while let Some(mut job) = waiting.pop_front() {
        let verdict = shared.run(job.as_mut(), &mut held.connection, &mut known);
        if verdict == Verdict::Discard {
            job.failure().inspect(|error| health.failed(error));
        }
        if !matches!(verdict, Verdict::Keep | Verdict::Refuse) {
            failed = (Some(job), verdict);
            break;
        }
        done.push(job);
        // Nobody waits for a neighbour that takes long.
        if given_at.elapsed() > GIVE_AFTER {
            reply_batch::give(std::mem::take(&mut done));
            given_at = Instant::now();
        }
    }
    reply_batch::give(done);
    failed
}

/// Runs queued changes one by one, until the queue is closed and empty.
fn write(pool: &Pool, queue: &Receiver<Box<dyn Job>>, health: &Health) {
    while let Ok(job) = queue.recv() {
        carry_out(pool, job, health);
    }
}

/// Carries out what is queued in sets, each in one transaction, until the queue is closed and empty. The more threads do
/// so, the smaller are the sets. What has to be carried out alone goes to `alone`, the queue of other changes.
fn create(pool: &Pool, queue: &Receiver<Box<dyn Job>>, alone: &Sender<Box<dyn Job>>, health: &Health) {
    while let Ok(first) = queue.recv() {
        let mut group = vec![first];
        group.extend(queue.try_iter().take(SET_MAX - 1));
        for set in group::in_sets(group) {
            create_set(pool, set, alone, health);
        }
    }
}

fn create_set(pool: &Pool, mut set: Vec<Box<dyn Job>>, alone: &Sender<Box<dyn Job>>, health: &Health) {
    // A connection may break once: nothing was committed, so the set runs again.
    for is_last in [false, true] {
        match try_set(pool, &mut set) {
            Ok(Verdict::Keep) => return reply_batch::give(set),
            Ok(Verdict::Disconnected) if !is_last => {}
            Ok(Verdict::Disconnected) => {
                return group::fail_all(set, Error::Unavailable("the connection broke".to_owned()), health);
            }
            Ok(Verdict::Refuse | Verdict::Discard | Verdict::Retry) => break,
            Err(error) => return group::fail_all(set, error, health),
        }
    }
    for job in set {
        if let Err(unsent) = alone.try_send(job) {
            carry_out(pool, unsent.into_inner(), health);
        }
    }
}

/// Carries out a set and commits it if the verdict is [`Verdict::Keep`]. With another verdict, nothing of it was done.
/// Fails if it is not known whether it was done.
fn try_set(pool: &Pool, set: &mut [Box<dyn Job>]) -> Result<Verdict, Error> {
    let Some((first, others)) = set.split_first_mut() else { return Ok(Verdict::Keep) };
    let mut held = pool.begin(WRITE_SET)?;
    let verdict = first.run_set(others, &mut held.connection, &mut Known::default());
    if verdict == Verdict::Keep {
        let committed = held.connection.batch_execute("COMMIT").map_err(Error::from);
        return match committed {
            Ok(()) => Ok(Verdict::Keep),
            // The failed commit has already ended the transaction.
            Err(error) if error.is_retryable() => Ok(Verdict::Retry),
            Err(error) => {
                held.is_broken = true;
                Err(error)
            }
        };
    }
    if held.connection.batch_execute("ROLLBACK").is_err() || verdict == Verdict::Disconnected {
        held.is_broken = true;
    }
    Ok(verdict)
}

fn carry_out(pool: &Pool, mut job: Box<dyn Job>, health: &Health) {
    for run in 1..=RUNS_MAX {
        let mut held = match pool.begin(WRITE) {
            Ok(held) => held,
            Err(error) => {
                tracing::error!(%error, "no transaction could be opened");
                return job.fail(error);
            }
        };
        let verdict = job.run(&mut held.connection, &mut Known::default());
        if verdict == Verdict::Discard {
            job.failure().inspect(|error| health.failed(error));
        }
        let statement = if verdict == Verdict::Keep { "COMMIT" } else { "ROLLBACK" };
        let ended = held.connection.batch_execute(statement).map_err(Error::from);
        match (verdict, ended) {
            (Verdict::Keep | Verdict::Refuse | Verdict::Discard, Ok(())) => return reply_batch::give(vec![job]),
            (Verdict::Retry, Ok(())) => {}
            // The failed commit has already ended the transaction.
            (Verdict::Keep, Err(error)) if error.is_retryable() => {}
            (Verdict::Keep, Err(error)) => {
                tracing::error!(%error, "a transaction could not be committed");
                health.failed(&error);
                held.is_broken = true;
                return job.fail(error);
            }
            (_, _) => {
                held.is_broken = true;
                return job.answer();
            }
        }
        // Others can use the connection meanwhile.
        drop(held);
        if run < RUNS_MAX {
            std::thread::sleep(pause(run));
        }
    }
    tracing::warn!("an operation lost to its competitors again and again");
    job.fail(Error::Busy);
}

/// The pause before the next run: 0.2 to 1.2 ms times the number of runs (at most 10), with random jitter so that
/// competing threads don't collide again.
fn pause(run: u32) -> Duration {
    let spread = uuid::Uuid::now_v7().as_u128() % 1000;
    Duration::from_micros(u64::from(run.min(10)) * (200 + u64::try_from(spread).unwrap_or(0)))
}
