//! SQLite's threads: one writer that commits in groups, and readers that read in groups (S4).
//!
//! A commit costs one flush to disk, whether it contains one change or a hundred. The writer therefore runs all queued
//! operations in one transaction, commits once, and only then replies to all of them. If one of them has to be rolled
//! back, the whole group runs again with a savepoint around each operation, so that one can't affect another.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::Receiver;
use diesel::connection::SimpleConnection;
use diesel::{QueryResult, RunQueryDsl};

use super::checkpoints::Checkpoints;
use super::connection::{self, SMALL_CACHE_KIB, StoreConnection, on};
use super::database_file::{Access, DatabaseFile};
use super::error::Error;
use super::health::Health;
use super::job::{Job, Verdict};
use super::known::Known;
use super::threads::{Queues, spawn};
use super::{migrations, reply_batch};

/// Most operations in one transaction: enough to spread the cost of the flush, few enough to keep the first one's wait
/// short.
const GROUP_MAX: usize = 256;

/// Page cache of SQLite's writer, in KiB. Enough for the right-hand ends of all indexes, where new rows are inserted.
const WRITER_CACHE_KIB: u32 = 4_000;
/// Page cache of SQLite's reader, in KiB. Enough for a small database as a whole, or for the frequently read pages of a
/// large one.
const READER_CACHE_KIB: u32 = 20_000;
/// Page cache of each of SQLite's readers of lists, in KiB. The rows of a page are neighbours.
const LIST_CACHE_KIB: u32 = 4_000;

/// Opens the file, runs pending migrations and starts the threads.
pub(crate) fn start(
    path: &Path,
    (access, list_readers): (Access, usize),
    queues: Queues,
) -> Result<(Arc<Health>, Vec<JoinHandle<()>>), Error> {
    let mut file = DatabaseFile::open(path, access)?;
    migrations::prepare(&mut connection::sqlite(path, SMALL_CACHE_KIB)?, access)?;
    file.note();
    let health = Arc::new(Health::of(file));
    let mut for_writing = connection::sqlite(path, WRITER_CACHE_KIB)?;
    Checkpoints::take_over(&mut for_writing)?;
    let checkpoints = Checkpoints::start(path, &health)?;
    let for_reading = connection::sqlite_reading(path, READER_CACHE_KIB)?;
    let for_long = connection::sqlite_reading(path, SMALL_CACHE_KIB)?;
    let Queues { reads, lists, long_reads, writes } = queues;
    let mut threads = vec![
        spawn("writer", &health, move |health| write(for_writing, &writes, checkpoints, health))?,
        spawn("reader", &health, move |health| read(for_reading, &reads, health))?,
        spawn("long-reader", &health, move |health| read(for_long, &long_reads, health))?,
    ];
    for _ in 0..list_readers {
        let (connection, queue) = (connection::sqlite_reading(path, LIST_CACHE_KIB)?, lists.clone());
        threads.push(spawn("list-reader", &health, move |health| read(connection, &queue, health))?);
    }
    Ok((health, threads))
}

/// Runs and commits queued operations in groups, until the queue is closed and empty.
fn write(mut connection: StoreConnection, queue: &Receiver<Box<dyn Job>>, checkpoints: Checkpoints, health: &Health) {
    while let Some(group) = next(queue) {
        if commit(&mut connection, group, health) {
            checkpoints.committed(&mut connection);
        }
    }
    checkpoints.end(&mut connection);
}

/// Runs queued reads in groups, until the queue is closed and empty.
///
/// A group is collected before its transaction begins, so every read sees all writes that were acknowledged before the
/// read was queued. Reads with the same question share one result: a list that many clients poll is read once per
/// group. All replies are sent together at the end, so that each waiting thread is woken only once.
fn read(mut connection: StoreConnection, queue: &Receiver<Box<dyn Job>>, health: &Health) {
    let mut known = Known::default();
    while let Some(mut group) = next(queue) {
        if let Err(error) = begin_reading(&mut connection, &mut known) {
            fail_all(group, error.into(), health);
            continue;
        }
        let mut shared = Shared::default();
        for job in &mut group {
            if shared.run(job.as_mut(), &mut connection, &mut known) == Verdict::Discard {
                job.failure().inspect(|error| health.failed(error));
            }
        }
        // A transaction that stays open would keep its snapshot, so that later reads would miss changes.
        if let Err(error) = connection.batch_execute("COMMIT") {
            tracing::warn!(%error, "reads could not be committed");
            end(&mut connection, "ROLLBACK");
        }
        reply_batch::give(group);
    }
}

fn begin_reading(connection: &mut StoreConnection, known: &mut Known) -> QueryResult<()> {
    connection.batch_execute("BEGIN DEFERRED")?;
    let StoreConnection::Sqlite(reader) = connection else { return Ok(()) };
    known.forget_other_snapshots(reader).inspect_err(|_| end(connection, "ROLLBACK"))
}

fn next(queue: &Receiver<Box<dyn Job>>) -> Option<Vec<Box<dyn Job>>> {
    let mut group = vec![queue.recv().ok()?];
    group.extend(queue.try_iter().take(GROUP_MAX - 1));
    Some(group)
}

/// Divides a group into sets: operations that are carried out together, and single ones. As all of them are concurrent,
/// their order is free.
pub(crate) fn in_sets(group: Vec<Box<dyn Job>>) -> Vec<Vec<Box<dyn Job>>> {
    let mut sets: Vec<Vec<Box<dyn Job>>> = Vec::new();
    let mut places: HashMap<TypeId, usize> = HashMap::new();
    for job in group {
        match job.set().map(|kind| *places.entry(kind).or_insert(sets.len())) {
            Some(place) if place < sets.len() => sets[place].push(job),
            _ => sets.push(vec![job]),
        }
    }
    sets
}

/// The outcomes of a group that others of the group with the same question get, too.
#[derive(Default)]
pub(crate) struct Shared(HashMap<String, Box<dyn Any>>);

impl Shared {
    /// Runs a job, unless another one with the same question has run.
    pub(crate) fn run(&mut self, job: &mut dyn Job, connection: &mut StoreConnection, known: &mut Known) -> Verdict {
        let question = job.question().map(str::to_owned);
        let outcome = question.as_ref().and_then(|question| self.0.get(question));
        if outcome.is_some_and(|outcome| job.adopt(outcome.as_ref())) {
            return Verdict::Keep;
        }
        let verdict = job.run(connection, known);
        self.0.extend(question.zip(job.share()));
        verdict
    }
}

/// Carries out a group, commits it and answers it. Returns whether something was stored.
fn commit(connection: &mut StoreConnection, group: Vec<Box<dyn Job>>, health: &Health) -> bool {
    if health.is_file_gone() {
        fail_all(group, file_gone(), health);
        return false;
    }
    let before = rows_changed(connection).ok();
    let mut sets = in_sets(group);
    let done = run_together(connection, &mut sets).and_then(|kept| {
        if kept {
            return Ok(());
        }
        connection.batch_execute("ROLLBACK")?;
        run_apart(connection, &mut sets)
    });
    let group: Vec<_> = sets.into_iter().flatten().collect();
    match done {
        // What was written to a file without a name is lost.
        Ok(()) if health.is_file_gone() => {
            fail_all(group, file_gone(), health);
            false
        }
        Ok(()) => {
            // A commit without a change does not touch the disk.
            let has_changed = rows_changed(connection).ok() != before;
            if has_changed {
                health.wrote();
            }
            group.iter().filter_map(|job| job.failure()).for_each(|error| health.failed(error));
            reply_batch::give(group);
            has_changed
        }
        Err(error) => {
            // Refusals fail too, because they may be based on changes of the group that are rolled back here.
            end(connection, "ROLLBACK");
            fail_all(group, error.into(), health);
            false
        }
    }
}

/// Runs a group in one transaction without savepoints, on the assumption (nearly always true) that nothing has to be
/// rolled back. Returns `false`, with the transaction still open, as soon as an operation has to be. The operations
/// share what is known of their callers: their requests are concurrent, so each may see its caller as it was before the
/// others ran.
fn run_together(connection: &mut StoreConnection, sets: &mut [Vec<Box<dyn Job>>]) -> QueryResult<bool> {
    connection.batch_execute("BEGIN IMMEDIATE")?;
    let mut known = Known::default();
    for set in sets {
        let is_alone = set.len() == 1;
        let Some((first, others)) = set.split_first_mut() else { continue };
        let before = rows_changed(connection)?;
        match first.run_set(others, connection, &mut known) {
            Verdict::Keep => {}
            Verdict::Refuse if is_alone && rows_changed(connection)? == before => {}
            Verdict::Refuse | Verdict::Discard | Verdict::Retry | Verdict::Disconnected => return Ok(false),
        }
    }
    connection.batch_execute("COMMIT")?;
    Ok(true)
}

/// Runs a group in one transaction with a savepoint around each operation, so that each can be rolled back alone.
/// Slower than [`run_together`]: for a savepoint, SQLite copies every page that the operation changes.
fn run_apart(connection: &mut StoreConnection, sets: &mut [Vec<Box<dyn Job>>]) -> QueryResult<()> {
    connection.batch_execute("BEGIN IMMEDIATE")?;
    for job in sets.iter_mut().flatten() {
        connection.batch_execute("SAVEPOINT operation")?;
        let end = match job.run(connection, &mut Known::default()) {
            Verdict::Keep => "RELEASE operation",
            Verdict::Refuse | Verdict::Discard | Verdict::Retry | Verdict::Disconnected => {
                "ROLLBACK TO operation; RELEASE operation"
            }
        };
        connection.batch_execute(end)?;
    }
    connection.batch_execute("COMMIT")
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn total_changes() -> BigInt;
}

/// Number of rows changed on this connection since it was opened.
fn rows_changed(connection: &mut StoreConnection) -> QueryResult<i64> {
    on!(connection, connection => diesel::select(total_changes()).get_result(connection))
}

fn file_gone() -> Error {
    Error::Unavailable("the database file was removed or replaced".to_owned())
}

/// Sends a failure of the store to all that wait for a group.
#[expect(clippy::needless_pass_by_value, reason = "so that it can be made where it is passed")]
pub(crate) fn fail_all(group: Vec<Box<dyn Job>>, error: Error, health: &Health) {
    tracing::error!(%error, operations = group.len(), "a group of operations could not be carried out");
    health.failed(&error);
    for job in group {
        job.fail(Error::Unavailable(error.to_string()));
    }
}

fn end(connection: &mut StoreConnection, statement: &str) {
    if let Err(error) = connection.batch_execute(statement) {
        tracing::warn!(%error, statement, "a transaction was already over");
    }
}
