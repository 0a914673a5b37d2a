//! A client of Microsoft Graph. It signs in with OAuth 2.0 client credentials (RFC 6749 section 4.4).

use std::collections::HashMap;

use chrono::TimeDelta;
use domain::Timestamp;
use domain::limits::MICROSOFT_REQUEST_ID_MAX;
use domain::values::tenant::Tenant;
use reqwest::header::{self, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;
use tokio::sync::Mutex;
use url::Url;

use super::consent::roles_of;
use crate::clock::retry_after;

/// Maximum size of a response, in octets.
const ANSWER_MAX: usize = 32 * 1024 * 1024;
/// A token is replaced when it expires in less than this time.
const MARGIN: TimeDelta = TimeDelta::seconds(60);
/// How long a token is kept although a request was refused for lack of a permission.
const KEPT_AFTER_403: TimeDelta = TimeDelta::minutes(4);
/// Maximum length of an error message from Graph that is shown, in characters.
const MESSAGE_MAX: usize = 300;
/// Most pages of a collection. No tenant has as many products.
const PAGES_MAX: usize = 100;
/// Error codes of failures that pass, although their status, 400, says that the request was wrong.
const TRANSIENT: [&str; 2] = ["ServiceUnavailable", "serviceNotAvailable"];
/// Error codes of delta queries whose place is no longer known. Their status is 410, or 400.
const RESYNC: [&str; 4] = ["syncStateNotFound", "SyncStateNotFound", "resyncRequired", "Directory_ExpiredPageToken"];
/// Codes in the details of an error with the status 400 about something that is there already.
const CONFLICTS: [&str; 2] = ["ObjectConflict", "ConflictingObjects"];

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

/// A successful response. Microsoft also answers 202 and 204, without a body.
#[derive(Debug)]
pub struct Reply {
    octets: Vec<u8>,
    /// Where the progress of what was asked for can be read, from the `Location` of a 202.
    pub location: Option<String>,
}

impl Reply {
    /// Parses the body.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Unanswered> {
        serde_json::from_slice(&self.octets).map_err(|_| no_sense())
    }

    /// Parses the body as one object, which Microsoft wraps in `value` or not.
    pub fn single<T: DeserializeOwned>(&self) -> Result<T, Unanswered> {
        let mut body: Value = self.json()?;
        let object = body.get_mut("value").filter(|value| value.is_object()).map(Value::take);
        serde_json::from_value(object.unwrap_or(body)).map_err(|_| no_sense())
    }
}

/// A page of a collection.
#[derive(Deserialize)]
struct CollectionPage<T> {
    value: OneOrMany<T>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

/// The elements of a collection. Microsoft's examples show some collections of one element as that element.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
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
        /// Whether it is about something that is there already.
        is_conflict: bool,
        /// Graph's message and the id of the request, as text for people.
        detail: String,
        /// The id by which Microsoft's support finds the request.
        request_id: Option<String>,
    },
}

struct Token {
    secret: SecretString,
    issued_at: Timestamp,
    /// Whether a request with it was refused for lack of a permission.
    lacks_permission: bool,
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
    details: Option<Vec<ErrorDetail>>,
    #[serde(rename = "innerError")]
    inner: Option<InnerError>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorDetail {
    code: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct InnerError {
    /// The id by which Microsoft's support finds the request.
    request_id: String,
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

    /// The tenant that requests about an enterprise's own tenant go to.
    #[must_use]
    pub fn tenant<'a>(&'a self, own: &'a Tenant) -> &'a Tenant {
        self.settings.tenant.as_ref().unwrap_or(own)
    }

    /// Where a Global Administrator of a tenant grants the permissions that the service asks for.
    #[must_use]
    pub fn consent_url(&self, own: &Tenant) -> String {
        format!("{}/adminconsent?client_id={}", self.login(self.tenant(own)), self.settings.client_id)
    }

    /// The client id of the app registration.
    pub(super) fn client_id(&self) -> &str {
        &self.settings.client_id
    }

    pub(super) fn login(&self, tenant: &Tenant) -> String {
        format!("{}/{}", self.settings.login_url.as_str().trim_end_matches('/'), tenant.as_str())
    }

    /// Reads one object; `None` if there is none.
    pub async fn find<T: DeserializeOwned>(
        &self,
        tenant: &Tenant,
        path: &str,
        now: Timestamp,
    ) -> Result<Option<T>, Unanswered> {
        match self.call(tenant, Method::GET, path, None, now).await {
            Ok(reply) => reply.single().map(Some),
            Err(Unanswered::Refused { status: 404, .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Reads a collection as a whole, page by page.
    pub async fn list<T: DeserializeOwned>(
        &self,
        tenant: &Tenant,
        path: &str,
        now: Timestamp,
    ) -> Result<Vec<T>, Unanswered> {
        let (mut items, mut path) = (Vec::new(), path.to_owned());
        for _ in 0..PAGES_MAX {
            let page: CollectionPage<T> = self.call(tenant, Method::GET, &path, None, now).await?.json()?;
            match page.value {
                OneOrMany::Many(many) => items.extend(many),
                OneOrMany::One(one) => items.push(one),
            }
            let Some(next) = page.next else { return Ok(items) };
            path = self.below_base(&next)?;
        }
        Err(no_sense())
    }

    /// The path of a link below the base URL. The token goes nowhere else.
    pub(super) fn below_base(&self, link: &str) -> Result<String, Unanswered> {
        let below = link.strip_prefix(self.base()).filter(|path| path.starts_with('/'));
        below.map(str::to_owned).ok_or_else(no_sense)
    }

    fn base(&self) -> &str {
        self.settings.url.as_str().trim_end_matches('/')
    }

    /// Sends a request about a tenant. If one tenant is configured, all requests are about that one.
    pub async fn call(
        &self,
        tenant: &Tenant,
        method: Method,
        path: &str,
        body: Option<&Value>,
        now: Timestamp,
    ) -> Result<Reply, Unanswered> {
        let tenant = self.tenant(tenant);
        self.check_quiet(tenant, now).await?;
        let url = format!("{}{path}", self.base());
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
        if status == StatusCode::FORBIDDEN {
            // A token has the permissions that were granted when it was issued. Somebody may have consented since.
            if let Some(token) = self.tokens.lock().await.get_mut(tenant.as_str()) {
                token.lacks_permission = true;
            }
        }
        self.keep_quiet(tenant, status, &headers, now).await;
        if status.is_success() {
            let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
            return Ok(Reply { octets, location: location.map(str::to_owned) });
        }
        Err(failure(status, &headers, &octets, now))
    }

    /// Notes for how long Microsoft asks to be left alone about a tenant.
    async fn keep_quiet(&self, tenant: &Tenant, status: StatusCode, headers: &HeaderMap, now: Timestamp) {
        if let (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, Some(pause)) =
            (status, retry_after(headers, now))
        {
            let until = now + pause.min(TimeDelta::days(1));
            self.quiet.lock().await.insert(tenant.as_str().to_owned(), until);
        }
    }

    /// Fails while Graph is throttling this tenant. All routes of a tenant share its limits.
    pub(super) async fn check_quiet(&self, tenant: &Tenant, now: Timestamp) -> Result<(), Unanswered> {
        let mut quiet = self.quiet.lock().await;
        quiet.retain(|_, until| *until > now);
        let Some(until) = quiet.get(tenant.as_str()) else { return Ok(()) };
        let detail = "Microsoft Graph is throttling requests. The service retries later.".to_owned();
        Err(Unanswered::Trouble { detail, retry_after: Some(*until - now) })
    }

    /// Reads what the login server says of a tenant. That needs no token.
    pub(super) async fn discover<T: DeserializeOwned>(&self, tenant: &Tenant) -> Result<T, Unanswered> {
        let url = format!("{}/v2.0/.well-known/openid-configuration", self.login(tenant));
        let (status, _, octets) = answer(self.http.get(url)).await?;
        if status != StatusCode::OK {
            return Err(trouble("Microsoft does not know this tenant."));
        }
        serde_json::from_slice(&octets).map_err(|_| no_sense())
    }

    /// The permissions that the token in use for a tenant names; `None` if there is no token, or it names none.
    pub async fn permissions(&self, own: &Tenant) -> Option<Vec<String>> {
        let kept = self.tokens.lock().await;
        roles_of(kept.get(self.tenant(own).as_str())?.secret.expose_secret())
    }

    /// Has the next request about a tenant made with a new token, unless its token was issued after `since`.
    pub(super) async fn forget_token(&self, own: &Tenant, since: Timestamp) {
        let mut kept = self.tokens.lock().await;
        if kept.get(self.tenant(own).as_str()).is_some_and(|token| token.issued_at <= since) {
            kept.remove(self.tenant(own).as_str());
        }
    }

    pub(super) async fn token(&self, tenant: &Tenant, now: Timestamp) -> Result<SecretString, Unanswered> {
        let mut kept = self.tokens.lock().await;
        kept.retain(|_, token| {
            let is_outdated = token.lacks_permission && now - token.issued_at >= KEPT_AFTER_403;
            token.expires_at - MARGIN > now && !is_outdated
        });
        if let Some(token) = kept.get(tenant.as_str()) {
            return Ok(token.secret.clone());
        }
        drop(kept);
        let GraphSettings { client_id, client_secret, .. } = &self.settings;
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", client_secret.expose_secret()),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let (status, headers, octets) =
            answer(self.http.post(format!("{}/oauth2/v2.0/token", self.login(tenant))).form(&form)).await?;
        if status == StatusCode::OK {
            let answer: TokenAnswer = serde_json::from_slice(&octets).map_err(|_| no_sense())?;
            let lasts = TimeDelta::try_seconds(answer.expires_in.clamp(0, 86_400)).unwrap_or_default();
            let secret = SecretString::from(answer.access_token);
            let token =
                Token { secret: secret.clone(), issued_at: now, lacks_permission: false, expires_at: now + lasts };
            self.tokens.lock().await.insert(tenant.as_str().to_owned(), token);
            return Ok(secret);
        }
        self.keep_quiet(tenant, status, &headers, now).await;
        let TokenError { error } = serde_json::from_slice(&octets).unwrap_or_default();
        // The rest of the response shows our configuration, which only operators may see.
        tracing::warn!(%status, error, tenant = tenant.as_str(), "Microsoft did not let this service sign in");
        let says_why = !matches!(error.as_str(), "" | "invalid_client");
        if says_why && matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED) {
            let detail = format!("The tenant does not know this service, or has another name than {}", tenant.as_str());
            let status = StatusCode::FORBIDDEN.as_u16();
            return Err(Unanswered::Refused { status, is_conflict: false, detail, request_id: None });
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

/// What a response that is no success means. Its code and status decide; its message is for people.
fn failure(status: StatusCode, headers: &HeaderMap, octets: &[u8], now: Timestamp) -> Unanswered {
    let ErrorBody { code, message, details, inner } =
        serde_json::from_slice::<ErrorAnswer>(octets).unwrap_or_default().error;
    let shown = |text: &str, most: usize| text.chars().filter(|c| !c.is_control()).take(most).collect::<String>();
    let said = shown(&format!("{code} {message}"), MESSAGE_MAX);
    let said = format!("Microsoft Graph answered {}: {}", status.as_u16(), said.trim());
    let said = said.trim_end_matches([':', ' ']);
    let request_id =
        Some(shown(&inner.unwrap_or_default().request_id, MICROSOFT_REQUEST_ID_MAX)).filter(|id| !id.is_empty());
    let detail = request_id.as_ref().map_or_else(|| said.to_owned(), |id| format!("{said} (request-id {id})"));
    let passes = status.is_server_error()
        || status.is_redirection()
        || TRANSIENT.contains(&code.as_str())
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::UNAUTHORIZED);
    if passes {
        return Unanswered::Trouble { detail, retry_after: retry_after(headers, now) };
    }
    let is_conflict = status == StatusCode::CONFLICT
        || details.iter().flatten().any(|detail| CONFLICTS.contains(&detail.code.as_str()));
    let status = if RESYNC.contains(&code.as_str()) { StatusCode::GONE } else { status };
    Unanswered::Refused { status: status.as_u16(), is_conflict, detail, request_id }
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
