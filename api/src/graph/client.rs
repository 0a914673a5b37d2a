//! A client of Microsoft Graph. It signs in with OAuth 2.0 client credentials (RFC 6749 section 4.4).

use std::collections::HashMap;

use chrono::TimeDelta;
use domain::Timestamp;
use domain::values::tenant::Tenant;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;
use tokio::sync::Mutex;
use url::Url;

use crate::clock::retry_after;

/// Maximum size of a response, in octets.
const ANSWER_MAX: usize = 1024 * 1024;
/// A token is replaced when it expires in less than this time.
const MARGIN: TimeDelta = TimeDelta::seconds(60);
/// Maximum length of an error message from Graph that is shown, in characters.
const MESSAGE_MAX: usize = 300;

/// Configuration of Microsoft Graph and of the sign-in to it.
#[derive(Debug, Clone)]
pub struct GraphSettings {
    /// The base URL of Microsoft Graph.
    pub url: Url,
    /// The tenant to which all domains are added; `None` adds them to each enterprise's own tenant.
    pub tenant: Option<Tenant>,
    /// The client id of this service's app registration.
    pub client_id: String,
    /// The client secret.
    pub client_secret: SecretString,
    /// The base URL of the token endpoint.
    pub login_url: Url,
    /// The HTTP proxy that requests are sent through, if any.
    pub proxy: Option<Url>,
    /// Time limit of one request.
    pub timeout: Duration,
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswered {
    /// Graph could not be reached, failed, or is throttling. The request can be retried.
    Trouble {
        /// What happened, as text for people.
        detail: String,
        /// How long Graph asks to wait before the next request.
        retry_after: Option<TimeDelta>,
    },
    /// Graph understood the request and refused it.
    Refused {
        /// The HTTP status of the response.
        status: u16,
        /// Graph's message, as text for people.
        detail: String,
    },
}

struct Token {
    secret: SecretString,
    expires_at: Timestamp,
}

/// The client of Microsoft Graph.
pub struct Graph {
    http: reqwest::Client,
    settings: GraphSettings,
    tokens: Mutex<HashMap<String, Token>>,
    quiet: Mutex<HashMap<String, Timestamp>>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenError {
    error: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorAnswer {
    error: ErrorBody,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    code: String,
    message: String,
}

impl Graph {
    /// Creates a client with this configuration.
    pub fn new(settings: GraphSettings) -> Result<Self, String> {
        // What the environment says about proxies is meant for other programs.
        let mut http = reqwest::Client::builder().timeout(settings.timeout).redirect(Policy::none()).no_proxy();
        if let Some(proxy) = &settings.proxy {
            http = http.proxy(reqwest::Proxy::all(proxy.clone()).map_err(|error| error.to_string())?);
        }
        Ok(Self {
            http: http.build().map_err(|error| error.to_string())?,
            settings,
            tokens: Mutex::default(),
            quiet: Mutex::default(),
        })
    }

    /// Whether all domains are added to one configured tenant.
    #[must_use]
    pub fn has_one_tenant(&self) -> bool {
        self.settings.tenant.is_some()
    }

    /// Sends a request about a tenant and parses the response. If one tenant is configured, all requests are about that
    /// one.
    pub async fn call<T: DeserializeOwned>(
        &self,
        tenant: &Tenant,
        method: Method,
        path: &str,
        body: Option<&Value>,
        now: Timestamp,
    ) -> Result<T, Unanswered> {
        let tenant = self.settings.tenant.as_ref().unwrap_or(tenant);
        self.check_quiet(tenant, now).await?;
        let url = format!("{}{path}", self.settings.url.as_str().trim_end_matches('/'));
        let ask = async || {
            let token = self.token(tenant, now).await?;
            let request = self.http.request(method.clone(), &url).bearer_auth(token.expose_secret());
            answer(if let Some(body) = body { request.json(body) } else { request }).await
        };
        let mut answered = ask().await?;
        if answered.0 == StatusCode::UNAUTHORIZED {
            // A token can be invalidated before it expires, so try once more with a new one.
            self.tokens.lock().await.remove(tenant.as_str());
            answered = ask().await?;
        }
        let (status, headers, octets) = answered;
        if let (StatusCode::TOO_MANY_REQUESTS, Some(pause)) = (status, retry_after(&headers, now)) {
            let until = now + pause.min(TimeDelta::days(1));
            self.quiet.lock().await.insert(tenant.as_str().to_owned(), until);
        }
        read(status, &headers, &octets, now)
    }

    /// Fails while Graph is throttling this tenant. All routes of a tenant share its limits.
    async fn check_quiet(&self, tenant: &Tenant, now: Timestamp) -> Result<(), Unanswered> {
        let mut quiet = self.quiet.lock().await;
        quiet.retain(|_, until| *until > now);
        let Some(until) = quiet.get(tenant.as_str()) else { return Ok(()) };
        let detail = "Microsoft Graph is throttling requests. The service retries later.".to_owned();
        Err(Unanswered::Trouble { detail, retry_after: Some(*until - now) })
    }

    async fn token(&self, tenant: &Tenant, now: Timestamp) -> Result<SecretString, Unanswered> {
        let mut kept = self.tokens.lock().await;
        kept.retain(|_, token| token.expires_at - MARGIN > now);
        if let Some(token) = kept.get(tenant.as_str()) {
            return Ok(token.secret.clone());
        }
        drop(kept);
        let GraphSettings { url: _, tenant: _, client_id, client_secret, login_url, proxy: _, timeout: _ } =
            &self.settings;
        let base = format!("{}/{}", login_url.as_str().trim_end_matches('/'), tenant.as_str());
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", client_secret.expose_secret()),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let (status, headers, octets) = answer(self.http.post(format!("{base}/oauth2/v2.0/token")).form(&form)).await?;
        if status == StatusCode::OK {
            let answer: TokenAnswer = serde_json::from_slice(&octets).map_err(|_| no_sense())?;
            let lasts = TimeDelta::try_seconds(answer.expires_in.clamp(0, 86_400)).unwrap_or_default();
            let secret = SecretString::from(answer.access_token);
            let token = Token { secret: secret.clone(), expires_at: now + lasts };
            self.tokens.lock().await.insert(tenant.as_str().to_owned(), token);
            return Ok(secret);
        }
        let TokenError { error } = serde_json::from_slice(&octets).unwrap_or_default();
        // The rest of the response shows our configuration, which only operators may see.
        tracing::warn!(%status, error, tenant = tenant.as_str(), "Microsoft did not let this service sign in");
        if matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED) && error != "invalid_client" {
            let detail = format!(
                "The tenant {} does not know this service. If that is its name, its Global Administrator consents at \
                 {base}/adminconsent?client_id={client_id}",
                tenant.as_str()
            );
            return Err(Unanswered::Refused { status: StatusCode::FORBIDDEN.as_u16(), detail });
        }
        let detail = "The service could not sign in to Microsoft Graph.".to_owned();
        Err(Unanswered::Trouble { detail, retry_after: retry_after(&headers, now) })
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<(StatusCode, HeaderMap, Vec<u8>), Unanswered> {
    let mut response = request.send().await.map_err(|error| unreachable(&error))?;
    let mut octets = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
        if octets.len() + chunk.len() > ANSWER_MAX {
            return Err(no_sense());
        }
        octets.extend_from_slice(&chunk);
    }
    Ok((response.status(), response.headers().clone(), octets))
}

fn read<T: DeserializeOwned>(
    status: StatusCode,
    headers: &HeaderMap,
    octets: &[u8],
    now: Timestamp,
) -> Result<T, Unanswered> {
    if status.is_success() {
        return serde_json::from_slice(octets).map_err(|_| no_sense());
    }
    let ErrorBody { code, message } = serde_json::from_slice::<ErrorAnswer>(octets).unwrap_or_default().error;
    let said: String = format!("{code} {message}").chars().filter(|c| !c.is_control()).take(MESSAGE_MAX).collect();
    let detail = format!("Microsoft Graph answered {}: {}", status.as_u16(), said.trim());
    let detail = detail.trim_end_matches([':', ' ']).to_owned();
    let passes = status.is_server_error()
        || status.is_redirection()
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::UNAUTHORIZED);
    if passes {
        return Err(Unanswered::Trouble { detail, retry_after: retry_after(headers, now) });
    }
    Err(Unanswered::Refused { status: status.as_u16(), detail })
}

fn unreachable(error: &reqwest::Error) -> Unanswered {
    trouble(if error.is_timeout() {
        "Microsoft Graph took too long to answer."
    } else {
        "Microsoft Graph could not be reached."
    })
}

fn no_sense() -> Unanswered {
    trouble("Microsoft Graph gave an answer that makes no sense.")
}

fn trouble(detail: &str) -> Unanswered {
    Unanswered::Trouble { detail: detail.to_owned(), retry_after: None }
}
