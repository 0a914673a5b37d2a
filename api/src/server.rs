//! Starting and stopping the service: its listener, its workers and its first operator.

use std::fs::DirBuilder;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer, dev::ServerHandle};
use chrono::TimeDelta;
use domain::account::Tier;
use domain::authority::Role;
use domain::limits::{DELIVERIES_KEPT_DAYS, IDEMPOTENCY_HOURS};
use domain::refusal::Refusal;
use domain::services::Services;
use persistence::accounts::NewAccount;
use persistence::members::NewMember;
use persistence::{Database, DatabaseUrl, Options, accounts, answers, housekeeping, members, search};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::clock::Clock;
use crate::http::{Error, ErrorCode, Origin, edge, fallback, idempotency};
use crate::mail::worker;
use crate::record::{Happening, new_id, record};
use crate::security::secret_token::SecretToken;
use crate::service::Service;
use crate::settings::Settings;
use crate::system::{demo_mail, document, pages, swagger};
use crate::{events, graph, routes, webhooks};

/// How long requests that are under way may take when the service stops.
const DRAIN: Duration = Duration::from_secs(30);
/// How often what has served its time is swept away.
const KEEP_HOUSE: Duration = Duration::from_secs(15);
/// How often new accounts are taken into the index of the search, and how often when there are more than a batch.
const KEEP_SEARCH: Duration = Duration::from_secs(1);
const KEEP_SEARCH_FULL: Duration = Duration::from_millis(100);
/// How many of them at a time: others wait for some milliseconds.
const SEARCH_BATCH: i32 = 1_000;
/// How often keys are read again.
pub const READ_KEYS: Duration = Duration::from_secs(15);
/// How often measured times are counted.
const COUNT_TIMES: Duration = Duration::from_secs(1);

/// A service that runs.
pub struct Running {
    /// Its parts.
    pub service: Arc<Service>,
    /// The address that it listens on.
    pub address: SocketAddr,
    /// The first operator's password, when it was generated at this start.
    pub generated_password: Option<SecretString>,
    handle: ServerHandle,
    server: JoinHandle<std::io::Result<()>>,
    workers: Vec<JoinHandle<()>>,
}

/// Whether the service delivers e-mail and keeps house by itself, or leaves it to its owner: a test does both when it
/// wants to see what comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    /// By itself.
    Runs,
    /// Left to its owner.
    Waits,
}

/// Starts a service. It answers when this returns.
pub async fn start(settings: Settings, clock: Clock, background: Background) -> Result<Running, String> {
    crate::system::routes::recorder();
    let data_dir = settings.store.data_dir.clone();
    make_data_dir(&data_dir)?;
    let url = settings.store.database_url();
    let opened = tokio::task::spawn_blocking(move || Database::open(url, Options::default())).await;
    let database = opened.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    let listener = TcpListener::bind(settings.listen).map_err(|error| format!("{}: {error}", settings.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let threads = settings.threads_that_serve();
    let service = Arc::new(Service::new(settings, database, clock, address)?);
    let generated_password = first_operator(&service).await.map_err(|error| error.to_string())?;

    let shared = Data::from(Arc::clone(&service));
    fallback::prepare();
    let server = HttpServer::new(move || {
        actix_web::rt::spawn(answers::hand_over());
        let cors = cors(&shared.settings.cors_origins);
        App::new().configure(|config| configure(config, &shared)).wrap(cors).wrap(from_fn(edge::pass))
    })
    .disable_signals()
    .shutdown_timeout(DRAIN.as_secs())
    .client_request_timeout(Duration::from_secs(10))
    .keep_alive(Duration::from_secs(75))
    .max_connections(10_000)
    // Who has hung up is not worked for.
    .h1_allow_half_closed(false)
    .workers(threads);
    let server = server.listen(listener).map_err(|error| error.to_string())?.run();
    let handle = server.handle();
    let server = tokio::spawn(server);
    let mut workers = Vec::new();
    if background == Background::Runs {
        let (mail, house, keys) = (Arc::clone(&service), Arc::clone(&service), Arc::clone(&service));
        workers.push(tokio::spawn(async move { keep_keys(&keys).await }));
        workers.push(tokio::spawn(async move { worker::run(&mail).await }));
        let events = Arc::clone(&service);
        workers.push(tokio::spawn(async move { events::publish::run(&events).await }));
        let deliveries = Arc::clone(&service);
        workers.push(tokio::spawn(async move { webhooks::worker::run(&deliveries).await }));
        workers.push(tokio::spawn(async move { keep_house(&house).await }));
        if matches!(service.database.url(), DatabaseUrl::Sqlite(_)) {
            let search = Arc::clone(&service);
            workers.push(tokio::spawn(async move { keep_search(&search).await }));
        }
        if service.graph.is_some() {
            let routes = Arc::clone(&service);
            workers.push(tokio::spawn(async move { graph::worker::run(&routes).await }));
        }
        workers.push(tokio::spawn(keep_metrics()));
    }
    Ok(Running { service, address, generated_password, handle, server, workers })
}

/// Makes the data directory, if there is none, so that only the service's own user can read what is in it.
pub fn make_data_dir(path: &Path) -> Result<(), String> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| format!("{}: {error}", path.display()))
}

impl Running {
    /// Stops: takes no more connections, answers the requests that are under way, and closes the store.
    pub async fn stop(self) {
        self.service.drain();
        self.handle.stop(true).await;
        for worker in &self.workers {
            worker.abort();
        }
        for worker in self.workers {
            let _ = worker.await;
        }
        let _ = self.server.await;
        // The last handle of the store goes with the service; its threads finish what waits.
        let service = self.service;
        let _ = tokio::task::spawn_blocking(move || drop(service)).await;
    }
}

/// What every server thread runs.
fn configure(config: &mut web::ServiceConfig, service: &Data<Service>) {
    routes::configure(&mut ServiceConfig::new(config));
    pages::configure(config);
    swagger::configure(config);
    demo_mail::configure(config);
    document::configure(config);
    config.app_data(service.clone()).default_service(web::to(fallback::answer));
}

fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PATCH", "DELETE"])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_MATCH, header::IF_NONE_MATCH])
        .allowed_headers([idempotency::HEADER, "X-Request-Id", "traceparent"])
        .expose_headers([
            "ETag",
            "Location",
            "Link",
            "X-Request-Id",
            "Retry-After",
            "RateLimit",
            "RateLimit-Policy",
            "Idempotent-Replayed",
        ])
        .max_age(3600);
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}

/// Makes the first operator when nobody can sign in yet. Gives the password if it had to be made up.
async fn first_operator(service: &Service) -> Result<Option<SecretString>, Error> {
    if service.database.read(|tx| members::any(tx).map_err(Error::from)).await? {
        return Ok(None);
    }
    let given = service.settings.operator_password.clone();
    let made_up = given.is_none().then(|| SecretString::from(SecretToken::generate().expose()[..24].to_owned()));
    let Some(password) = given.or_else(|| made_up.clone()) else { return Ok(None) };
    domain::password::check(password.expose_secret(), &[]).map_err(|fault| {
        Error::new(ErrorCode::ValidationFailed, format!("TEAMMATE_OPERATOR_PASSWORD: {}", fault.detail))
    })?;
    let password_hash = service.passwords.hash(password).await?;
    let (email, now) = (service.settings.operator_email.clone(), service.clock.now());
    let made = service.database.write(move |tx| {
        if members::any(tx)? {
            return Ok::<_, Error>(false);
        }
        let id = new_id(now);
        let platform = NewAccount {
            id,
            tier: Tier::Platform,
            master_reseller_id: None,
            reseller_id: None,
            name: "TeamMate",
            email: &email,
            billing_reference: None,
            services: Services::ALL,
            enterprise: None,
            now,
        };
        if !accounts::insert(tx, &platform)? {
            return Err(Refusal::EmailTaken.into());
        }
        let Some(account) = accounts::by_id(tx, &domain::account::Scope::Platform, Tier::Platform, id)? else {
            return Ok(false);
        };
        accounts::activate(tx, &account, now)?;
        let member = NewMember {
            id: new_id(now),
            account: id,
            email: &email,
            role: Role::Owner,
            password_hash: &password_hash,
            now,
        };
        members::insert(tx, &member)?;
        let after = json!({"email": email.given(), "role": Role::Owner.as_str()});
        record(tx, &Origin::system("start"), now, &Happening::to_account(&account, "created", Value::Null, after))?;
        Ok(true)
    });
    match made.await {
        Ok(made) => Ok(made.then_some(made_up).flatten()),
        // Another replica may have been faster; then its password counts.
        Err(error) if error.code() == ErrorCode::EmailTaken => Ok(None),
        Err(error) => Err(error),
    }
}

/// The recorder holds on to every single time until it is told to count it.
async fn keep_metrics() {
    let mut turn = tokio::time::interval(COUNT_TIMES);
    loop {
        turn.tick().await;
        crate::system::routes::recorder().run_upkeep();
    }
}

/// By itself, so that nothing else holds it up: other processes count on keys being taken up in time.
async fn keep_keys(service: &Service) {
    let mut turn = tokio::time::interval(READ_KEYS);
    loop {
        turn.tick().await;
        if let Err(error) = service.access_tokens.reload() {
            tracing::error!(%error, "the signing keys could not be read again");
        }
        if let Err(error) = service.seal.reload() {
            tracing::error!(%error, "the sealing keys could not be read again");
        }
    }
}

/// Takes new accounts into SQLite's index of the search; on PostgreSQL that is the database's own doing.
async fn keep_search(service: &Service) {
    loop {
        let indexed = service.database.write(|tx| search::index_waiting(tx, SEARCH_BATCH)).await;
        let pause = match indexed {
            Ok(indexed) if usize::try_from(SEARCH_BATCH) == Ok(indexed) => KEEP_SEARCH_FULL,
            Ok(_) => KEEP_SEARCH,
            Err(error) => {
                tracing::warn!(%error, "new accounts could not be taken into the index of the search");
                KEEP_SEARCH
            }
        };
        tokio::time::sleep(pause).await;
    }
}

async fn keep_house(service: &Service) {
    let mut turn = tokio::time::interval(KEEP_HOUSE);
    loop {
        turn.tick().await;
        if let Some(limits) = &service.rate_limits {
            limits.forget_quiet();
        }
        let now = service.clock.now();
        let kept_since = now - TimeDelta::hours(IDEMPOTENCY_HOURS);
        let swept =
            service.database.write(move |tx| housekeeping::sweep(tx, now, kept_since).map_err(Error::from)).await;
        match swept {
            Ok(0) => {}
            Ok(rows) => tracing::debug!(rows, "swept"),
            Err(error) => tracing::warn!(%error, "what has served its time could not be swept away"),
        }
        if let Err(error) = sweep_deliveries(service).await {
            tracing::warn!(%error, "old deliveries could not be swept away");
        }
    }
}

/// Batch by batch, so that others hardly wait, until none is old.
async fn sweep_deliveries(service: &Service) -> Result<(), Error> {
    let queued_before = service.clock.now() - TimeDelta::days(DELIVERIES_KEPT_DAYS);
    let sweep = move |tx: &mut _| housekeeping::sweep_deliveries(tx, queued_before).map_err(Error::from);
    while service.database.write(sweep).await? {
        tokio::time::sleep(KEEP_SEARCH_FULL).await;
    }
    Ok(())
}
