//! Starts and stops the service: its listener, its workers and its middleware.

mod allowed_methods;
mod request_limits;
mod times;
mod connection;
mod edge;
mod listen;
mod tls;
mod first_operator;
mod housekeeping;

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use persistence::{Database, DatabaseUrl, Options, refold};
use secrecy::SecretString;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::clock::Clock;
use crate::events::publish;
use crate::private;
use crate::resources::health::routes::recorder;
use crate::resources::{direct_routing, directory, teams, webhooks};
use crate::settings::Settings;

use first_operator::{first_operator, require_second_factors};
pub use housekeeping::READ_KEYS;
use tls::Certificates;

/// A running service.
pub struct Running {
    /// The application state.
    pub app: Arc<App>,
    /// The address that it listens on.
    pub address: SocketAddr,
    /// The first operator's password, if it was generated at this start.
    pub generated_password: Option<SecretString>,
    handle: ServerHandle,
    server: JoinHandle<std::io::Result<()>>,
    workers: Vec<JoinHandle<()>>,
}

/// Whether the background workers run. Tests can run their work themselves to observe its results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    /// The workers run.
    Runs,
    /// The workers don't run.
    Waits,
}

/// Starts a service. When this returns, it is accepting requests.
pub async fn start(settings: Settings, clock: Clock, background: Background) -> Result<Running, String> {
    recorder();
    settings.check_transport()?;
    for warning in settings.warnings() {
        tracing::warn!("{warning}");
    }
    let certificates = match &settings.tls.files() {
        Some((certificate, key)) => Some(Certificates::load(certificate, key)?),
        None => None,
    };
    let data_dir = settings.store.data_dir.clone();
    make_data_dir(&data_dir)?;
    let url = settings.store.database_url();
    let options = Options { pool: settings.store.pool.options(), ..Options::default() };
    let opened = tokio::task::spawn_blocking(move || Database::open(url, options)).await;
    let database = opened.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    database.write_long(refold::run).await.map_err(|error| error.to_string())?;
    let listener = TcpListener::bind(settings.listen).map_err(|error| format!("{}: {error}", settings.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let app = Arc::new(App::new(settings, database, clock, address)?);
    let generated_password = first_operator(&app).await.map_err(|error| error.to_string())?;
    require_second_factors(&app).await.map_err(|error| error.to_string())?;

    let acceptor = certificates.as_ref().map(Certificates::acceptor).transpose()?;
    let server = listen::listen(listener, &app, acceptor).map_err(|error| error.to_string())?;
    let handle = server.handle();
    let server = tokio::spawn(server);
    let mut workers: Vec<_> = match background {
        Background::Runs => workers(&app).into_iter().map(tokio::spawn).collect(),
        Background::Waits => Vec::new(),
    };
    workers.extend(certificates.map(|certificates| tokio::spawn(tls::keep(certificates))));
    Ok(Running { app, address, generated_password, handle, server, workers })
}

/// How often to look whether the state is no longer in use when the service ends, and the pause between two looks.
const LAST_HANDLE_LOOKS: u32 = 100;
const LAST_HANDLE_PAUSE: Duration = Duration::from_millis(10);

type Worker = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The background workers. Each runs in a task of its own.
fn workers(app: &Arc<App>) -> Vec<Worker> {
    let app = || Arc::clone(app);
    let mut workers: Vec<Worker> = vec![
        Box::pin(housekeeping::keep_keys(app())),
        Box::pin(app().mail_worker().run()),
        Box::pin(publish::run(app())),
        Box::pin(webhooks::worker::run(app())),
        Box::pin(housekeeping::keep_house(app())),
        Box::pin(housekeeping::keep_metrics()),
    ];
    if matches!(app().database.url(), DatabaseUrl::Sqlite(_)) {
        workers.push(Box::pin(housekeeping::keep_search(app())));
    }
    if app().graph.is_some() {
        workers.push(Box::pin(direct_routing::worker::run(app())));
        workers.push(Box::pin(teams::worker::run(app())));
        workers.push(Box::pin(directory::worker::run(app())));
    }
    workers
}

/// Creates the data directory if there is none. Only the service's user can read it.
pub fn make_data_dir(path: &Path) -> Result<(), String> {
    private::make_directory(path).map_err(|error| format!("{}: {error}", path.display()))
}

impl Running {
    /// Stops the service: accepts no more connections, finishes running requests, and closes the store.
    pub async fn stop(self) {
        self.app.drain();
        self.handle.stop(true).await;
        for worker in &self.workers {
            worker.abort();
        }
        for worker in self.workers {
            let _ = worker.await;
        }
        let _ = self.server.await;
        // The state owns the last handle of the store, whose threads finish what is queued. A request that was cut off
        // may hold the state for another moment, and whoever drops it last waits for these threads.
        let app = self.app;
        for _ in 0..LAST_HANDLE_LOOKS {
            if Arc::strong_count(&app) == 1 {
                break;
            }
            tokio::time::sleep(LAST_HANDLE_PAUSE).await;
        }
        let _ = tokio::task::spawn_blocking(move || drop(app)).await;
    }
}
