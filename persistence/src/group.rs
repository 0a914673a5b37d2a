//! SQLite's threads: one writer that commits in groups, and readers that read in groups (S4).
//!
//! A commit costs a flush to disk whether it holds one change or a hundred. The writer therefore takes whatever
//! waits into one transaction, with a savepoint per operation so that one can't harm another, commits once, and only
//! then answers them all.

use std::any::Any;
use std::collections::HashMap;

use crossbeam_channel::Receiver;
use diesel::connection::SimpleConnection;

use crate::connection::StoreConnection;
use crate::error::Error;
use crate::job::{Job, Verdict};

/// Most operations in one transaction: enough to make the flush cheap, few enough to keep the first one's wait short.
const GROUP_MAX: usize = 256;

/// Commits what the queue brings, in groups, until the queue is closed and empty.
pub(crate) fn write(mut connection: StoreConnection, queue: &Receiver<Box<dyn Job>>) {
    while let Some(group) = next_group(queue) {
        commit(&mut connection, group);
    }
    // A clean file beside no write-ahead log is easier to copy; if it fails, the log is simply kept.
    let _ = connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE);");
}

/// Answers what the queue brings, in groups, until the queue is closed and empty.
///
/// The group is collected before its transaction opens, so every read sees every write that was acknowledged before
/// the read was asked for. Those who ask the same question on the same snapshot get one answer: a list that many
/// poll is read once a group.
pub(crate) fn read(mut connection: StoreConnection, queue: &Receiver<Box<dyn Job>>) {
    while let Some(group) = next_group(queue) {
        if let Err(error) = connection.batch_execute("BEGIN DEFERRED") {
            fail_all(group, &error);
            continue;
        }
        let mut answered: HashMap<String, Box<dyn Any>> = HashMap::new();
        for mut job in group {
            let question = job.question().map(str::to_owned);
            let known = question.as_ref().and_then(|question| answered.get(question));
            if !known.is_some_and(|outcome| job.adopt(outcome.as_ref())) {
                job.run(&mut connection);
                answered.extend(question.zip(job.share()));
            }
            job.answer();
        }
        end(&mut connection, "COMMIT");
    }
}

fn next_group(queue: &Receiver<Box<dyn Job>>) -> Option<Vec<Box<dyn Job>>> {
    let mut group = vec![queue.recv().ok()?];
    group.extend(queue.try_iter().take(GROUP_MAX - 1));
    Some(group)
}

fn commit(connection: &mut StoreConnection, mut group: Vec<Box<dyn Job>>) {
    let done = connection.batch_execute("BEGIN IMMEDIATE").and_then(|()| {
        for job in &mut group {
            connection.batch_execute("SAVEPOINT operation")?;
            let end = match job.run(connection) {
                Verdict::Keep => "RELEASE operation",
                Verdict::Discard | Verdict::Retry | Verdict::Disconnected => "ROLLBACK TO operation; RELEASE operation",
            };
            connection.batch_execute(end)?;
        }
        connection.batch_execute("COMMIT")
    });
    match done {
        Ok(()) => group.into_iter().for_each(Job::answer),
        Err(error) => {
            // Refusals fail too: they were decided on facts that are now undone.
            end(connection, "ROLLBACK");
            fail_all(group, &error);
        }
    }
}

fn fail_all(group: Vec<Box<dyn Job>>, error: &diesel::result::Error) {
    tracing::error!(%error, operations = group.len(), "a group of operations could not be committed");
    for job in group {
        job.fail(Error::Unavailable(error.to_string()));
    }
}

fn end(connection: &mut StoreConnection, statement: &str) {
    if let Err(error) = connection.batch_execute(statement) {
        tracing::warn!(%error, statement, "a transaction was already over");
    }
}
