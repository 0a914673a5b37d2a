//! The handle: async outside, blocking diesel inside, on the store's own few threads (S4).

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use tokio::sync::oneshot;

use super::caller_cache::CallerCache;
use super::connection::{DatabaseUrl, SMALL_CACHE_KIB, StoreConnection};
use super::error::{Error, Failure};
use super::job::Job;
use super::{group, job, migrations, pool};

/// How the store is run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Operations of each kind, reads and writes, that may wait for a thread before further ones are turned away.
    pub queue: usize,
    /// Threads of each kind on PostgreSQL, each with a connection. SQLite has one writer, one reader, and one reader for
    /// what takes long.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { queue: 1024, threads: 4 }
    }
}

/// What SQLite's writer keeps of the file in memory: the ends of all indexes, where what is new goes.
const WRITER_CACHE_KIB: u32 = 4_000;
/// What its reader keeps: all of a small installation, and of a large one what is asked for often.
const READER_CACHE_KIB: u32 = 20_000;

/// A handle to the store, cheap to clone. When the last one goes, what waits is carried out and the threads end.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    url: DatabaseUrl,
    read: Sender<Box<dyn Job>>,
    read_long: Sender<Box<dyn Job>>,
    write: Sender<Box<dyn Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Database {
    /// Opens the store: brings its schema up to date and starts its threads. Blocks while it does.
    pub fn open(url: DatabaseUrl, options: Options) -> Result<Self, Error> {
        migrations::run(&mut url.connect()?)?;
        let (read, reads) = bounded(options.queue);
        let (write, writes) = bounded(options.queue);
        let mut read_long = read.clone();
        let threads = match url {
            DatabaseUrl::Sqlite(_) => {
                let for_writing = url.connect_keeping(WRITER_CACHE_KIB)?;
                let for_reading = url.connect_reading(READER_CACHE_KIB)?;
                let for_long = url.connect_reading(SMALL_CACHE_KIB)?;
                let (long, long_reads) = bounded(options.queue);
                read_long = long;
                vec![
                    spawn("writer", move || group::write(for_writing, &writes))?,
                    spawn("reader", move || group::read(for_reading, &reads))?,
                    spawn("long-reader", move || group::read(for_long, &long_reads))?,
                ]
            }
            DatabaseUrl::Postgresql(_) => {
                let mut threads = Vec::new();
                for _ in 0..options.threads {
                    threads.push(postgresql_thread(&url, pool::READ, reads.clone())?);
                    threads.push(postgresql_thread(&url, pool::WRITE, writes.clone())?);
                }
                threads
            }
        };
        Ok(Self(Arc::new(Inner { url, read, read_long, write, threads })))
    }

    /// Runs an operation that only reads, on one snapshot that holds every write acknowledged before this call. It is asked for
    /// by the call itself: to drop the future does not take it back.
    pub fn read<T, E, F>(&self, mut operation: F) -> impl Future<Output = Result<T, E>>
    where
        F: FnMut(&mut StoreConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure + Send + 'static,
    {
        self.read_with_cache(move |tx, _| operation(tx))
    }

    /// The same for an operation that looks its caller up: SQLite's reader remembers callers until anybody changes the file.
    pub fn read_with_cache<T, E, F>(&self, operation: F) -> impl Future<Output = Result<T, E>>
    where
        F: FnMut(&mut StoreConnection, &mut CallerCache) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure + Send + 'static,
    {
        ask(&self.0.read, job::pack(operation))
    }

    /// The same for an operation that may take a second: on SQLite, others don't wait for it.
    pub fn read_long<T, E, F>(&self, mut operation: F) -> impl Future<Output = Result<T, E>>
    where
        F: FnMut(&mut StoreConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure + Send + 'static,
    {
        ask(&self.0.read_long, job::pack(move |tx, _| operation(tx)))
    }

    /// The same for an operation whose outcome depends on nothing but a question and the snapshot. On SQLite, those that
    /// wait together with the same question are answered by one run. The question must name all that counts of the caller.
    pub fn read_question<T, E, F>(&self, question: String, operation: F) -> impl Future<Output = Result<T, E>>
    where
        F: FnMut(&mut StoreConnection, &mut CallerCache) -> Result<T, E> + Send + 'static,
        T: Clone + Send + 'static,
        E: Failure + Clone + Send + 'static,
    {
        ask(&self.0.read, job::pack_question(question, operation))
    }

    /// Runs an operation in a transaction of its own: all of it is durable when this returns `Ok`, and nothing of it
    /// stays otherwise. PostgreSQL may run the operation again after a conflict, and SQLite when another one of its group has
    /// to be undone, so it must not act outside. It, too, is asked for by the call itself.
    pub fn write<T, E, F>(&self, mut operation: F) -> impl Future<Output = Result<T, E>>
    where
        F: FnMut(&mut StoreConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure + Send + 'static,
    {
        self.write_with_cache(move |tx, _| operation(tx))
    }

    /// The same for an operation that looks its caller up: on SQLite, those of one caller that wait together do so once.
    pub fn write_with_cache<T, E, F>(&self, operation: F) -> impl Future<Output = Result<T, E>>
    where
        F: FnMut(&mut StoreConnection, &mut CallerCache) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure + Send + 'static,
    {
        ask(&self.0.write, job::pack(operation))
    }

    /// Whether the schema is that of this version of the service.
    pub async fn is_migrated(&self) -> Result<bool, Error> {
        self.read(migrations::is_current).await
    }

    /// Where the data is.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.0.url
    }

    /// Operations that wait for a thread: those that read, those that write.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        (self.0.read.len(), self.0.write.len())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Closing the queues lets the threads finish what waits and end.
        (self.read, self.read_long, self.write) = (bounded(0).0, bounded(0).0, bounded(0).0);
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a database thread panicked");
            }
        }
    }
}

/// Puts a job into a queue at once, so that what waits for it is small: it is part of the future of every request.
fn ask<T, E: Failure>(
    queue: &Sender<Box<dyn Job>>,
    (job, outcome): (Box<dyn Job>, oneshot::Receiver<Result<T, E>>),
) -> impl Future<Output = Result<T, E>> + use<T, E> {
    let asked = queue.try_send(job).map_err(|unsent| match unsent {
        TrySendError::Full(_) => Error::Busy,
        TrySendError::Disconnected(_) => Error::Closed,
    });
    async move {
        asked?;
        outcome.await.unwrap_or_else(|_| Err(Error::Closed.into()))
    }
}

fn postgresql_thread(
    url: &DatabaseUrl,
    begin: &'static str,
    queue: Receiver<Box<dyn Job>>,
) -> Result<JoinHandle<()>, Error> {
    let (url, connection) = (url.clone(), url.connect()?);
    spawn("postgresql", move || pool::work(&url, connection, begin, &queue))
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| Error::Unavailable(format!("no thread could be started: {error}")))
}
