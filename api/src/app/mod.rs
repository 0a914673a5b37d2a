//! The application state that handlers and workers share, and how operations are run.

pub mod tx;
pub mod set;
pub mod call;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use chrono::{NaiveDate, TimeDelta};
use domain::Timestamp;
use domain::account::Scope;
use domain::billing::{Period, Totals};
use domain::id::AccountId;
use domain::limits::CHANGE_WAITS_SECONDS;
use domain::principal::Principal;
use persistence::{Database, Known, StoreConnection, taken_claims};
use quick_cache::sync::Cache;
use tokio::sync::{Notify, Semaphore};

use crate::access::Origin;
use crate::clock::Clock;
use crate::error::{Error, ErrorCode, Result};
use crate::graph::Graph;
use crate::http::idempotency::{Caller, Fingerprints, IdempotentRequest};
use crate::http::rate_limit::RateLimits;
use crate::http::{Answer, Context, idempotency};
use crate::mail::transport::Mailer;
use crate::mail::worker::MailWorker;
use crate::places::{NoPlace, Place, Places};
use crate::security::access_token::AccessTokens;
use crate::security::password::Passwords;
use crate::security::seal::Seal;
use crate::settings::{RateLimit, Settings};
use crate::webhook_client::guard::Guard;

pub use call::Call;
pub use set::{Asked, SetOperation};
pub use tx::{Tools, Tx};

/// Maximum number of import files in memory. Further uploads wait.
const UPLOADS_AT_ONCE: usize = 16;
/// Maximum number of these per account.
const UPLOADS_PER_ACCOUNT: usize = 4;
/// Maximum number of concurrent imports, so that they don't starve other writes. Further imports wait.
const IMPORTS_AT_ONCE: usize = 2;

/// Maximum number of whole reports that are downloaded at the same time, each of which has a few MiB in memory.
const DOWNLOADS_AT_ONCE: usize = 24;
/// Maximum number of these per caller.
const DOWNLOADS_PER_CALLER: usize = 4;
/// How many totals of billing reports are remembered.
const BILLING_TOTALS_KEPT: usize = 10_000;
/// Maximum number of concurrent webhook deliveries, each of which has a connection.
const ATTEMPTS_AT_ONCE: usize = 256;

/// The application state, shared by handlers and workers.
pub struct App {
    /// The store.
    pub database: Database,
    /// The clock.
    pub clock: Clock,
    /// The configuration.
    pub settings: Settings,
    /// The base URL of links, without a trailing slash.
    pub public_url: String,
    /// Signs and verifies access tokens.
    pub access_tokens: AccessTokens,
    /// Hashes and verifies passwords.
    pub passwords: Passwords,
    /// What operations need besides the store.
    pub tools: Tools,
    /// The key of the fingerprints of requests with an idempotency key.
    pub fingerprints: Fingerprints,
    /// Sends e-mails.
    pub mailer: Arc<Mailer>,
    /// Wakes the worker that sends e-mails.
    pub outbox_ready: Arc<Notify>,
    /// Wakes the worker that publishes events.
    pub events_ready: Notify,
    /// Sends deliveries to webhooks.
    pub webhook_client: reqwest::Client,
    /// Limits concurrent deliveries.
    pub webhook_attempts: Semaphore,
    /// The import files in memory, by the account of the caller.
    pub uploads: Arc<Places<AccountId>>,
    /// The open connections, by address.
    pub connections: Arc<Places<IpAddr>>,
    /// The whole reports that are being downloaded, by caller.
    downloads: Arc<Places<Principal>>,
    /// Limits concurrent imports.
    pub imports: Semaphore,
    /// Decides to which addresses deliveries may be sent.
    pub webhook_guard: Guard,
    /// Wakes the worker that sends deliveries.
    pub deliveries_ready: Notify,
    /// Microsoft Graph, if it is configured.
    pub graph: Option<Graph>,
    /// Wakes the worker that advances routes.
    pub routes_ready: Notify,
    /// Wakes the worker that serves users in Teams.
    pub teams_ready: Notify,
    /// Wakes the worker that reads the users of tenants.
    pub directories_ready: Notify,
    /// Limits requests per caller; `None` if the limit is off.
    pub rate_limits: Option<RateLimits>,
    /// Totals of billing reports of months that are over, for a caller's scope and a number of corrections, of a day.
    pub billing_totals: Cache<(Period, Scope, i64, NaiveDate), [Totals; 2]>,
    /// In a demo: real values for the ids and the password in the document's examples.
    pub demo_examples: OnceLock<BTreeMap<String, String>>,
    draining: AtomicBool,
}

impl App {
    /// Creates the state. Loads the keys from the data directory, or creates them.
    pub fn new(settings: Settings, database: Database, clock: Clock, listening: SocketAddr) -> Result<Self, String> {
        let data_dir: &Path = &settings.store.data_dir;
        let now = clock.now();
        let keys = |error: std::io::Error| format!("the keys in {}: {error}", data_dir.join("keys").display());
        let public_url = settings.public_url(listening);
        let access_tokens = AccessTokens::open(data_dir, &public_url, now).map_err(keys)?;
        let mailer = if settings.demo {
            Mailer::keeping(settings.mail_from.clone(), public_url.clone())
        } else {
            Mailer::new(settings.smtp_url.as_ref(), data_dir, settings.mail_from.clone(), public_url.clone())?
        };
        let graph = settings.graph.settings().map(Graph::new).transpose()?;
        let webhook_guard = Guard { private_allowed: settings.private_webhooks };
        let rate_limits = match settings.rate_limit {
            RateLimit::Off => None,
            RateLimit::PerSecond(number) => Some(RateLimits::new(number)),
        };
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        let passwords = Passwords::new((processors / 2).clamp(1, 4)).map_err(|error| error.to_string())?;
        Ok(Self {
            database,
            clock,
            public_url,
            access_tokens,
            passwords,
            tools: Tools::new(Seal::open(data_dir, now).map_err(keys)?),
            fingerprints: idempotency::open_fingerprints(data_dir, now).map_err(keys)?,
            mailer: Arc::new(mailer),
            outbox_ready: Arc::default(),
            events_ready: Notify::new(),
            webhook_client: webhook_guard.client().map_err(|error| error.to_string())?,
            webhook_guard,
            webhook_attempts: Semaphore::new(ATTEMPTS_AT_ONCE),
            uploads: Places::new(UPLOADS_AT_ONCE, UPLOADS_PER_ACCOUNT),
            connections: Places::new(settings.max_connections.get(), settings.max_connections_per_address.get()),
            downloads: Places::new(DOWNLOADS_AT_ONCE, DOWNLOADS_PER_CALLER),
            imports: Semaphore::new(IMPORTS_AT_ONCE),
            deliveries_ready: Notify::new(),
            graph,
            routes_ready: Notify::new(),
            teams_ready: Notify::new(),
            directories_ready: Notify::new(),
            rate_limits,
            billing_totals: Cache::new(BILLING_TOTALS_KEPT),
            demo_examples: OnceLock::new(),
            draining: AtomicBool::new(false),
            settings,
        })
    }

    /// Runs a changing operation that records the instant `now`. Fails if it has waited too long: nothing may be
    /// recorded in a billing period whose report may be final by then.
    pub fn write_at<T, F>(&self, now: Timestamp, mut operation: F) -> impl Future<Output = Result<T>>
    where
        T: Send + 'static,
        F: FnMut(&mut StoreConnection, &mut Known) -> Result<T> + Send + 'static,
    {
        let clock = self.clock.clone();
        let outcome = self.database.write_known(move |tx, known| {
            if clock.now() - now > TimeDelta::seconds(CHANGE_WAITS_SECONDS) {
                return Err(persistence::Error::Busy.into());
            }
            operation(tx, known)
        });
        self.after_write(now, outcome)
    }

    /// Waits for a changing operation that was begun at `now`, and tells the workers that there may be something to do.
    async fn after_write<T>(&self, now: Timestamp, outcome: impl Future<Output = Result<T>>) -> Result<T> {
        let outcome = outcome.await;
        self.outbox_ready.notify_one();
        self.events_ready.notify_one();
        self.count_taken_claims(now).await;
        outcome
    }

    /// Counts the claims that were refused because somebody else has the value.
    async fn count_taken_claims(&self, now: Timestamp) {
        let Some(taken) = self.tools.taken_claims.take() else { return };
        let counted = taken.clone();
        let count = move |tx: &mut StoreConnection| {
            counted.iter().try_for_each(|(account, refused)| taken_claims::count(tx, *account, *refused, now))
        };
        let done = self.database.write(count).await;
        self.tools.taken_claims.done(&taken, done.is_ok());
        if let Err(error) = done {
            tracing::warn!(%error, "refused claims could not be counted yet");
        }
    }

    /// Runs a changing operation for somebody who is not signed in, or for the service itself.
    pub fn write_as<T, F>(&self, origin: Origin, mut operation: F) -> impl Future<Output = Result<T>>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (tools, now) = (self.tools.clone(), self.clock.now());
        self.write_at(now, move |tx, _| operation(&mut tools.tx(tx, &origin, now)))
    }

    /// Runs a changing operation at most once per idempotency key, for an operation that needs no sign-in. The caller
    /// is identified by network address.
    pub fn write_once_for_anyone<F>(
        &self,
        context: &Context,
        key: IdempotentRequest,
        operation: F,
    ) -> impl Future<Output = Result<Answer>>
    where
        F: FnMut(&mut Tx<'_>) -> Result<Answer> + Send + 'static,
    {
        self.write_once_as(context.anonymous(), format!("address {}", context.address), key, operation)
    }

    /// Runs a changing operation at most once per idempotency key of this `caller`.
    pub fn write_once_as<F>(
        &self,
        origin: Origin,
        caller: String,
        key: IdempotentRequest,
        mut operation: F,
    ) -> impl Future<Output = Result<Answer>>
    where
        F: FnMut(&mut Tx<'_>) -> Result<Answer> + Send + 'static,
    {
        let (tools, now) = (self.tools.clone(), self.clock.now());
        self.write_at(now, move |tx, _| {
            key.carry_out(tx, Caller::Named(&caller), now, |tx| {
                let answer = operation(&mut tools.tx(tx, &origin, now))?;
                Ok((answer, None))
            })
        })
    }

    /// Takes a place for the download of a whole report.
    pub fn take_download(&self, caller: Principal) -> Result<Place<Principal>> {
        self.downloads.take(Some(caller)).map_err(|why| {
            let error = match why {
                NoPlace::HasEnough => Error::new(
                    ErrorCode::RateLimited,
                    "You are already downloading 4 whole reports. Wait until one of them is complete.",
                ),
                NoPlace::Full => Error::new(
                    ErrorCode::Unavailable,
                    "Too many whole reports are being downloaded. Try again in a moment.",
                ),
            };
            error.header("retry-after", "5")
        })
    }

    /// Creates the worker that sends e-mails.
    #[must_use]
    pub fn mail_worker(&self) -> MailWorker {
        MailWorker {
            database: self.database.clone(),
            clock: self.clock.clone(),
            outbox: Arc::clone(&self.tools.outbox),
            mailer: Arc::clone(&self.mailer),
            ready: Arc::clone(&self.outbox_ready),
        }
    }

    /// Makes `/readyz` fail, so that load balancers send no more requests.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the service is about to stop.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
