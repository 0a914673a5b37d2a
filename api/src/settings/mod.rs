//! Configuration by flag or environment, checked at the start.

pub mod sbc_regions;

use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;
use std::thread::available_parallelism;
use std::time::Duration;

use clap::Args;
use domain::values::email::EmailAddress;
use domain::values::tenant::Tenant;
use ipnet::IpNet;
use persistence::DatabaseUrl;
use secrecy::SecretString;
use url::Url;

use crate::graph::GraphSettings;
use sbc_regions::SbcRegionList;

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub struct StoreSettings {
    /// `postgres://…` for a server, `sqlite:` and a path for a file; a SQLite file in the data directory when unset.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<DatabaseUrl>,

    /// The directory of keys, e-mails and the SQLite file.
    #[arg(long, env = "TEAMMATE_DATA_DIR", default_value = "./data")]
    pub data_dir: PathBuf,
}

impl StoreSettings {
    /// The database to open.
    #[must_use]
    pub fn database_url(&self) -> DatabaseUrl {
        self.database_url.clone().unwrap_or_else(|| DatabaseUrl::Sqlite(self.data_dir.join("teammate.db")))
    }
}

/// How the service runs.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at its type; words here would replace those of its flags in --help")]
    pub store: StoreSettings,

    /// The address to listen on.
    #[arg(long, env = "TEAMMATE_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// The address by which others reach the service: the base of links in e-mails, and the issuer of access tokens.
    /// The listening address when unset.
    #[arg(long, env = "TEAMMATE_PUBLIC_URL")]
    pub public_url: Option<Url>,

    /// The first operator's e-mail address, used when the database is empty.
    #[arg(long, env = "TEAMMATE_OPERATOR_EMAIL", default_value = "operator@teammate.local", value_parser = parse_email)]
    pub operator_email: EmailAddress,

    /// The first operator's password, used when the database is empty; generated and printed once when unset.
    #[arg(long, env = "TEAMMATE_OPERATOR_PASSWORD", hide_env_values = true)]
    pub operator_password: Option<SecretString>,

    /// The mail server, such as `smtps://user:password@mail.example.com`; when unset, each message becomes a file in
    /// `mail/` of the data directory.
    #[arg(long, env = "SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<SecretString>,

    /// The sender of e-mails.
    #[arg(long, env = "TEAMMATE_MAIL_FROM", default_value = "TeamMate Portal <no-reply@teammate.local>")]
    pub mail_from: lettre::message::Mailbox,

    /// Requests per second and caller, or `off`.
    #[arg(long, env = "TEAMMATE_RATE_LIMIT", default_value = "50")]
    pub rate_limit: RateLimit,

    /// Networks of proxies whose `X-Forwarded-For` is believed, separated by commas.
    #[arg(long, env = "TEAMMATE_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpNet>,

    /// Origins of web pages that may call the API, separated by commas.
    #[arg(long, env = "TEAMMATE_CORS_ORIGINS", value_delimiter = ',')]
    pub cors_origins: Vec<String>,

    /// Let webhooks be sent to private addresses and without TLS. For tests only: whoever may make a webhook reaches whatever this
    /// service reaches.
    #[arg(long, env = "TEAMMATE_PRIVATE_WEBHOOKS", value_parser = clap::builder::BoolishValueParser::new())]
    pub private_webhooks: bool,

    /// The SBC regions on offer, as a JSON list of `{code, name, base_domain, sbcs}`.
    #[arg(long, env = "TEAMMATE_SBC_REGIONS", default_value = crate::settings::sbc_regions::DEFAULT, hide_default_value = true)]
    pub sbc_regions: SbcRegionList,

    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at its type; words here would replace those of its flags in --help")]
    pub graph: GraphFlags,

    /// Threads that serve requests. When unset, as many as there are processors; on SQLite, whose threads are in this process as
    /// well, one fewer.
    #[arg(long, env = "TEAMMATE_WORKERS")]
    pub workers: Option<NonZeroUsize>,

    /// Seconds for which `/readyz` says no before the service stops to listen, so that a load balancer hears of it.
    #[arg(long, env = "TEAMMATE_DRAIN_SECONDS", default_value = "0", value_parser = clap::value_parser!(u64).range(..=60))]
    pub drain_seconds: u64,

    /// What the bar above Swagger UI says, such as "Staging"; a warning when unset and a public URL is set.
    #[arg(long, env = "TEAMMATE_BANNER")]
    pub banner: Option<String>,

    /// Whether this is a demo, whose mail is read in the browser.
    #[arg(skip)]
    pub demo: bool,

    /// Write logs as JSON, one object a line.
    #[arg(long, env = "TEAMMATE_LOG_JSON", value_parser = clap::builder::BoolishValueParser::new())]
    pub log_json: bool,
}

impl Settings {
    /// The base of links, without a slash at its end.
    #[must_use]
    pub fn public_url(&self, listening: SocketAddr) -> String {
        let url = self.public_url.as_ref().map_or_else(|| format!("http://{listening}"), ToString::to_string);
        url.trim_end_matches('/').to_owned()
    }

    /// Whether an address is that of a proxy that is believed.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(&address))
    }

    /// How many threads serve requests. SQLite is left a processor: where its reader has to share one with as many threads as
    /// there are processors, each is handed fewer requests at once, and more time goes into switching between them.
    #[must_use]
    pub fn threads_that_serve(&self) -> usize {
        let processors = available_parallelism().map_or(1, NonZeroUsize::get);
        let by_default = match self.store.database_url() {
            DatabaseUrl::Sqlite(_) => processors.saturating_sub(1).max(1),
            DatabaseUrl::Postgresql(_) => processors,
        };
        self.workers.map_or(by_default, NonZeroUsize::get)
    }
}

/// Microsoft Graph as it is configured: all of it or nothing.
#[derive(Debug, Clone, Args)]
#[group(id = "microsoft_graph")]
pub struct GraphFlags {
    /// Microsoft Graph, such as `https://graph.microsoft.com/v1.0`; when unset, the steps of Direct Routing are confirmed by
    /// hand.
    #[arg(
        long,
        env = "MICROSOFT_GRAPH_URL",
        requires_all = ["microsoft_graph_client_id", "microsoft_graph_client_secret"]
    )]
    pub microsoft_graph_url: Option<Url>,

    /// The id or a domain of the one Microsoft 365 tenant that takes all domains on; when unset, each enterprise's own does.
    #[arg(long, env = "MICROSOFT_GRAPH_TENANT", requires = "microsoft_graph_url", value_parser = parse_tenant)]
    pub microsoft_graph_tenant: Option<Tenant>,

    /// The id by which this service is registered with Microsoft.
    #[arg(long, env = "MICROSOFT_GRAPH_CLIENT_ID", requires = "microsoft_graph_url")]
    pub microsoft_graph_client_id: Option<String>,

    /// The secret that goes with it.
    #[arg(long, env = "MICROSOFT_GRAPH_CLIENT_SECRET", hide_env_values = true, requires = "microsoft_graph_url")]
    pub microsoft_graph_client_secret: Option<SecretString>,

    /// Where Microsoft gives tokens.
    #[arg(long, env = "MICROSOFT_LOGIN_URL", default_value = "https://login.microsoftonline.com")]
    pub microsoft_login_url: Url,

    /// Seconds that one request to Microsoft may take.
    #[arg(long, env = "MICROSOFT_TIMEOUT_SECONDS", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=20))]
    pub microsoft_timeout_seconds: u64,
}

impl GraphFlags {
    /// The configuration, if there is one.
    #[must_use]
    pub fn settings(&self) -> Option<GraphSettings> {
        let Self {
            microsoft_graph_url,
            microsoft_graph_tenant,
            microsoft_graph_client_id,
            microsoft_graph_client_secret,
            microsoft_login_url,
            microsoft_timeout_seconds,
        } = self.clone();
        Some(GraphSettings {
            url: microsoft_graph_url?,
            tenant: microsoft_graph_tenant,
            client_id: microsoft_graph_client_id?,
            client_secret: microsoft_graph_client_secret?,
            login_url: microsoft_login_url,
            timeout: Duration::from_secs(microsoft_timeout_seconds),
        })
    }
}

/// Requests per second and caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// None are refused.
    Off,
    /// So many, and as many at once.
    PerSecond(NonZeroU32),
}

impl FromStr for RateLimit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse().map(Self::PerSecond).map_err(|_| "a number of at least 1, or `off`")
    }
}

fn parse_tenant(text: &str) -> Result<Tenant, String> {
    Tenant::parse(text).map_err(|fault| fault.detail)
}

pub(crate) fn parse_email(text: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(text).map_err(|fault| fault.detail)
}
