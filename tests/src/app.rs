//! A service in the process of the test, with a clock that the test sets and mail that it can read.

use std::sync::Arc;

use api::clock::Clock;
use api::events::publish;
use api::resources::webhooks::worker as deliveries;
use api::server;
use api::server::{Background, Running};
use api::settings::Settings;
use clap::Parser;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::PASSWORD;
use crate::cluster::{Database, FreshDatabase};
use crate::http::Request;

/// The operator that every service starts with.
pub(crate) const OPERATOR: &str = "operator@teammate.local";
/// The flags of replicas: they have one public URL, which is the issuer of access tokens.
pub const PUBLIC: &[&str] = &["--public-url", "http://localhost"];

/// A service on a fresh database.
pub struct App {
    /// The clock of the service.
    pub clock: Clock,
    /// Its database and data directory.
    pub database: FreshDatabase,
    running: Running,
    http: reqwest::Client,
}

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    settings: Settings,
}

impl App {
    /// Starts a service that counts nobody's requests.
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, &[]).await
    }

    /// Starts a service with further flags.
    pub async fn start_with(database: Database, flags: &[&str]) -> Self {
        Self::run_on(database.fresh(), flags).await
    }

    /// Starts a service on a database that may hold something already.
    pub async fn start_on(database: FreshDatabase) -> Self {
        Self::run_on(database, &[]).await
    }

    /// Starts a service that generates the first operator's password. Returns the password.
    pub async fn start_with_generated_password(database: Database) -> (Self, String) {
        let (database, clock) = (database.fresh(), Clock::default());
        let running = run_line(&database, clock.clone(), &["--rate-limit", "off"]).await;
        let password = running.generated_password.as_ref().expect("a generated password").expose_secret().to_owned();
        (Self { clock, database, running, http: reqwest::Client::new() }, password)
    }

    async fn run_on(database: FreshDatabase, flags: &[&str]) -> Self {
        let clock = Clock::default();
        let running = run(&database, clock.clone(), flags).await;
        Self { clock, database, running, http: reqwest::Client::new() }
    }

    /// Stops the service and starts it again on the same data.
    pub async fn restart(self) -> Self {
        self.restart_with(&[]).await
    }

    /// Stops the service and starts it again on the same data, with further flags.
    pub async fn restart_with(self, flags: &[&str]) -> Self {
        let Self { clock, database, running, http } = self;
        running.stop().await;
        let running = run(&database, clock.clone(), flags).await;
        Self { clock, database, running, http }
    }

    /// Stops the service, which drains.
    pub async fn stop(self) -> FreshDatabase {
        self.running.stop().await;
        self.database
    }

    /// The parts of the service.
    #[must_use]
    pub fn service(&self) -> &Arc<api::app::App> {
        &self.running.app
    }

    /// The host and port that it listens on.
    #[must_use]
    pub fn address(&self) -> String {
        self.running.address.to_string()
    }

    /// A request.
    pub fn request(&self, method: Method, path: &str) -> Request {
        Request::new(&self.http, method, &format!("http://{}{path}", self.running.address))
    }

    /// A GET request.
    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    /// A POST request.
    pub fn post(&self, path: &str) -> Request {
        self.request(Method::POST, path)
    }

    /// A PATCH request.
    pub fn patch(&self, path: &str) -> Request {
        self.request(Method::PATCH, path)
    }

    /// A DELETE request.
    pub fn delete(&self, path: &str) -> Request {
        self.request(Method::DELETE, path)
    }

    /// Signs in with the password that everybody has, and gives the tokens.
    pub async fn login(&self, email: &str) -> Value {
        let body = json!({"email": email, "password": PASSWORD});
        self.post("/auth/login").json(&body).send().await.expect(200).json()
    }

    /// Hands over the mail that waits.
    pub async fn deliver_mail(&self) {
        let worker = self.service().mail_worker();
        while worker.deliver_due().await.expect("the outbox can be read") > 0 {}
    }

    /// Publishes what has happened and delivers whatever is due to webhooks; says how many attempts that took.
    pub async fn deliver_webhooks(&self) -> usize {
        publish::publish(self.service()).await.expect("events can be published");
        let mut attempts = 0;
        loop {
            let due = deliveries::due(self.service()).await.expect("deliveries can be looked for");
            if due.is_empty() {
                return attempts;
            }
            for (webhook, _) in due {
                attempts += deliveries::deliver_to(self.service(), webhook).await.expect("deliveries can be noted");
            }
        }
    }

    /// Another replica of the service, on the same database and with the same keys.
    pub async fn replica(&self, flags: &[&str]) -> Running {
        run(&self.database, self.clock.clone(), flags).await
    }

    /// The e-mails that have left for an address, oldest first.
    pub async fn mail_to(&self, address: &str) -> Vec<String> {
        self.deliver_mail().await;
        let mut files: Vec<_> = std::fs::read_dir(self.database.directory.path().join("mail"))
            .expect("a directory of mail")
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .collect();
        // Their names are ids, which sort by time.
        files.sort();
        let text = |path| std::fs::read_to_string(path).expect("an e-mail").replace("=\r\n", "").replace("=3D", "=");
        files.into_iter().map(text).filter(|mail: &String| mail.contains(&format!("To: {address}\r\n"))).collect()
    }

    /// The token of the latest link that was sent to an address.
    pub async fn token_for(&self, address: &str) -> String {
        let mail = self.mail_to(address).await.pop().unwrap_or_else(|| panic!("no mail to {address}"));
        let (_, rest) = mail.split_once("#token=").expect("a link");
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
    }
}

async fn run(database: &FreshDatabase, clock: Clock, flags: &[&str]) -> Running {
    let mut all = vec!["--operator-password", PASSWORD];
    if !flags.contains(&"--rate-limit") {
        all.extend(["--rate-limit", "off"]);
    }
    all.extend(flags);
    run_line(database, clock, &all).await
}

async fn run_line(database: &FreshDatabase, clock: Clock, flags: &[&str]) -> Running {
    let url = database.url_text();
    let directory = database.directory.path().to_str().expect("a path");
    let mut line = vec!["teammate", "--database-url", &url, "--data-dir", directory, "--listen", "127.0.0.1:0"];
    line.extend(["--workers", "1"]);
    line.extend(flags);
    let settings = Line::parse_from(line).settings;
    server::start(settings, clock, Background::Waits).await.expect("the service starts")
}
