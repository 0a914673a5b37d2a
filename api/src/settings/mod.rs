//! Configuration from flags and environment variables, checked at the start.

pub mod sbc_regions;

use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::thread::available_parallelism;
use std::time::Duration;

use clap::Args;
use domain::values::email::EmailAddress;
use domain::values::tenant::Tenant;
use ipnet::IpNet;
use persistence::{DatabaseUrl, PoolOptions};
use secrecy::SecretString;
use url::Url;

use crate::graph::GraphSettings;
use crate::mail::transport::{is_remote, is_unverified};
use sbc_regions::SbcRegionList;

/// Where the service stores its data.
#[derive(Debug, Clone, Args)]
pub struct StoreSettings {
    /// Database URL: `postgres://…`, or `sqlite:` followed by a path. When unset, a SQLite file in the data directory.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<DatabaseUrl>,

    /// Directory for keys, the SQLite file and unsent e-mails.
    #[arg(long, env = "TEAMMATE_DATA_DIR", default_value = "./data")]
    pub data_dir: PathBuf,

    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at its type; words here would replace those of its flags in --help")]
    pub pool: PoolFlags,
}

/// The pool of connections to PostgreSQL.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_field_names, reason = "they are the names of the flags")]
pub struct PoolFlags {
    /// Maximum number of connections to PostgreSQL. A quarter each serves reads, long reads and
    /// creations, the others other changes.
    #[arg(long, env = "TEAMMATE_DATABASE_CONNECTIONS", default_value = "8", value_parser = clap::value_parser!(u32).range(1..=200))]
    database_connections: u32,

    /// Number of connections to PostgreSQL that stay open while nothing is asked of them.
    #[arg(long, env = "TEAMMATE_DATABASE_MIN_IDLE", default_value = "1", value_parser = clap::value_parser!(u32).range(0..=200))]
    database_min_idle: u32,

    /// Seconds after which an unused connection to PostgreSQL is closed.
    #[arg(long, env = "TEAMMATE_DATABASE_IDLE_SECONDS", default_value = "600", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    database_idle_seconds: u64,

    /// Seconds after which a connection to PostgreSQL is replaced, so that connections move to servers that were added.
    #[arg(long, env = "TEAMMATE_DATABASE_MAX_AGE_SECONDS", default_value = "1800", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    database_max_age_seconds: u64,

    /// Seconds for which a request waits for a connection to PostgreSQL before it is answered with 503.
    #[arg(long, env = "TEAMMATE_DATABASE_TIMEOUT_SECONDS", default_value = "3", value_parser = clap::value_parser!(u64).range(1..=30))]
    database_timeout_seconds: u64,
}

impl PoolFlags {
    /// The options of the pool.
    #[must_use]
    pub fn options(&self) -> PoolOptions {
        PoolOptions {
            connections: self.database_connections,
            min_idle: self.database_min_idle,
            idle: Duration::from_secs(self.database_idle_seconds),
            max_age: Duration::from_secs(self.database_max_age_seconds),
            timeout: Duration::from_secs(self.database_timeout_seconds),
        }
    }
}

impl StoreSettings {
    /// The database URL, or its default.
    #[must_use]
    pub fn database_url(&self) -> DatabaseUrl {
        self.database_url.clone().unwrap_or_else(|| DatabaseUrl::Sqlite(self.data_dir.join("teammate.db")))
    }
}

/// The configuration of the service.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at its type; words here would replace those of its flags in --help")]
    pub store: StoreSettings,

    /// Address and port to listen on.
    #[arg(long, env = "TEAMMATE_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at its type; words here would replace those of its flags in --help")]
    pub tls: TlsFlags,

    /// Public base URL of the service, used for links in e-mails and as the issuer of access tokens. When unset, the
    /// listening address.
    #[arg(long, env = "TEAMMATE_PUBLIC_URL")]
    pub public_url: Option<Url>,

    /// E-mail address of the first operator, who is created when the database is empty.
    #[arg(long, env = "TEAMMATE_OPERATOR_EMAIL", default_value = "operator@teammate.local", value_parser = parse_email)]
    pub operator_email: EmailAddress,

    /// Password of the first operator, who is created when the database is empty. When unset, one is generated and
    /// printed once.
    #[arg(long, env = "TEAMMATE_OPERATOR_PASSWORD", hide_env_values = true)]
    pub operator_password: Option<SecretString>,

    /// Mail server, such as `smtps://user:password@mail.example.com`. When unset, each e-mail is written to a file in
    /// `mail/` in the data directory.
    #[arg(long, env = "SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<SecretString>,

    /// Sender of e-mails.
    #[arg(long, env = "TEAMMATE_MAIL_FROM", default_value = "TeamMate Portal <no-reply@teammate.local>")]
    pub mail_from: lettre::message::Mailbox,

    /// Maximum number of requests per second and caller, or `off`.
    #[arg(long, env = "TEAMMATE_RATE_LIMIT", default_value = "50")]
    pub rate_limit: RateLimit,

    /// Networks of proxies whose `X-Forwarded-For` header is trusted, separated by commas.
    #[arg(long, env = "TEAMMATE_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpNet>,

    /// Origins of web pages that may call the API (CORS), separated by commas.
    #[arg(long, env = "TEAMMATE_CORS_ORIGINS", value_delimiter = ',')]
    pub cors_origins: Vec<String>,

    /// Allow webhooks with private addresses and without TLS. For tests only: anybody who can create a webhook can then
    /// send requests to everything that this service can reach.
    #[arg(long, env = "TEAMMATE_PRIVATE_WEBHOOKS", value_parser = clap::builder::BoolishValueParser::new())]
    pub private_webhooks: bool,

    /// Available SBC regions, as a JSON list of `{code, name, base_domain, sbcs}`.
    #[arg(long, env = "TEAMMATE_SBC_REGIONS", default_value = crate::settings::sbc_regions::DEFAULT, hide_default_value = true)]
    pub sbc_regions: SbcRegionList,

    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at its type; words here would replace those of its flags in --help")]
    pub graph: GraphFlags,

    /// Number of threads that serve requests. When unset, the number of processors; with SQLite one fewer, because its
    /// threads run in this process too.
    #[arg(long, env = "TEAMMATE_WORKERS")]
    pub workers: Option<NonZeroUsize>,

    /// Maximum number of open connections.
    #[arg(long, env = "TEAMMATE_MAX_CONNECTIONS", default_value = "4096")]
    pub max_connections: NonZeroUsize,

    /// Maximum number of open connections from one network address. Addresses of trusted proxies are not limited.
    #[arg(long, env = "TEAMMATE_MAX_CONNECTIONS_PER_ADDRESS", default_value = "512")]
    pub max_connections_per_address: NonZeroUsize,

    /// Seconds for which `/readyz` fails before the service stops listening, so that load balancers notice.
    #[arg(long, env = "TEAMMATE_DRAIN_SECONDS", default_value = "0", value_parser = clap::value_parser!(u64).range(..=60))]
    pub drain_seconds: u64,

    /// Text of the bar above Swagger UI, such as "Staging". When unset and a public URL is set, a warning about
    /// production.
    #[arg(long, env = "TEAMMATE_BANNER")]
    pub banner: Option<String>,

    /// Whether this is a demo, which keeps its e-mails to be read in the browser.
    #[arg(skip)]
    pub demo: bool,

    /// Write logs as JSON, one object per line.
    #[arg(long, env = "TEAMMATE_LOG_JSON", value_parser = clap::builder::BoolishValueParser::new())]
    pub log_json: bool,
}

impl Settings {
    /// The base URL of links, without a trailing slash.
    #[must_use]
    pub fn public_url(&self, listening: SocketAddr) -> String {
        let scheme = self.tls.scheme();
        let url = self.public_url.as_ref().map_or_else(|| format!("{scheme}://{listening}"), ToString::to_string);
        url.trim_end_matches('/').to_owned()
    }

    /// Refuses to serve in clear to other machines, unless a trusted proxy or the configuration says that this is meant.
    pub fn check_transport(&self) -> Result<(), String> {
        let is_protected = self.tls.files().is_some() || self.listen.ip().to_canonical().is_loopback();
        for url in self.graph.microsoft_graph_url.iter().chain([&self.graph.microsoft_login_url]) {
            if url.scheme() != "https" && is_remote(url) {
                return Err(format!("{url}: give an https URL, because credentials are sent to it"));
            }
        }
        if is_protected || self.tls.insecure_http || !self.trusted_proxies.is_empty() {
            return Ok(());
        }
        Err(format!(
            "{} can be reached from other machines, and passwords and tokens would be sent in clear. Give a certificate \
             (--tls-certificate, --tls-key), name the proxies that speak TLS in front of the service \
             (--trusted-proxies), or allow it (--insecure-http).",
            self.listen
        ))
    }

    /// What is less safe than by default, in words for the operator. It is logged at every start.
    #[must_use]
    pub fn warnings(&self) -> Vec<&'static str> {
        let warnings = [
            (self.tls.insecure_http, "INSECURE: HTTP without TLS is allowed; passwords and tokens are sent in clear"),
            (
                self.store.database_url().is_unverified(),
                "INSECURE: the certificate of the PostgreSQL server is not verified; use sslmode=verify-full",
            ),
            (
                self.smtp_url.as_ref().is_some_and(is_unverified),
                "INSECURE: e-mails, with the links in them, go to the mail server without verified TLS",
            ),
            (
                self.private_webhooks,
                "INSECURE: webhooks may have private addresses and no TLS; whoever creates one reaches this network",
            ),
        ];
        warnings.into_iter().filter(|(applies, _)| *applies).map(|(_, text)| text).collect()
    }

    /// Whether an address belongs to a trusted proxy. An IPv4-mapped IPv6 address counts as the IPv4 address: that is how
    /// IPv4 clients appear when the service listens on `[::]`.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted_proxies.iter().any(|network| network.contains(&address))
    }

    /// The number of threads that serve requests. One processor is left for SQLite: if its reader has to compete with
    /// as many threads as there are processors, batches of reads get smaller and more time is spent on context
    /// switches.
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

/// How clients reach the service.
#[derive(Debug, Clone, Args)]
#[group(id = "tls")]
pub struct TlsFlags {
    /// File with the certificate chain of the service (PEM). With it, the service speaks HTTPS (TLS 1.3 and 1.2). The
    /// file is loaded again when it changes.
    #[arg(long, env = "TEAMMATE_TLS_CERTIFICATE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,

    /// File with the private key of the certificate (PEM).
    #[arg(long, env = "TEAMMATE_TLS_KEY", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,

    /// Allow HTTP without TLS on other addresses than loopback, although no trusted proxy is named.
    #[arg(long, env = "TEAMMATE_INSECURE_HTTP", value_parser = clap::builder::BoolishValueParser::new())]
    pub insecure_http: bool,
}

impl TlsFlags {
    /// The files of certificate and key; `None` without TLS.
    #[must_use]
    pub fn files(&self) -> Option<(&Path, &Path)> {
        self.tls_certificate.as_deref().zip(self.tls_key.as_deref())
    }

    /// The scheme of URLs of the service.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.files().is_some() { "https" } else { "http" }
    }
}

/// The configuration of Microsoft Graph: either complete or absent.
#[derive(Debug, Clone, Args)]
#[group(id = "microsoft_graph")]
pub struct GraphFlags {
    /// Base URL of Microsoft Graph, such as `https://graph.microsoft.com/v1.0`. When unset, the steps of Direct Routing
    /// are confirmed by hand.
    #[arg(
        long,
        env = "MICROSOFT_GRAPH_URL",
        requires_all = ["microsoft_graph_client_id", "microsoft_graph_client_secret"]
    )]
    pub microsoft_graph_url: Option<Url>,

    /// Id or domain of the Microsoft 365 tenant to which all domains are added. When unset, domains are added to each
    /// enterprise's own tenant.
    #[arg(long, env = "MICROSOFT_GRAPH_TENANT", requires = "microsoft_graph_url", value_parser = parse_tenant)]
    pub microsoft_graph_tenant: Option<Tenant>,

    /// Client id of this service's app registration at Microsoft.
    #[arg(long, env = "MICROSOFT_GRAPH_CLIENT_ID", requires = "microsoft_graph_url")]
    pub microsoft_graph_client_id: Option<String>,

    /// Client secret of the app registration.
    #[arg(long, env = "MICROSOFT_GRAPH_CLIENT_SECRET", hide_env_values = true, requires = "microsoft_graph_url")]
    pub microsoft_graph_client_secret: Option<SecretString>,

    /// Base URL of Microsoft's token endpoint.
    #[arg(long, env = "MICROSOFT_LOGIN_URL", default_value = "https://login.microsoftonline.com")]
    pub microsoft_login_url: Url,

    /// HTTP proxy for requests to Microsoft, such as `http://proxy.example.com:3128`. The proxy variables of the
    /// environment are ignored.
    #[arg(long, env = "MICROSOFT_PROXY", hide_env_values = true, requires = "microsoft_graph_url")]
    pub microsoft_proxy: Option<Url>,

    /// Timeout of a request to Microsoft, in seconds.
    #[arg(long, env = "MICROSOFT_TIMEOUT_SECONDS", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=20))]
    pub microsoft_timeout_seconds: u64,
}

impl GraphFlags {
    /// The configuration; `None` if Microsoft Graph is not configured.
    #[must_use]
    pub fn settings(&self) -> Option<GraphSettings> {
        let Self {
            microsoft_graph_url,
            microsoft_graph_tenant,
            microsoft_graph_client_id,
            microsoft_graph_client_secret,
            microsoft_login_url,
            microsoft_proxy,
            microsoft_timeout_seconds,
        } = self.clone();
        Some(GraphSettings {
            url: microsoft_graph_url?,
            tenant: microsoft_graph_tenant,
            client_id: microsoft_graph_client_id?,
            client_secret: microsoft_graph_client_secret?,
            login_url: microsoft_login_url,
            proxy: microsoft_proxy,
            timeout: Duration::from_secs(microsoft_timeout_seconds),
        })
    }
}

/// The limit of requests per second and caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// No limit.
    Off,
    /// This number per second, and bursts of the same size.
    PerSecond(NonZeroU32),
}

impl FromStr for RateLimit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse().map(Self::PerSecond).map_err(|_| "expected a number of at least 1, or `off`")
    }
}

fn parse_tenant(text: &str) -> Result<Tenant, String> {
    Tenant::parse(text).map_err(|fault| fault.detail)
}

pub(crate) fn parse_email(text: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(text).map_err(|fault| fault.detail)
}
