//! The handle to the store: an async interface over blocking diesel calls, which run on the store's own threads (S4).

use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, available_parallelism};
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, TrySendError, bounded};
use diesel::connection::SimpleConnection;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::connection::{self, DatabaseUrl, StoreConnection};
use super::database_file::Access;
use super::error::{Error, Failure};
use super::health::{Health, Trouble};
use super::job::Job;
use super::known::{Known, Wanted};
use super::pool::{Pool, PoolOptions, PoolState};
use super::set::{Member, pack_member};
use super::threads::{self, Queues};
use super::{group, job, migrations, postgresql};

/// Queue and thread settings of the store.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Capacity of each queue (reads, writes). While a queue is full, further operations fail with [`Error::Busy`].
    pub queue: usize,
    /// SQLite's threads that read lists: a page takes many times as long as a single row. Ignored on PostgreSQL.
    pub list_readers: usize,
    /// The pool of connections to PostgreSQL. Ignored on SQLite, which has one writer, one reader, a few readers of lists
    /// and one reader for long queries.
    pub pool: PoolOptions,
    /// Whether other processes may write to a SQLite file, too.
    pub access: Access,
}

impl Default for Options {
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, NonZero::get);
        Self {
            queue: 1024,
            list_readers: processors.min(LIST_READERS_MAX),
            pool: PoolOptions::default(),
            access: Access::Only,
        }
    }
}

/// Most threads that read lists, unless told otherwise.
const LIST_READERS_MAX: usize = 4;
/// How long the outcome of a trial whether changes can be stored counts.
const TRIED_FOR: Duration = Duration::from_secs(1);
/// A handle to the store, cheap to clone. Dropping the last handle runs the operations still queued, then stops the
/// threads.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    url: DatabaseUrl,
    /// The connections to PostgreSQL.
    pool: Option<Pool>,
    read: Sender<Box<dyn Job>>,
    /// For lists. On PostgreSQL, the same as for other reads.
    list: Sender<Box<dyn Job>>,
    read_long: Sender<Box<dyn Job>>,
    write: Sender<Box<dyn Job>>,
    /// For operations that are carried out in sets. On SQLite, the same as for other changes.
    create: Sender<Box<dyn Job>>,
    threads: Vec<JoinHandle<()>>,
    health: Arc<Health>,
    /// When it was last tried if changes can be stored, and the outcome.
    tried: Mutex<Option<(Instant, bool)>>,
}

impl Database {
    /// Opens the store: runs pending migrations and starts the threads. Blocks until both are done.
    pub fn open(url: DatabaseUrl, options: Options) -> Result<Self, Error> {
        let (read, reads) = bounded(options.queue);
        let (mut list, lists) = bounded(options.queue);
        let (read_long, long_reads) = bounded(options.queue);
        let (write, writes) = bounded(options.queue);
        let queues = Queues { reads, lists, long_reads, writes };
        let mut create = write.clone();
        let (pool, health, threads) = match &url {
            DatabaseUrl::Sqlite(path) => {
                let (health, threads) = group::start(path, (options.access, options.list_readers), queues)?;
                (None, health, threads)
            }
            DatabaseUrl::Postgresql(text) => {
                let (health, pool) = (Arc::default(), Pool::new(connection::libpq_url(text), options.pool));
                let creations;
                (create, creations) = bounded(options.queue);
                list = read.clone();
                let threads =
                    postgresql::start(&pool, (options.pool, options.access), &health, (&queues, &creations), &write)?;
                (Some(pool), health, threads)
            }
        };
        Ok(Self(Arc::new(Inner {
            url,
            pool,
            read,
            list,
            read_long,
            write,
            create,
            threads,
            health,
            tried: Mutex::default(),
        })))
    }

    /// Runs a read-only operation on one snapshot, which contains every write acknowledged before this call.
    ///
    /// The operation is queued by the call itself, not on the first poll; dropping the future does not cancel it. Fails
    /// with [`Error::Busy`] if the queue is full.
    pub fn read<T, E, F>(&self, mut operation: F) -> impl Future<Output = Result<T, E>>
    where
        F: FnMut(&mut StoreConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure + Send + 'static,
    {
        ask(&self.0.read, job::pack(None, move |tx, _| operation(tx)), READ_TIME)
    }

    /// Like [`Self::read`], for operations that say what they want to read at first, such as their caller. On PostgreSQL
    /// that is loaded for all operations of a group at once; SQLite's reader keeps it until the file changes.
    pub fn read_known<T, E, F>(&self, wanted: Wanted, operation: F) -> impl Future<Output = Result<T, E>>
    where
        F: FnMut(&mut StoreConnection, &mut Known) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure + Send + 'static,
    {
        ask(&self.0.read, job::pack(Some(wanted), operation), READ_TIME)
    }

    /// Like [`Self::read`], for operations that may take about a second. They run on separate threads, so that short reads
    /// don't wait for them, and read whole tables where that is best.
    pub fn read_long<T, E, F>(&self, mut operation: F) -> impl Future<Output = Result<T, E>>
    where
        F: FnMut(&mut StoreConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure + Send + 'static,
    {
        ask(&self.0.read_long, job::pack(None, move |tx, _| operation(tx)), READ_TIME)
    }

    /// Like [`Self::read_known`], for operations whose result depends only on `question` and the snapshot. Operations with
    /// the same question in the same group run once and share the result. The question must therefore contain everything
    /// about the caller that affects the result.
    pub fn read_question<T, E, F>(
        &self,
        wanted: Wanted,
        question: String,
        operation: F,
    ) -> impl Future<Output = Result<T, E>>
    where
        F: FnMut(&mut StoreConnection, &mut Known) -> Result<T, E> + Send + 'static,
        T: Clone + Send + 'static,
        E: Failure + Clone + Send + 'static,
    {
        ask(&self.0.list, job::pack_question(wanted, question, operation), READ_TIME)
    }

    /// Runs an operation that writes. Its changes are durable when this returns `Ok`; on any error they are rolled
    /// back, except if the database took too long to answer: then they may have been made.
    ///
    /// The operation may run more than once: on PostgreSQL after a conflict, on SQLite when another operation of its
    /// group has to be rolled back. It must therefore have no side effects outside the database. It is queued by the
    /// call itself; dropping the future does not cancel it. Fails with [`Error::Busy`] if the queue is full.
    pub fn write<T, E, F>(&self, mut operation: F) -> impl Future<Output = Result<T, E>>
    where
        F: FnMut(&mut StoreConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure + Send + 'static,
    {
        self.write_known(move |tx, _| operation(tx))
    }

    /// Like [`Self::write`], for operations that look up their caller: on SQLite, the operations of one group share what
    /// is known. On PostgreSQL nothing is known at first.
    pub fn write_known<T, E, F>(&self, operation: F) -> impl Future<Output = Result<T, E>>
    where
        F: FnMut(&mut StoreConnection, &mut Known) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure + Send + 'static,
    {
        ask(&self.0.write, job::pack(None, operation), WRITE_TIME)
    }

    /// Like [`Self::write`], for an operation that is carried out together with others of its kind that are queued.
    pub fn write_member<M: Member>(&self, member: M) -> impl Future<Output = Result<M::Answer, M::Error>> {
        ask(&self.0.create, pack_member(member), WRITE_TIME)
    }

    /// Like [`Self::write`], for an operation that may take as long as it needs, such as one that goes through the whole
    /// database after a migration.
    pub fn write_long<T, E, F>(&self, mut operation: F) -> impl Future<Output = Result<T, E>>
    where
        F: FnMut(&mut StoreConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure + Send + 'static,
    {
        ask(&self.0.write, job::pack(None, move |tx, _| operation(tx)), Duration::MAX)
    }

    /// Why the store can't serve; `None` if it can. Fails if the database can't be reached.
    ///
    /// Writes something only if changes failed, or if the disk is nearly full, and at most once a second.
    pub async fn trouble(&self) -> Result<Option<Trouble>, Error> {
        let health = Arc::clone(&self.0.health);
        let look = move |tx: &mut StoreConnection, _: &mut Known| {
            if let Some(known) = health.known() {
                return Ok((Some(known), false));
            }
            let is_current = migrations::is_current(tx)?;
            Ok::<_, Error>(((!is_current).then_some(Trouble::OtherSchema), health.is_doubtful()))
        };
        let found = ask(&self.0.read, job::pack(None, look), PROBE_TIME);
        let (trouble, is_doubtful) = match found.await {
            Ok(found) => found,
            Err(error) if error.is_damage() => (Some(Trouble::Damaged), false),
            Err(error) => return Err(error),
        };
        if trouble.is_none() && is_doubtful && !self.can_write().await {
            return Ok(Some(Trouble::CannotWrite));
        }
        Ok(trouble)
    }

    /// Tries to store something that changes nothing, unless it was tried within the last second.
    async fn can_write(&self) -> bool {
        let tried = *self.0.tried.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, could)) = tried
            && at.elapsed() < TRIED_FOR
        {
            return could;
        }
        let change =
            |tx: &mut StoreConnection, _: &mut Known| tx.batch_execute(tx.harmless_change()).map_err(Error::from);
        let could = ask(&self.0.write, job::pack(None, change), PROBE_TIME).await.is_ok();
        if could {
            self.0.health.wrote();
        }
        *self.0.tried.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), could));
        could
    }

    /// The URL that the store was opened with.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.0.url
    }

    /// Number of queued operations: (reads, writes).
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        let (lists, creations) = if self.0.pool.is_some() { (0, self.0.create.len()) } else { (self.0.list.len(), 0) };
        (self.0.read.len() + lists + self.0.read_long.len(), self.0.write.len() + creations)
    }

    /// The state of the pool of connections to PostgreSQL; `None` on SQLite.
    #[must_use]
    pub fn pool_state(&self) -> Option<PoolState> {
        self.0.pool.as_ref().map(Pool::state)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Once their queue is closed, the threads run what is still queued and end.
        (self.read, self.list, self.read_long) = (bounded(0).0, bounded(0).0, bounded(0).0);
        (self.write, self.create) = (bounded(0).0, bounded(0).0);
        threads::stop(std::mem::take(&mut self.threads));
    }
}

/// How long a read may take, waiting included. A statement may take 30 seconds.
const READ_TIME: Duration = Duration::from_secs(35);
/// How long the database may take to show that it is there, before it counts as unreachable.
const PROBE_TIME: Duration = Duration::from_secs(5);
/// How long a change may take, waiting included.
const WRITE_TIME: Duration = Duration::from_secs(90);

/// Queues a job immediately and returns a future for its outcome. The future only contains the receiver and a timer,
/// which keeps the future of every request small. A server that is frozen keeps its connections and never answers; only
/// the time limit ends that.
fn ask<T, E: Failure>(
    queue: &Sender<Box<dyn Job>>,
    (job, outcome): (Box<dyn Job>, oneshot::Receiver<Result<T, E>>),
    limit: Duration,
) -> impl Future<Output = Result<T, E>> + use<T, E> {
    let asked = queue.try_send(job).map_err(|unsent| match unsent {
        TrySendError::Full(_) => Error::Busy,
        TrySendError::Disconnected(_) => Error::Closed,
    });
    async move {
        asked?;
        match timeout(limit, outcome).await {
            Ok(outcome) => outcome.unwrap_or_else(|_| Err(Error::Closed.into())),
            Err(_) => Err(Error::Unavailable("it does not answer".to_owned()).into()),
        }
    }
}
