//! The pool of connections to PostgreSQL (S4).

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::r2d2::{self, CustomizeConnection, HandleError, HandleEvent, ManageConnection, event};
use diesel::{Connection, ConnectionError, PgConnection, QueryResult};

use super::connection::StoreConnection;
use super::error::Error;

/// How many connections the pool has, and how long they last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolOptions {
    /// Most connections that are open at the same time.
    pub connections: u32,
    /// How many connections stay open when nothing is asked of them.
    pub min_idle: u32,
    /// For how long a connection beyond these stays open without being used.
    pub idle: Duration,
    /// For how long a connection is used before it is replaced. Lets connections move to servers that were added.
    pub max_age: Duration,
    /// For how long an operation waits for a connection, while all are in use or the server can't be reached.
    pub timeout: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            connections: 8,
            min_idle: 1,
            idle: Duration::from_mins(10),
            max_age: Duration::from_mins(30),
            timeout: Duration::from_secs(3),
        }
    }
}

/// What the pool is doing, and what has happened since the process was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolState {
    /// Connections that are in use.
    pub in_use: u32,
    /// Connections that are open and not in use.
    pub idle: u32,
    /// How often an operation had to wait for a connection for more than a millisecond.
    pub waits: u64,
    /// How often an operation got no connection in time.
    pub timeouts: u64,
    /// Connections that were closed: broken, too old or not needed any more.
    pub replaced: u64,
}

/// The pool. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pool {
    connections: r2d2::Pool<Manager>,
    events: Arc<Events>,
}

/// Within this time it shows that a server has closed a connection. Longer waits are for one that does not answer.
const NOTICED: Duration = Duration::from_secs(1);

/// A connection of the pool, which goes back to it when dropped.
pub(crate) type Pooled = r2d2::PooledConnection<Manager>;

impl Pool {
    /// Creates the pool. Connections are opened in the background; whoever needs one waits for it.
    pub(crate) fn new(url: String, options: PoolOptions) -> Self {
        let events = Arc::new(Events::default());
        let connections = r2d2::Pool::builder()
            .max_size(options.connections)
            .min_idle(Some(options.min_idle.min(options.connections)))
            .idle_timeout(Some(options.idle))
            .max_lifetime(Some(options.max_age))
            .connection_timeout(options.timeout)
            // A connection that broke while it was idle shows when a transaction begins, without another round trip.
            .test_on_check_out(false)
            .connection_customizer(Box::new(Setup))
            .error_handler(Box::new(Log))
            .event_handler(Box::new(Handler(Arc::clone(&events))))
            .build_unchecked(Manager { url });
        Self { connections, events }
    }

    /// Takes a connection, waiting for one if necessary.
    pub(crate) fn take(&self) -> Result<Pooled, Error> {
        self.connections.get().map_err(|error| Error::Unavailable(error.to_string()))
    }

    /// Takes a connection and begins a transaction on it. Nothing has run yet, so a connection that broke while it was
    /// idle is replaced by another one, as often as connections may be idle. If it took long to notice, the others are
    /// probably broken, too, and the operation fails.
    pub(crate) fn begin(&self, begin: &str) -> Result<Pooled, Error> {
        for _ in 0..self.connections.max_size() {
            let mut held = self.take()?;
            let started = Instant::now();
            match held.begin(begin) {
                Ok(()) => return Ok(held),
                Err(error) if started.elapsed() > NOTICED => return Err(Error::Unavailable(error.to_string())),
                Err(_) => {}
            }
        }
        let mut last = self.take()?;
        last.begin(begin)?;
        Ok(last)
    }

    pub(crate) fn state(&self) -> PoolState {
        let state = self.connections.state();
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        PoolState {
            in_use: state.connections.saturating_sub(state.idle_connections),
            idle: state.idle_connections,
            waits: count(&self.events.waits),
            timeouts: count(&self.events.timeouts),
            replaced: count(&self.events.replaced),
        }
    }
}

/// A connection in the hands of the pool.
pub(crate) struct Held {
    pub(crate) connection: StoreConnection,
    /// Whether it may not be used again.
    pub(crate) is_broken: bool,
    /// How many transactions have begun on it.
    transactions: u64,
    /// When its plans were last made anew.
    planned_at: Instant,
}

/// For how long a plan is used. Tables may have grown since it was made.
const PLAN_LASTS: Duration = Duration::from_mins(1);

impl Held {
    fn new(connection: PgConnection) -> Self {
        let connection = StoreConnection::Postgresql(connection);
        Self { connection, is_broken: false, transactions: 0, planned_at: Instant::now() }
    }

    /// Begins a transaction. Plans that were made while tables were small are forgotten: after 16 transactions, 64, 256 and
    /// so on, and once a minute. PostgreSQL itself would keep them until it gathers statistics.
    fn begin(&mut self, begin: &str) -> QueryResult<()> {
        self.transactions += 1;
        let is_power_of_four =
            self.transactions.is_power_of_two() && self.transactions.trailing_zeros().is_multiple_of(2);
        let mut done = Ok(());
        if (is_power_of_four && self.transactions >= 16) || self.planned_at.elapsed() > PLAN_LASTS {
            self.planned_at = Instant::now();
            done = self.connection.batch_execute("DISCARD PLANS");
        }
        done.and_then(|()| self.connection.batch_execute(begin)).inspect_err(|error| {
            tracing::info!(%error, "a connection to the database has to be replaced");
            self.is_broken = true;
        })
    }
}

/// Opens connections to the server of one URL. Diesel's own manager would try each kind of database in turn, and make a
/// SQLite file with the name of the URL while the server is down.
pub(crate) struct Manager {
    url: String,
}

impl ManageConnection for Manager {
    type Connection = Held;
    type Error = Failed;

    fn connect(&self) -> Result<Held, Failed> {
        let connection = PgConnection::establish(&self.url).map_err(Failed::Connect)?;
        Ok(Held::new(connection))
    }

    fn is_valid(&self, held: &mut Held) -> Result<(), Failed> {
        held.connection.batch_execute("SELECT 1").map_err(Failed::Query)
    }

    fn has_broken(&self, held: &mut Held) -> bool {
        held.is_broken || std::thread::panicking()
    }
}

/// Why a connection could not be opened.
#[derive(Debug)]
pub(crate) enum Failed {
    Connect(ConnectionError),
    Query(diesel::result::Error),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(error) => error.fmt(f),
            Self::Query(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Failed {}

/// The settings of every new connection. Plans are made once for each statement, use indexes and join row by row: the
/// statistics of a database that was just made say that all tables are small, and a plan that was made then would go on
/// reading them as a whole. Operations that read much say otherwise for their transaction.
const SETTINGS: &str = "\
    SET application_name = 'teammate'; SET TIME ZONE 'UTC'; SET client_min_messages TO WARNING; \
    SET lock_timeout TO '10s'; SET statement_timeout TO '30s'; SET idle_in_transaction_session_timeout TO '30s'; \
    SET plan_cache_mode = force_generic_plan; SET jit = off; SET enable_seqscan = off; \
    SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off;";

/// Sets up new connections.
#[derive(Debug)]
struct Setup;

impl CustomizeConnection<Held, Failed> for Setup {
    fn on_acquire(&self, held: &mut Held) -> Result<(), Failed> {
        held.connection.batch_execute(SETTINGS).map_err(Failed::Query)
    }
}

/// Logs why connections can't be opened.
#[derive(Debug)]
struct Log;

impl HandleError<Failed> for Log {
    fn handle_error(&self, error: Failed) {
        tracing::warn!(%error, "the database can't be reached");
    }
}

/// What has happened in the pool.
#[derive(Debug, Default)]
struct Events {
    waits: AtomicU64,
    timeouts: AtomicU64,
    replaced: AtomicU64,
}

/// Waits below this are those for the pool's own lock.
const WAITED: Duration = Duration::from_millis(1);

/// Counts what happens in the pool.
#[derive(Debug)]
struct Handler(Arc<Events>);

impl HandleEvent for Handler {
    fn handle_checkout(&self, checkout: event::CheckoutEvent) {
        if checkout.duration() > WAITED {
            self.0.waits.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn handle_timeout(&self, timeout: event::TimeoutEvent) {
        self.0.timeouts.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(seconds = timeout.timeout().as_secs_f32(), "there was no connection to the database in time");
    }

    fn handle_release(&self, release: event::ReleaseEvent) {
        self.0.replaced.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(age_seconds = release.age().as_secs(), "a connection to the database was closed");
    }
}
