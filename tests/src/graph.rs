//! A Microsoft 365 tenant on loopback that speaks Microsoft Graph's documents and errors, and misbehaves when told to.
//!
//! What it does like the real one, and where that is written (`api-reference/v1.0` of microsoft-graph-docs unless said
//! otherwise):
//!
//! | behaviour | page |
//! |---|---|
//! | a domain can't be verified before its TXT record is published, nor again once it is verified: 400 for both | `api/domain-verify.md` |
//! | a verified domain has no `supportedServices`: they are set by callers, never by Teams | `resources/domain.md` |
//! | a domain of another tenant, or one that is there already: 409 | `api/domain-post-domains.md` |
//! | a domain is activated by a licensed user whose sign-in name is in it, after a while | Teams, "Configure a Session Border Controller for multiple tenants" |
//! | a user needs a verified domain, five properties and a password: else 400; its sign-in name is unique: 400 with the detail `ObjectConflict` | `api/user-post-users.md` |
//! | a licence needs the user's `usageLocation` and an unused one: else 400 | `api/user-assignlicense.md` |
//! | a licence is changed with 200 and the user, or 202 and an empty body | the same page, and what the service does |
//! | a licence may be gone by the time it is given: 400; one that the user has may be given again | `api/user-assignlicense.md` |
//! | a domain that was just verified is not known everywhere: 400 for its users | "Best practices for working with Microsoft Graph", eventual consistency |
//! | a user that was just made is not found everywhere: 404 | "Best practices for working with Microsoft Graph", eventual consistency |
//! | a user's configuration is 404 until Teams knows the user; its object is wrapped in `value` or not | `api/teamsadministration-teamsuserconfiguration-get.md` |
//! | a policy is found by its kind and name, in a collection, with `Tag:` in front of the name | `api/teamsadministration-teamspolicyassignment-getpolicyid.md` |
//! | collections come in pages with `@odata.nextLink` | "Paging Microsoft Graph data" |
//! | enumerations have values that no program knows, such as `unknownFutureValue` | "Versioning and support" |
//! | a token has the permissions of when it was issued: 403 until there is a new one | "Access tokens in the Microsoft identity platform" |
//! | 429 and 503 with `Retry-After`; 400 with the code of a failure that passes | "Microsoft Graph throttling guidance", error responses |

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{self, Bytes, Data, Path};
use actix_web::{App, HttpRequest, HttpResponse, HttpResponseBuilder, HttpServer};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use uuid::Uuid;

/// The secret by which the service signs in to the tenant.
const SECRET: &str = "s3cret~graph~client~secret";

/// The product that contains Teams Phone, and the service plan in it.
const PHONE_SKU: &str = "e43b5b99-0000-4000-8000-000000000001";
const TEAMS: &str = "57ff2da0-773e-42df-b2af-ffb7a2317929";
const TEAMS_PHONE: &str = "e43b5b99-8dfb-405f-9987-dc307f34bcbd";

/// What goes wrong with the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 429, and a `Retry-After` of so many seconds.
    Throttled(u32),
    /// This status, with Graph's own error document.
    Status(u16),
    /// 200, and half an answer.
    Broken,
    /// No answer.
    Silent,
    /// The token has ended before its time.
    TokenEnded,
    /// A redirect to somewhere else.
    Redirected,
    /// 400, although nothing is wrong with the request.
    Passing,
}

/// A user of the tenant's directory.
#[derive(Debug, Clone)]
pub struct User {
    /// Its sign-in name.
    pub name: String,
    /// Its display name.
    pub display_name: String,
    /// Whether it has a licence with Teams Phone.
    pub is_licensed: bool,
    /// How often a request about it is still answered as if it did not exist.
    pub misses: u32,
    /// How often Teams still answers that it does not know it, once it is licensed.
    unknown: u32,
}

/// Whether a request that is held has had its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Not yet.
    Before,
    /// It has.
    After,
}

/// Told when a request is held.
pub type Held = UnboundedReceiver<()>;

/// What the tenant has, and how it behaves.
#[expect(clippy::struct_excessive_bools, reason = "what a tenant does or not, each by itself")]
#[derive(Default)]
pub struct Tenant {
    /// Domains of the tenant: whether each is verified.
    pub domains: BTreeMap<String, bool>,
    /// Domains of other tenants.
    pub elsewhere: BTreeSet<String>,
    /// Domains whose TXT record is in the DNS.
    pub published: BTreeSet<String>,
    /// Whether whatever is added is published at once.
    pub publishes: bool,
    /// Whether nobody in the tenant has ever consented to the service.
    pub is_stranger: bool,
    /// Whether the service may manage domains.
    pub consents: bool,
    /// Teams Phone licences that nobody has.
    pub spare_licences: i64,
    /// Whether somebody takes the last licence between the look at it and the attempt to give it.
    pub is_sold_out: bool,
    /// Whether Teams takes notice of licensed users.
    pub activates: bool,
    /// The voice routing policies in Teams, with their ids.
    pub voice_policies: BTreeMap<String, String>,
    /// The users of the directory.
    pub users: BTreeMap<Uuid, User>,
    /// How often a request about a new user is answered as if it did not exist.
    pub fresh_misses: u32,
    /// How often Teams answers that it does not know a new user.
    pub slow_teams: u32,
    /// What goes wrong with the next requests, in this order.
    pub faults: VecDeque<Fault>,
    /// What goes wrong with the next request whose method and path start like this.
    pub fault_at: Option<(String, Fault)>,
    /// How often the directory still answers that it does not know a domain that was just verified.
    pub late_domains: u32,
    /// The requests that came, as method and path.
    pub requests: Vec<String>,
    hold: Option<(String, When, UnboundedSender<()>)>,
    tokens: u32,
    /// Whether the current token includes the permissions.
    is_granted: bool,
    /// The users that Teams has taken notice of.
    known: BTreeSet<Uuid>,
    answered: u32,
}

/// The tenant, listening. It ends with the test.
pub struct Graph {
    /// Where it listens.
    pub url: String,
    tenant: Arc<Mutex<Tenant>>,
    server: actix_web::dev::ServerHandle,
}

impl Graph {
    /// A tenant in which every step succeeds at once.
    #[must_use]
    pub fn start() -> Self {
        let tenant =
            Tenant { publishes: true, consents: true, spare_licences: 1, activates: true, ..Tenant::default() };
        let tenant = Arc::new(Mutex::new(tenant));
        let shared = Data::from(Arc::clone(&tenant));
        let server = HttpServer::new(move || App::new().app_data(shared.clone()).default_service(web::to(answer)))
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .expect("a loopback port");
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, tenant, server: handle }
    }

    /// The flags by which a service uses it for all enterprises.
    #[must_use]
    pub fn flags(&self) -> Vec<String> {
        let mut flags = self.flags_for_own_tenants();
        flags.extend(["--microsoft-graph-tenant".to_owned(), "contoso.example".to_owned()]);
        flags
    }

    /// The flags by which a service uses it for whatever tenant an enterprise has.
    #[must_use]
    pub fn flags_for_own_tenants(&self) -> Vec<String> {
        let url = &self.url;
        [
            ("url", format!("{url}/v1.0")),
            ("client-id", "3fa85f64-5717-4562-b3fc-2c963f66afa6".to_owned()),
            ("client-secret", SECRET.to_owned()),
        ]
        .into_iter()
        .flat_map(|(name, value)| [format!("--microsoft-graph-{name}"), value])
        .chain(["--microsoft-login-url".to_owned(), url.clone()])
        .chain(["--microsoft-timeout-seconds".to_owned(), "1".to_owned()])
        .collect()
    }

    /// The tenant, to look at or to change.
    pub fn tenant(&self) -> MutexGuard<'_, Tenant> {
        self.tenant.lock().expect("nobody panicked")
    }

    /// Never answers the next request whose method and path start like this, and says when it is there.
    #[must_use]
    pub fn hold(&self, request: &str, when: When) -> Held {
        let (tell, told) = unbounded_channel();
        self.tenant().hold = Some((request.to_owned(), when, tell));
        told
    }
}

impl Tenant {
    /// Adds a user that somebody made by hand.
    pub fn add_user(&mut self, name: &str, display_name: &str, is_licensed: bool) {
        let (name, display_name) = (name.to_owned(), display_name.to_owned());
        self.users.insert(Uuid::now_v7(), User { name, display_name, is_licensed, misses: 0, unknown: 0 });
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

async fn answer(request: HttpRequest, tenant: Data<Mutex<Tenant>>, _: Path<()>, body: Bytes) -> HttpResponse {
    let line = format!("{} {}", request.method(), request.path());
    let lock = || tenant.lock().expect("nobody panicked");
    let (fault, hold) = {
        let mut tenant = lock();
        tenant.requests.push(line.clone());
        let held = tenant.hold.take_if(|(start, _, _)| line.starts_with(start.as_str()));
        let meant = tenant.fault_at.take_if(|(start, _)| line.starts_with(start.as_str())).map(|(_, fault)| fault);
        (meant.or_else(|| tenant.faults.pop_front()), held.map(|(_, when, tell)| (when, tell)))
    };
    if let Some((When::Before, tell)) = &hold {
        let _ = tell.send(());
        std::future::pending::<()>().await;
    }
    if let Some(fault) = fault {
        return misbehave(fault).await;
    }
    let response = respond(&line, &request, &body, &mut lock());
    if let Some((When::After, tell)) = &hold {
        let _ = tell.send(());
        std::future::pending::<()>().await;
    }
    response
}

async fn misbehave(fault: Fault) -> HttpResponse {
    match fault {
        Fault::Throttled(seconds) => {
            let mut response = HttpResponse::TooManyRequests();
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
            response.json(document("TooManyRequests", "Too many requests."))
        }
        Fault::Status(status) => {
            let status = StatusCode::from_u16(status).expect("a status");
            HttpResponseBuilder::new(status).json(document("UnknownError", "Something went wrong."))
        }
        Fault::Passing => refused(StatusCode::BAD_REQUEST, "ServiceUnavailable", "Service is unavailable. Retry."),
        Fault::Broken => HttpResponse::Ok().content_type("application/json").body("{\"value\": [{\"record"),
        Fault::Silent => std::future::pending().await,
        Fault::TokenEnded => {
            HttpResponse::Unauthorized().json(document("InvalidAuthenticationToken", "Lifetime validation failed."))
        }
        Fault::Redirected => {
            let mut response = HttpResponse::Found();
            response.insert_header((header::LOCATION, "http://169.254.169.254/latest")).finish()
        }
    }
}

fn document(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message, "details": null, "innerError": {"request-id": "7a5f", "date": "2026-11-24"}}})
}

fn refused(status: StatusCode, code: &str, message: &str) -> HttpResponse {
    HttpResponseBuilder::new(status).json(document(code, message))
}

fn respond(line: &str, request: &HttpRequest, body: &[u8], tenant: &mut Tenant) -> HttpResponse {
    if line.starts_with("POST /") && line.ends_with("/oauth2/v2.0/token") {
        return token(body, tenant);
    }
    let bearer = format!("Bearer token-{}", tenant.tokens);
    if request.headers().get(header::AUTHORIZATION).is_none_or(|value| value.as_bytes() != bearer.as_bytes()) {
        return refused(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", "Access token is empty.");
    }
    if !tenant.is_granted {
        let message = "Insufficient privileges to complete the operation.";
        return refused(StatusCode::FORBIDDEN, "Authorization_RequestDenied", message);
    }
    let (method, path) = line.split_once(" /v1.0/").unwrap_or((line, ""));
    let parts: Vec<_> = path.split('/').collect();
    match (method, parts.as_slice()) {
        ("POST", ["domains"]) => add(body, tenant),
        ("GET", ["subscribedSkus"]) => skus(request, tenant),
        ("POST", ["users"]) => create_user(body, tenant),
        ("GET", ["users", key]) => {
            with_user(key, tenant, |id, user, _| HttpResponse::Ok().json(user_document(id, user)))
        }
        ("POST", ["users", key, "assignLicense"]) => {
            let changes: Value = serde_json::from_slice(body).unwrap_or_default();
            with_user(key, tenant, |id, user, tenant| change_licences(&changes, id, user, tenant))
        }
        ("GET", ["admin", "teams", "userConfigurations", key]) => with_user(key, tenant, configuration),
        ("GET", ["admin", "teams", "policy", function]) => voice_policy(function, tenant),
        (_, ["domains", name, ..]) if !tenant.domains.contains_key(*name) => {
            refused(StatusCode::NOT_FOUND, "Request_ResourceNotFound", "Resource does not exist.")
        }
        ("GET", ["domains", name]) => HttpResponse::Ok().json(domain(name, tenant)),
        ("GET", ["domains", name, "verificationDnsRecords"]) => records(name),
        ("POST", ["domains", name, "verify"]) => verify(name, tenant),
        _ => refused(StatusCode::BAD_REQUEST, "BadRequest", "Resource not found for the segment."),
    }
}

fn token(body: &[u8], tenant: &mut Tenant) -> HttpResponse {
    let form = String::from_utf8_lossy(body);
    let secret = SECRET.replace('~', "%7E");
    if !form.contains("grant_type=client_credentials") || !form.contains(&format!("client_secret={secret}")) {
        return HttpResponse::Unauthorized()
            .json(json!({"error": "invalid_client", "error_description": "AADSTS7000215"}));
    }
    if tenant.is_stranger {
        let description = "AADSTS700016: Application was not found in the directory.";
        let answer =
            json!({"error": "unauthorized_client", "error_description": description, "error_codes": [700_016]});
        return HttpResponse::BadRequest().json(answer);
    }
    tenant.tokens += 1;
    tenant.is_granted = tenant.consents;
    let token = format!("token-{}", tenant.tokens);
    HttpResponse::Ok().json(json!({"token_type": "Bearer", "expires_in": 3599, "access_token": token}))
}

fn add(body: &[u8], tenant: &mut Tenant) -> HttpResponse {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let name = body["id"].as_str().unwrap_or_default().to_owned();
    if tenant.elsewhere.contains(&name) || tenant.domains.contains_key(&name) {
        let message =
            "A conflicting object with one or more of the specified property values is present in the directory.";
        return refused(StatusCode::CONFLICT, "Request_MultipleObjectsWithSameKeyValue", message);
    }
    tenant.domains.insert(name.clone(), false);
    if tenant.publishes {
        tenant.published.insert(name.clone());
    }
    HttpResponse::Created().json(domain(&name, tenant))
}

fn verify(name: &str, tenant: &mut Tenant) -> HttpResponse {
    if tenant.domains[name] || !tenant.published.contains(name) {
        let message = "Domain verification failed with the following error: 'Cannot find the TXT record'.";
        return refused(StatusCode::BAD_REQUEST, "Request_BadRequest", message);
    }
    tenant.domains.insert(name.to_owned(), true);
    HttpResponse::Ok().json(domain(name, tenant))
}

fn domain(name: &str, tenant: &Tenant) -> Value {
    json!({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#domains/$entity", "authenticationType": "Managed",
        "availabilityStatus": null, "id": name, "isAdminManaged": true, "isDefault": false, "isInitial": false,
        "isRoot": false, "isVerified": tenant.domains[name], "supportedServices": [], "state": null,
    })
}

fn records(name: &str) -> HttpResponse {
    let common = |kind: &str, more: Value| {
        let mut record = json!({
            "@odata.type": format!("#microsoft.graph.domainDns{kind}Record"), "id": "aceff52c", "isOptional": false,
            "label": name, "recordType": kind, "supportedService": "Email", "ttl": 3600,
        });
        record.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        record
    };
    HttpResponse::Ok().json(json!({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#domains('x')/verificationDnsRecords",
        "value": [
            common("Mx", json!({"mailExchange": "ms46111223.msv1.invalid", "preference": 32767})),
            common("Txt", json!({"text": "MS=ms46111223"})),
        ],
    }))
}

fn skus(request: &HttpRequest, tenant: &Tenant) -> HttpResponse {
    let sku = |id: &str, status: &str, spare: i64, plan: (&str, &str)| {
        json!({
            "accountId": "f97aeefc", "appliesTo": "User", "capabilityStatus": status, "consumedUnits": 14, "id": id,
            "prepaidUnits": {"enabled": 14 + spare, "lockedOut": 0, "suspended": 0, "warning": 0},
            "servicePlans": [
                {"appliesTo": "User", "provisioningStatus": "Success", "servicePlanId": plan.0, "servicePlanName": plan.1},
                {"appliesTo": "User", "provisioningStatus": "Success", "servicePlanId": TEAMS, "servicePlanName": "TEAMS1"},
            ],
            "skuId": id, "skuPartNumber": plan.1,
        })
    };
    let phone = (TEAMS_PHONE, "MCOEV");
    let mail = ("9aaf7827-d63c-4b61-89c3-182f06f82e5c", "EXCHANGE_S_STANDARD");
    let pages = [
        sku("c7df2760-2c81-4ef7-b578-5b5392b571df", "Enabled", 25, mail),
        sku("c7df2760-0000-4000-8000-000000000002", "unknownFutureValue", 9, phone),
        json!({"skuId": "c7df2760-0000-4000-8000-000000000003", "capabilityStatus": null, "prepaidUnits": null}),
        sku(PHONE_SKU, "Enabled", tenant.spare_licences, phone),
    ];
    let page = request.query_string().split_once("$skiptoken=").map_or(0, |(_, page)| page.parse().unwrap_or(0));
    let context = "https://graph.microsoft.com/v1.0/$metadata#subscribedSkus";
    let mut answer = json!({"@odata.context": context, "value": [pages[page]]});
    if page + 1 < pages.len() {
        let host = request.connection_info().host().to_owned();
        answer["@odata.nextLink"] = json!(format!("http://{host}/v1.0/subscribedSkus?$skiptoken={}", page + 1));
    }
    HttpResponse::Ok().json(answer)
}

fn create_user(body: &[u8], tenant: &mut Tenant) -> HttpResponse {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let name = text("/userPrincipalName");
    let domain = name.rsplit_once('@').map_or("", |(_, domain)| domain);
    let given = ["/displayName", "/mailNickname", "/usageLocation"].iter().all(|pointer| !text(pointer).is_empty());
    if body["accountEnabled"].as_bool().is_none() || !given || text("/passwordProfile/password").len() < 8 {
        return refused(StatusCode::BAD_REQUEST, "Request_BadRequest", "A value is required for a property.");
    }
    let is_late = tenant.late_domains > 0;
    tenant.late_domains = tenant.late_domains.saturating_sub(1);
    if is_late || tenant.domains.get(domain) != Some(&true) {
        let message = "The domain portion of the userPrincipalName property is invalid.";
        return refused(StatusCode::BAD_REQUEST, "Request_BadRequest", message);
    }
    if tenant.users.values().any(|user| user.name == name) {
        let message = "Another object with the same value for property userPrincipalName already exists.";
        let mut document = document("Request_BadRequest", message);
        document["error"]["details"] = json!([{"code": "ObjectConflict", "target": "userPrincipalName"}]);
        return HttpResponse::BadRequest().json(document);
    }
    let user = User {
        name,
        display_name: text("/displayName"),
        is_licensed: false,
        misses: tenant.fresh_misses,
        unknown: tenant.slow_teams,
    };
    let id = Uuid::now_v7();
    let answer = user_document(id, &user);
    tenant.users.insert(id, user);
    HttpResponse::Created().json(answer)
}

/// Answers a request about a user, by its id or its sign-in name.
fn with_user(
    key: &str,
    tenant: &mut Tenant,
    answer: impl FnOnce(Uuid, &mut User, &mut Tenant) -> HttpResponse,
) -> HttpResponse {
    let is_meant = |(id, user): &(&Uuid, &User)| id.to_string() == key || user.name == key;
    let found = tenant.users.iter().find(is_meant).map(|(id, user)| (*id, user.clone()));
    let missing = || refused(StatusCode::NOT_FOUND, "Request_ResourceNotFound", "Resource does not exist.");
    let Some((id, mut user)) = found else { return missing() };
    let answer = if user.misses > 0 {
        user.misses -= 1;
        missing()
    } else {
        answer(id, &mut user, tenant)
    };
    tenant.users.insert(id, user);
    answer
}

fn user_document(id: Uuid, user: &User) -> Value {
    let licences = if user.is_licensed { json!([{"skuId": PHONE_SKU, "disabledPlans": []}]) } else { json!([]) };
    json!({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/$entity", "id": id.to_string(),
        "userPrincipalName": user.name, "displayName": user.display_name, "assignedLicenses": licences,
    })
}

fn change_licences(changes: &Value, id: Uuid, user: &mut User, tenant: &mut Tenant) -> HttpResponse {
    let lists = |name: &str, sku: &str| {
        let all = changes[name].as_array().into_iter().flatten();
        all.into_iter().any(|one| one.get("skuId").unwrap_or(one) == sku)
    };
    match (lists("addLicenses", PHONE_SKU), lists("removeLicenses", PHONE_SKU)) {
        // One that it has may be given again.
        (true, _) if user.is_licensed => {}
        (true, _) if tenant.spare_licences < 1 || tenant.is_sold_out => {
            let message = "Subscription does not have any available licenses.";
            return refused(StatusCode::BAD_REQUEST, "Request_BadRequest", message);
        }
        (true, _) => (user.is_licensed, tenant.spare_licences) = (true, tenant.spare_licences - 1),
        (false, true) if user.is_licensed => {
            (user.is_licensed, tenant.spare_licences) = (false, tenant.spare_licences + 1);
        }
        (false, _) => {
            let message = "User does not have a corresponding license.";
            return refused(StatusCode::BAD_REQUEST, "Request_BadRequest", message);
        }
    }
    tenant.answered += 1;
    if tenant.answered.is_multiple_of(2) {
        HttpResponse::Accepted().finish()
    } else {
        HttpResponse::Ok().json(user_document(id, user))
    }
}

/// The policies with a name, of a kind: none or one, with a tag in front of the name.
fn voice_policy(function: &str, tenant: &Tenant) -> HttpResponse {
    let start = "getPolicyId(type='OnlineVoiceRoutingPolicy',name='";
    let name = function.strip_prefix(start).and_then(|rest| rest.strip_suffix("')")).unwrap_or_default();
    let name = name.replace("%20", " ");
    let mut found = vec![json!({"name": "Global", "policyId": "R2xvYmFs"}), json!({"policyId": "bmFtZWxlc3M"})];
    found.extend(tenant.voice_policies.get(&name).map(|id| json!({"name": format!("Tag:{name}"), "policyId": id})));
    HttpResponse::Ok().json(json!({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata", "value": found}))
}

fn configuration(id: Uuid, user: &mut User, tenant: &mut Tenant) -> HttpResponse {
    if user.is_licensed && tenant.activates && user.unknown > 0 {
        user.unknown -= 1;
    } else if user.is_licensed && tenant.activates {
        tenant.known.insert(id);
    }
    if !tenant.known.contains(&id) {
        return refused(StatusCode::NOT_FOUND, "NotFound", "The user was not found.");
    }
    let object = json!({
        "id": id.to_string(), "userPrincipalName": user.name, "isEnterpriseVoiceEnabled": false, "featureTypes": ["Teams"],
        "accountType": "unknownFutureValue", "telephoneNumbers": [], "effectivePolicyAssignments": [],
    });
    tenant.answered += 1;
    HttpResponse::Ok().json(if tenant.answered.is_multiple_of(2) { json!({"value": object}) } else { object })
}
