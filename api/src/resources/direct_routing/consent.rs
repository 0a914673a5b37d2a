//! The consent of a tenant: a link to Microsoft with which an administrator grants the service its permissions, and what
//! Microsoft answers when it leads back (Microsoft, "Admin consent on the Microsoft identity platform").
//!
//! The answer comes through a browser, where it can be forged. It makes the service look at once, and proves nothing: what
//! counts is the token that Microsoft issues for the tenant.

use actix_web::post;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use domain::Timestamp;
use domain::account::{Account, Scope, Tier, check_open};
use domain::direct_routing::{DirectRouting, Route, State as RouteState};
use domain::id::AccountId;
use domain::limits::CONSENT_LINK_HOURS;
use domain::refusal::Refusal;
use domain::status::Status;
use domain::teams::Missing;
use domain::values::return_url::ReturnUrl;
use domain::values::tenant::Tenant;
use persistence::accounts::Lock;
use persistence::{StoreConnection, accounts, direct_routing, directories, teams_users};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::{Uuid, uuid};
use validator::Validate;

use crate::access::{Change, Origin};
use crate::app::{App, Call};
use crate::error::Result;
use crate::graph::Graph;
use crate::graph::consent::PERMISSIONS;
use crate::http::params::IdempotencyKeyHeader;
use crate::http::{Answer, Body, Id, IdempotencyKey, Valid, nullable};
use crate::resources::accounts::routing::{note, save, tenant_of};
use crate::security::seal::Seal;
use crate::shown;

/// What the states of links are sealed for.
const PURPOSE: Uuid = uuid!("9d6f1e1c-6a39-4a0c-8a5e-3f5b7c1f0d52");
/// Maximum length of what Microsoft says about a refusal, in characters.
const REASON_MAX: usize = 200;

/// A request for a link.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"return_url": "https://portal.contoso.example/customers/kiosk"}))]
pub struct CreateConsentLink {
    /// The page to which the administrator can go back afterwards: `https`, or `http` on localhost. Left out, there is no
    /// way back.
    return_url: nullable::ReturnUrl,
}

/// The page to go back to.
#[derive(Debug, Clone)]
pub struct WayBack(Option<ReturnUrl>);

impl From<Valid<CreateConsentLink>> for WayBack {
    fn from(request: Valid<CreateConsentLink>) -> Self {
        let CreateConsentLink { return_url } = request.into_inner();
        Self(return_url.given())
    }
}

/// A link to Microsoft with which a Global Administrator of the enterprise's tenant grants the service its permissions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"url": "https://login.microsoftonline.com/kiosk.example/v2.0/adminconsent?client_id=3fa85f64-5717-4562-b3fc-2c963f66afa6&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"}))]
pub struct ConsentLink {
    /// The address to open in a browser. Give it only to an administrator of the enterprise.
    #[schema(value_type = shown::ConsentUrl)]
    pub url: String,
    /// Until when it can be used.
    pub expires_at: DateTime<Utc>,
}

/// What a link carries to Microsoft and back.
#[derive(Serialize, Deserialize)]
struct State {
    enterprise: Uuid,
    tenant: String,
    return_url: Option<String>,
    expires_at: i64,
}

/// Create a consent link
///
/// Makes a link with which a Global Administrator of the enterprise's Microsoft 365 tenant grants the service the
/// permissions that `consents` lists. Microsoft then leads to a page of this service that says what happened, and from
/// there to `return_url`. Routes and users that waited for a permission go on at once. The link is about the tenant of the
/// enterprise's e-mail address, or the one that staff named for its route. Until the enterprise has activated its account,
/// the service asks nothing about that tenant. Where all enterprises share one tenant, only staff get links.
#[utoipa::path(params(IdempotencyKeyHeader), request_body(content = Option<CreateConsentLink>, example = json!({"return_url": "https://portal.contoso.example/customers/kiosk"})), responses(
    (status = 200, description = "The link.", body = ConsentLink),
    (status = 409, description = "`no_microsoft_graph`: the service does not use Microsoft Graph. `account_closed`: the account is closed."),
))]
#[post("/consent-links")]
pub(crate) async fn create_consent_link(call: Call<Change>, id: Id, key: IdempotencyKey, body: Body) -> Result<Answer> {
    let command = body.parse_or_default::<CreateConsentLink, WayBack>();
    let app = call.app.clone();
    call.write_once(key.with_body(&body), move |tx, actor| {
        let account = actor.load_enterprise(tx, &id)?;
        let WayBack(return_url) = command.get()?;
        let graph = app.graph.as_ref().ok_or(Refusal::NoMicrosoftGraph)?;
        if graph.has_one_tenant() && actor.tier() != Tier::Platform {
            // It is the operators' own tenant.
            return Err(Refusal::Forbidden.into());
        }
        check_open(account.status)?;
        let expires_at = tx.now + TimeDelta::hours(CONSENT_LINK_HOURS);
        let tenant = tenant_of(tx, &account)?;
        let state = State {
            enterprise: account.id.uuid(),
            tenant: tenant.as_str().to_owned(),
            return_url: return_url.as_ref().map(|url| url.as_str().to_owned()),
            expires_at: expires_at.timestamp(),
        };
        let url = graph.admin_consent_url(&tenant, &callback(&app.public_url), &state.sealed(tx.seal)?);
        Answer::ok(&ConsentLink { url, expires_at })
    })
    .await
}

/// The address to which Microsoft leads back.
fn callback(public_url: &str) -> String {
    format!("{}/consent/callback", public_url.trim_end_matches('/'))
}

impl State {
    fn sealed(&self, seal: &Seal) -> Result<String> {
        let text = serde_json::to_vec(self).unwrap_or_default();
        Ok(URL_SAFE_NO_PAD.encode(seal.seal(PURPOSE, &text)?))
    }

    /// The state of a link that can still be used.
    fn open(seal: &Seal, text: &str, now: Timestamp) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let state: Self = serde_json::from_slice(&seal.unseal(PURPOSE, &sealed).ok()?).ok()?;
        (now.timestamp() < state.expires_at).then_some(state)
    }
}

/// What Microsoft answers, as parameters of the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answered {
    admin_consent: String,
    tenant: String,
    state: String,
    error: String,
    error_description: String,
}

/// What came of a link.
#[derive(Debug)]
pub enum Outcome {
    /// It is none of this service, or can no longer be used.
    NoLink,
    /// The enterprise has not activated its account, so that nothing is asked about the tenant yet.
    NotActivated,
    /// The permissions were not granted. With what Microsoft says about it.
    Refused(String),
    /// They were granted in another tenant than the enterprise's.
    OtherTenant,
    /// Microsoft does not confirm that anything was granted.
    Unconfirmed,
    /// They were granted, except for these.
    Granted(Vec<&'static str>),
}

/// What came of a link, and where to go back to.
#[derive(Debug)]
pub struct Ending {
    /// What came of it.
    pub outcome: Outcome,
    /// The name of the enterprise.
    pub enterprise: String,
    /// The page to go back to.
    pub return_url: Option<ReturnUrl>,
}

/// Takes Microsoft's answer: checks which tenant it is about, looks at once what was granted, and has what waited for it
/// go on.
pub async fn take_answer(app: &App, answered: &Answered) -> Result<Ending> {
    let nothing = Ending { outcome: Outcome::NoLink, enterprise: String::new(), return_url: None };
    let now = app.clock.now();
    let opened = State::open(&app.tools.seal, &answered.state, now).zip(app.graph.as_ref());
    let Some((state, graph)) = opened else { return Ok(nothing) };
    let Ok(tenant) = Tenant::parse(&state.tenant) else { return Ok(nothing) };
    let (id, meant) = (AccountId::from_uuid(state.enterprise), tenant.clone());
    let read = move |tx: &mut StoreConnection| -> Result<Option<Account>> {
        let account = accounts::by_id(tx, &Scope::Platform, Tier::Enterprise, id)?;
        let Some(account) = account.filter(|account| account.status != Status::Closed) else { return Ok(None) };
        // The enterprise may have another tenant by now.
        Ok((tenant_of(tx, &account)? == meant).then_some(account))
    };
    let Some(account) = app.database.read(read).await? else { return Ok(nothing) };
    let (outcome, permissions) = if account.status == Status::Pending {
        (Outcome::NotActivated, None)
    } else {
        judge(graph, &tenant, answered, now).await
    };
    if let Some(permissions) = permissions {
        store(app, id, &tenant, permissions).await?;
        app.routes_ready.notify_one();
        app.teams_ready.notify_one();
        app.directories_ready.notify_one();
    }
    let return_url = state.return_url.and_then(|url| ReturnUrl::parse(&url).ok());
    Ok(Ending { outcome, enterprise: account.name.as_str().to_owned(), return_url })
}

async fn judge(graph: &Graph, tenant: &Tenant, answered: &Answered, now: Timestamp) -> (Outcome, Option<Vec<String>>) {
    if !answered.error.is_empty() || !answered.admin_consent.eq_ignore_ascii_case("true") {
        let said = format!("{} {}", answered.error, answered.error_description);
        let said: String = said.chars().filter(|c| !c.is_control()).take(REASON_MAX).collect();
        return (Outcome::Refused(said.trim().to_owned()), None);
    }
    match (graph.tenant_id(tenant).await, Uuid::try_parse(&answered.tenant)) {
        (Ok(id), Ok(given)) if id == given => {}
        (Ok(_), _) => return (Outcome::OtherTenant, None),
        (Err(_), _) => return (Outcome::Unconfirmed, None),
    }
    match graph.ask_for_permissions(tenant, now).await {
        Ok(Some(granted)) if !granted.is_empty() => {
            let is_missing = |name: &&str| !granted.iter().any(|own| own == name);
            let missing = PERMISSIONS.into_iter().map(|permission| permission.name).filter(is_missing).collect();
            (Outcome::Granted(missing), Some(granted))
        }
        Ok(_) | Err(_) => (Outcome::Unconfirmed, None),
    }
}

/// Stores which permissions the service has got, and has what waited for one go on.
async fn store(app: &App, id: AccountId, tenant: &Tenant, permissions: Vec<String>) -> Result<()> {
    let tenant = tenant.clone();
    app.write_as(Origin::system("microsoft"), move |tx| {
        accounts::lock(tx, id, Lock::Exclusive)?;
        let account = accounts::by_id(tx, &Scope::Platform, Tier::Enterprise, id)?.ok_or(Refusal::NotFound)?;
        let (before, now) = (direct_routing::load(tx, id)?, tx.now);
        if tenant_of(tx, &account)? != tenant {
            return Ok(());
        }
        let is_new = before.permissions.as_ref() != Some(&permissions);
        let version = before.version + i64::from(is_new);
        let mut after = DirectRouting { version, permissions: Some(permissions.clone()), ..before.clone() };
        let waits = |route: &&mut Route| match &route.state {
            RouteState::Working { .. } => true,
            RouteState::Established { .. } => route.voice_policy.is_none(),
            RouteState::NotStarted | RouteState::Failed { .. } => false,
        };
        after.routes.iter_mut().filter(waits).for_each(|route| route.due_at = now);
        save(tx, id, &before, &after)?;
        teams_users::end_wait(tx, id, &[Missing::Consent], now)?;
        if let Some(directory) = directories::by_account(tx, id)? {
            directories::save(tx, &directory.asked(now))?;
        }
        if is_new {
            note(tx, &account, "tenant_consented", (Value::Null, json!({"tenant": tenant.as_str()})))?;
        }
        Ok(())
    })
    .await
}
