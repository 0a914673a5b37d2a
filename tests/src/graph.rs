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
//! | a number is assigned or taken back later: 202, an empty body, and a `Location` with the operation | `api/teamsadministration-numberassignment-assignnumber.md`, `…-unassignnumber.md` |
//! | an operation is `notStarted`, `running`, `succeeded`, `failed` or something unknown, wrapped in `value`; a number in it can be `failed` although it `succeeded`; it is forgotten after a while: 404 | `api/teamsadministration-telephonenumberlongrunningoperation-get.md` |
//! | a number is found by a filter, in a collection or as the object itself in `value`; one that is `onPremises` can't be changed | `api/teamsadministration-telephonenumbermanagementroot-list-numberassignments.md`, `resources/teamsadministration-numberassignment.md` |
//! | a policy is assigned or taken back with 204 and takes effect later | `api/teamsadministration-teamspolicyuserassignment-assign.md`, `…-unassign.md`; "Assign policies to your users" |
//! | voice routing policies may be refused: the examples show meeting policies only | the same pages |
//! | a user's policies come from itself, a group or the tenant | `resources/teamsadministration-policyassignment.md` |
//! | a user's plans have a `capabilityStatus`; only `Enabled` counts | `resources/assignedplan.md` |
//! | users are read in pages, then their changes, with links that are only understood by the service that made them; what is gone is `@removed`; unchanged properties may be left out; an old place is forgotten: 410, or 400 with its code | `api/user-delta.md`, "Use delta query to track changes in Microsoft Graph data" |
//! | a user is deleted with 204; a domain too, unless users have names in it: 400 | `api/user-delete.md`, `api/domain-delete.md` |
//! | collections come in pages with `@odata.nextLink` | "Paging Microsoft Graph data" |
//! | enumerations have values that no program knows, such as `unknownFutureValue` | "Versioning and support" |
//! | a token has the permissions of when it was issued: 403 until there is a new one | "Access tokens in the Microsoft identity platform" |
//! | an application's token names its permissions in `roles` | "Access tokens in the Microsoft identity platform" |
//! | the login server says which tenant a domain belongs to, in `issuer` | "OpenID Connect on the Microsoft identity platform" |
//! | 429 and 503 with `Retry-After`; 400 with the code of a failure that passes | "Microsoft Graph throttling guidance", error responses |

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{self, Bytes, Data, Path};
use actix_web::{App, HttpRequest, HttpResponse, HttpResponseBuilder, HttpServer};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use uuid::Uuid;

/// The secret by which the service signs in to the tenant.
const SECRET: &str = "s3cret~graph~client~secret";

/// The id of the tenant.
pub const TENANT_ID: &str = "87d349ed-44d7-43e1-9a83-5f2406dee5bd";

/// The permissions that the service asks for.
const ROLES: [&str; 6] = [
    "Domain.ReadWrite.All",
    "User.ReadWrite.All",
    "Organization.Read.All",
    "TeamsUserConfiguration.Read.All",
    "TeamsTelephoneNumber.ReadWrite.All",
    "TeamsPolicyUserAssign.ReadWrite.All",
];

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
    /// Whether it is a guest from another tenant.
    pub is_guest: bool,
    /// Whether it can't sign in.
    pub is_disabled: bool,
    /// The voice routing policy that it was given itself, by its id.
    pub policy: Option<String>,
}

/// A number of the tenant.
#[derive(Debug, Clone)]
pub struct Number {
    /// Who has it.
    pub holder: Option<Uuid>,
    /// Whether it comes from the local directory.
    pub is_on_premises: bool,
}

/// A token that was issued.
#[derive(Debug, Clone)]
struct Token {
    /// The name of the tenant that was asked.
    tenant: String,
    roles: BTreeSet<&'static str>,
}

/// A change that was accepted and has not taken effect.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Coming {
    Holder(String, Option<Uuid>),
    Policy(Uuid, Option<String>),
}

/// An operation on a number.
#[derive(Debug, Clone)]
struct Operation {
    /// From which request on it is done.
    done_at: usize,
    fails: bool,
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
    /// Whether an administrator has granted the service its permissions.
    pub consents: bool,
    /// A permission that is missing, although the others were granted.
    pub lacks: Option<&'static str>,
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
    /// The numbers of the tenant.
    pub numbers: BTreeMap<String, Number>,
    /// Which number was asked for, for whom.
    pub assignments: Vec<(String, Uuid)>,
    /// How many requests later a number or a policy is changed.
    pub lag: usize,
    /// Numbers that Microsoft fails to assign, in operations that succeed.
    pub unlucky: BTreeSet<String>,
    /// Whether operations are forgotten at once.
    pub forgets_operations: bool,
    /// Whether voice routing policies can't be assigned through Graph.
    pub refuses_policies: bool,
    /// Of how many requests one is throttled; none if it is 0.
    pub throttles_one_of: usize,
    /// The tenant that is throttled; all of them if it is `None`.
    pub throttled: Option<String>,
    /// Whether the places up to which changes were read are forgotten, with this status.
    pub forgets_places: Option<u16>,
    /// Whether the next page that goes on is forgotten.
    pub forgets_page: bool,
    /// The users that have changed, in this order.
    changed: Vec<Uuid>,
    coming: Vec<(usize, Coming)>,
    /// The numbers by who has them.
    holders: BTreeMap<Uuid, String>,
    operations: BTreeMap<String, Operation>,
    /// The requests that came, as method and path.
    pub requests: Vec<String>,
    hold: Option<(String, When, UnboundedSender<()>)>,
    /// The tokens that were issued.
    tokens: BTreeMap<String, Token>,
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

impl User {
    fn new(name: String, display_name: String) -> Self {
        let (is_licensed, is_guest, is_disabled) = (false, false, false);
        Self { name, display_name, is_licensed, misses: 0, unknown: 0, is_guest, is_disabled, policy: None }
    }
}

impl Tenant {
    /// Adds a user that somebody made by hand.
    pub fn add_user(&mut self, name: &str, display_name: &str, is_licensed: bool) {
        let (name, display_name) = (name.to_owned(), display_name.to_owned());
        let id = Uuid::now_v7();
        self.users.insert(id, User { is_licensed, ..User::new(name, display_name) });
        self.changed.push(id);
    }

    /// Changes a user of the directory.
    pub fn change_user(&mut self, name: &str, change: impl FnOnce(&mut User)) {
        let id = self.id_of(name);
        change(self.users.get_mut(&id).expect("a user"));
        self.changed.push(id);
    }

    /// Deletes a user of the directory.
    pub fn remove_user(&mut self, name: &str) {
        let id = self.id_of(name);
        self.users.remove(&id);
        self.changed.push(id);
    }

    /// The object id of a user.
    #[must_use]
    pub fn id_of(&self, name: &str) -> Uuid {
        *self.users.iter().find(|(_, user)| user.name == name).expect("a user with this name").0
    }

    /// The numbers that somebody has, with their names.
    #[must_use]
    pub fn assigned(&self) -> BTreeMap<String, String> {
        let holder = |number: &Number| number.holder.map(|id| self.users.get(&id).map_or("gone", |user| &user.name));
        let all = self.numbers.iter();
        all.filter_map(|(number, row)| Some((number.clone(), holder(row)?.to_owned()))).collect()
    }

    /// The number that somebody has.
    fn number_of(&self, id: Uuid) -> Option<String> {
        self.holders.get(&id).cloned()
    }

    /// Gives a number to somebody by hand, or takes it away.
    pub fn set_number(&mut self, number: &str, holder: Option<Uuid>) {
        if let Some(before) = self.numbers.get(number).and_then(|number| number.holder) {
            self.holders.remove(&before);
        }
        if let Some(holder) = holder {
            self.holders.insert(holder, number.to_owned());
        }
        self.numbers.insert(number.to_owned(), Number { holder, is_on_premises: false });
    }

    /// Lets minutes pass: what was asked for takes effect.
    pub fn pass_minutes(&mut self) {
        self.settle_until(usize::MAX);
    }

    /// Lets what was asked for take effect once its time has come.
    fn settle(&mut self) {
        self.settle_until(self.requests.len());
    }

    fn settle_until(&mut self, now: usize) {
        let due: Vec<Coming> = self.coming.extract_if(.., |(at, _)| *at <= now).map(|(_, change)| change).collect();
        for change in due {
            match change {
                Coming::Holder(number, holder) => self.set_number(&number, holder),
                Coming::Policy(id, policy) => {
                    if let Some(user) = self.users.get_mut(&id) {
                        user.policy = policy;
                    }
                }
            }
        }
    }

    /// Accepts a change. Who asks again for what is coming waits no longer for it.
    fn accept(&mut self, change: Coming) {
        let at = self.requests.len() + self.lag;
        if !self.coming.iter().any(|(_, coming)| *coming == change) {
            let is_other = |coming: &Coming| match (coming, &change) {
                (Coming::Holder(one, _), Coming::Holder(other, _)) => one != other,
                (Coming::Policy(one, _), Coming::Policy(other, _)) => one != other,
                _ => true,
            };
            self.coming.retain(|(_, coming)| is_other(coming));
            self.coming.push((at, change));
        }
        self.settle();
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
        let asked = token_of(&request).and_then(|token| tenant.tokens.get(token)).map(|token| token.tenant.clone());
        let is_meant = tenant.throttled.is_none() || asked == tenant.throttled;
        let is_throttled = tenant.throttles_one_of > 0
            && is_meant
            && !line.ends_with("/token")
            && tenant.requests.len().is_multiple_of(tenant.throttles_one_of);
        let throttled = is_throttled.then_some(Fault::Throttled(1));
        let fault = meant.or_else(|| tenant.faults.pop_front()).or(throttled);
        tenant.settle();
        (fault, held.map(|(_, when, tell)| (when, tell)))
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
        return token(line, body, tenant);
    }
    if line.starts_with("GET /") && line.ends_with("/v2.0/.well-known/openid-configuration") {
        let issuer = format!("https://login.microsoftonline.com/{TENANT_ID}/v2.0");
        return HttpResponse::Ok().json(json!({"issuer": issuer, "token_endpoint": "https://login.invalid/"}));
    }
    let Some(token) = token_of(request).and_then(|token| tenant.tokens.get(token)) else {
        return refused(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", "Access token is empty.");
    };
    if !token.roles.contains(&role_for(line)) {
        let message = "Insufficient privileges to complete the operation.";
        return refused(StatusCode::FORBIDDEN, "Authorization_RequestDenied", message);
    }
    let (method, path) = line.split_once(" /v1.0/").unwrap_or((line, ""));
    let parts: Vec<_> = path.split('/').collect();
    match (method, parts.as_slice()) {
        ("POST", ["domains"]) => add(body, tenant),
        ("GET", ["subscribedSkus"]) => skus(request, tenant),
        ("POST", ["users"]) => create_user(body, tenant),
        ("GET", ["users", "delta"]) if request.query_string().contains("skiptoken") && tenant.forgets_page => {
            tenant.forgets_page = false;
            refused(StatusCode::BAD_REQUEST, "Directory_ExpiredPageToken", "The page token has expired.")
        }
        ("GET", ["users", "delta"]) => changed_users(request, tenant),
        ("GET", ["users", key]) => {
            with_user(key, tenant, |id, user, _| HttpResponse::Ok().json(user_document(id, user)))
        }
        ("POST", ["users", key, "assignLicense"]) => {
            let changes: Value = serde_json::from_slice(body).unwrap_or_default();
            with_user(key, tenant, |id, user, tenant| change_licences(&changes, id, user, tenant))
        }
        ("GET", ["admin", "teams", "userConfigurations", key]) => with_user(key, tenant, configuration),
        ("GET", ["admin", "teams", "policy", function]) => voice_policy(function, tenant),
        ("POST", ["admin", "teams", "policy", "userAssignments", action]) => change_policy(action, body, tenant),
        ("GET", ["admin", "teams", "telephoneNumberManagement", "numberAssignments"]) => find_number(request, tenant),
        ("POST", ["admin", "teams", "telephoneNumberManagement", "numberAssignments", action]) => {
            change_number(action, request, body, tenant)
        }
        ("GET", ["admin", "teams", "telephoneNumberManagement", operation]) => show_operation(operation, tenant),
        ("DELETE", ["users", key]) => delete_user(key, tenant),
        ("DELETE", ["domains", name]) if tenant.domains.contains_key(*name) => delete_domain(name, tenant),
        (_, ["domains", name, ..]) if !tenant.domains.contains_key(*name) => {
            refused(StatusCode::NOT_FOUND, "Request_ResourceNotFound", "Resource does not exist.")
        }
        ("GET", ["domains", name]) => HttpResponse::Ok().json(domain(name, tenant)),
        ("GET", ["domains", name, "verificationDnsRecords"]) => records(name),
        ("POST", ["domains", name, "verify"]) => verify(name, tenant),
        _ => refused(StatusCode::BAD_REQUEST, "BadRequest", "Resource not found for the segment."),
    }
}

/// The token of a request.
fn token_of(request: &HttpRequest) -> Option<&str> {
    request.headers().get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The permission that a request needs.
fn role_for(line: &str) -> &'static str {
    let path = line.split_once(" /v1.0/").map_or("", |(_, path)| path);
    let needed = [
        ("domains", "Domain.ReadWrite.All"),
        ("subscribedSkus", "Organization.Read.All"),
        ("admin/teams/userConfigurations", "TeamsUserConfiguration.Read.All"),
        ("admin/teams/telephoneNumberManagement", "TeamsTelephoneNumber.ReadWrite.All"),
        ("admin/teams/policy", "TeamsPolicyUserAssign.ReadWrite.All"),
    ];
    needed.into_iter().find(|(start, _)| path.starts_with(start)).map_or("User.ReadWrite.All", |(_, role)| role)
}

fn token(line: &str, body: &[u8], tenant: &mut Tenant) -> HttpResponse {
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
    let roles = ROLES.into_iter().filter(|role| tenant.consents && Some(*role) != tenant.lacks);
    let roles: BTreeSet<&'static str> = roles.collect();
    let claims = json!({"aud": "https://graph.microsoft.com", "roles": roles, "uti": tenant.tokens.len()});
    let token = format!("eyJhbGciOiJub25lIn0.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let name = line.trim_start_matches("POST /").split('/').next().unwrap_or_default().to_owned();
    tenant.tokens.insert(token.clone(), Token { tenant: name, roles });
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
    let (misses, unknown) = (tenant.fresh_misses, tenant.slow_teams);
    let user = User { misses, unknown, ..User::new(name, text("/displayName")) };
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
    let key = percent_decoded(key);
    let by_name = || tenant.users.iter().find(|(_, user)| user.name.eq_ignore_ascii_case(&key)).map(|(id, _)| *id);
    let id = key.parse().ok().or_else(by_name);
    let found = id.and_then(|id| Some((id, tenant.users.get(&id)?.clone())));
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
        "assignedPlans": [
            {"service": "MicrosoftOffice", "servicePlanId": TEAMS, "capabilityStatus": "unknownFutureValue"},
            {"service": "MicrosoftCommunicationsOnline", "servicePlanId": TEAMS_PHONE,
                "capabilityStatus": if user.is_licensed { "Enabled" } else { "Deleted" }},
            {"service": null, "servicePlanId": null, "capabilityStatus": null},
        ],
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
    let number = tenant.number_of(id);
    let numbers: Vec<Value> = number
        .iter()
        .map(|number| json!({"telephoneNumber": number, "assignmentCategory": "primary"}))
        .chain([json!({"telephoneNumber": "+4989000000", "assignmentCategory": "unknownFutureValue"})])
        .collect();
    let name_of = |id: &str| tenant.voice_policies.iter().find(|(_, own)| *own == id).map(|(name, _)| name.clone());
    let policy = match &user.policy {
        Some(id) => json!({"displayName": name_of(id), "assignmentType": "direct", "policyId": id, "groupId": null}),
        None => json!({"displayName": "Global", "assignmentType": "unknownFutureValue", "policyId": "R2xvYmFs"}),
    };
    let object = json!({
        "id": id.to_string(), "userPrincipalName": user.name, "isEnterpriseVoiceEnabled": number.is_some(),
        "featureTypes": ["Teams"], "accountType": "unknownFutureValue", "telephoneNumbers": numbers,
        "effectivePolicyAssignments": [
            {"policyType": "TeamsMeetingPolicy", "policyAssignment": {"displayName": "AllOn", "assignmentType": "group"}},
            {"policyType": "OnlineVoiceRoutingPolicy", "policyAssignment": policy},
            {"policyType": null, "policyAssignment": null},
        ],
    });
    tenant.answered += 1;
    HttpResponse::Ok().json(if tenant.answered.is_multiple_of(2) { json!({"value": object}) } else { object })
}

fn change_policy(action: &str, body: &[u8], tenant: &mut Tenant) -> HttpResponse {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let change = &body["value"][0];
    let id: Option<Uuid> = change["userId"].as_str().and_then(|id| id.parse().ok());
    let policy = change["policyId"].as_str().map(str::to_owned);
    if change["policyType"] != "OnlineVoiceRoutingPolicy" || tenant.refuses_policies {
        return refused(StatusCode::BAD_REQUEST, "BadRequest", "The policy type is not supported.");
    }
    let is_known = policy.as_ref().is_some_and(|policy| tenant.voice_policies.values().any(|own| own == policy));
    let Some(id) = id.filter(|id| tenant.users.contains_key(id)) else {
        return refused(StatusCode::NOT_FOUND, "NotFound", "The user was not found.");
    };
    match action {
        "assign" if is_known => tenant.accept(Coming::Policy(id, policy)),
        "unassign" => tenant.accept(Coming::Policy(id, None)),
        _ => return refused(StatusCode::BAD_REQUEST, "BadRequest", "There is no such policy."),
    }
    HttpResponse::NoContent().finish()
}

fn change_number(action: &str, request: &HttpRequest, body: &[u8], tenant: &mut Tenant) -> HttpResponse {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let (number, kind) = (body["telephoneNumber"].as_str().unwrap_or_default().to_owned(), &body["numberType"]);
    let target: Option<Uuid> = body["assignmentTargetId"].as_str().and_then(|id| id.parse().ok());
    let bad = |message: &str| refused(StatusCode::BAD_REQUEST, "BadRequest", message);
    if !number.starts_with('+') || kind != "directRouting" {
        return bad("A value is required for a property.");
    }
    let at = tenant.requests.len() + tenant.lag;
    let known = tenant.numbers.get(&number).cloned();
    if known.as_ref().is_some_and(|known| known.is_on_premises) {
        return bad("The number is managed on premises.");
    }
    let fails = action == "assignNumber" && tenant.unlucky.contains(&number);
    let holder = known.as_ref().and_then(|known| known.holder);
    match (action, target) {
        ("assignNumber", Some(id)) => {
            if !tenant.users.get(&id).is_some_and(|user| user.is_licensed) {
                return bad("The user has no licence.");
            }
            let others = tenant.number_of(id).is_some_and(|other| other != number);
            if others || holder.is_some_and(|holder| holder != id) {
                return bad("The number or the user is assigned already.");
            }
            tenant.assignments.push((number.clone(), id));
        }
        ("unassignNumber", None) if holder.is_some() => {}
        ("unassignNumber", None) => return refused(StatusCode::NOT_FOUND, "NotFound", "The number is not assigned."),
        _ => return bad("A value is required for a property."),
    }
    if !fails {
        tenant.accept(Coming::Holder(number, target));
    }
    let id = format!("QXNz{}", tenant.operations.len());
    if !tenant.forgets_operations {
        tenant.operations.insert(id.clone(), Operation { done_at: at, fails });
    }
    let host = request.connection_info().host().to_owned();
    let location = format!("http://{host}/v1.0/admin/teams/telephoneNumberManagement/operations('{id}')");
    HttpResponse::Accepted().insert_header((header::LOCATION, location)).finish()
}

fn show_operation(part: &str, tenant: &mut Tenant) -> HttpResponse {
    let id = part.strip_prefix("operations('").and_then(|rest| rest.strip_suffix("')")).unwrap_or_default();
    let Some(operation) = tenant.operations.get(id).cloned() else {
        return refused(StatusCode::NOT_FOUND, "NotFound", "The operation was not found.");
    };
    tenant.answered += 1;
    let (status, number) = match tenant.answered % 3 {
        _ if operation.done_at <= tenant.requests.len() => {
            ("succeeded", if operation.fails { "failed" } else { "succeeded" })
        }
        0 => ("notStarted", "notStarted"),
        1 => ("running", "running"),
        _ => ("unknownFutureValue", "unknownFutureValue"),
    };
    let message = operation.fails.then_some("The number is not in the tenant's ranges.");
    let object = json!({
        "id": id, "createdDateTime": "2026-11-30T09:00:00Z", "status": status,
        "numbers": [{"resourceLocation": null, "status": number, "message": message}],
    });
    HttpResponse::Ok().json(json!({"value": object}))
}

fn find_number(request: &HttpRequest, tenant: &mut Tenant) -> HttpResponse {
    let query = percent_decoded(request.query_string());
    let number = query.split('\'').nth(1).unwrap_or_default().to_owned();
    let found = tenant.numbers.get(&number).filter(|row| row.holder.is_some() || row.is_on_premises);
    let object = found.map(|row| {
        json!({
            "telephoneNumber": number, "numberType": "directRouting", "activationState": "activated",
            "assignmentTargetId": row.holder, "assignmentStatus": "unknownFutureValue",
            "numberSource": if row.is_on_premises { "onPremises" } else { "online" }, "portInStatus": null,
        })
    });
    tenant.answered += 1;
    HttpResponse::Ok().json(match object {
        None => json!({"value": []}),
        Some(object) if tenant.answered.is_multiple_of(2) => json!({"value": object}),
        Some(object) => json!({"value": [object]}),
    })
}

fn delete_user(key: &str, tenant: &mut Tenant) -> HttpResponse {
    let is_meant = |(id, user): &(&Uuid, &User)| id.to_string() == key || user.name == key;
    let Some((id, user)) = tenant.users.iter().find(is_meant).map(|(id, user)| (*id, user.clone())) else {
        return refused(StatusCode::NOT_FOUND, "Request_ResourceNotFound", "Resource does not exist.");
    };
    tenant.users.remove(&id);
    tenant.spare_licences += i64::from(user.is_licensed);
    HttpResponse::NoContent().finish()
}

fn delete_domain(name: &str, tenant: &mut Tenant) -> HttpResponse {
    if tenant.users.values().any(|user| user.name.ends_with(&format!("@{name}"))) {
        let message = "The domain has objects that depend on it.";
        return refused(StatusCode::BAD_REQUEST, "Request_BadRequest", message);
    }
    tenant.domains.remove(name);
    HttpResponse::NoContent().finish()
}

fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Two users of the directory, or what has changed since a place, and where it goes on.
fn changed_users(request: &HttpRequest, tenant: &Tenant) -> HttpResponse {
    const PAGE: usize = 2;
    let query = percent_decoded(request.query_string());
    let place =
        |name: &str| query.split(name).nth(1).and_then(|text| text.split('-').map(|n| n.parse().ok()).collect());
    let skip: Option<Vec<usize>> = place("$skiptoken=");
    let since: Option<Vec<usize>> = place("$deltatoken=");
    if let (Some(status), true) = (tenant.forgets_places, since.is_some()) {
        let status = StatusCode::from_u16(status).expect("a status");
        return refused(status, "syncStateNotFound", "The place is not known any more.");
    }
    // From where in the changes, until where, and at which page.
    let (from, until, page) = match (skip.as_deref(), since.as_deref()) {
        (Some([from, until, page]), _) => (*from, *until, *page),
        (None, Some([from])) => (*from, tenant.changed.len(), 0),
        _ if query.contains("$select=id,userPrincipalName") => (0, tenant.changed.len(), 0),
        _ => return refused(StatusCode::BAD_REQUEST, "BadRequest", "What is to be read is not said."),
    };
    let ids: BTreeSet<Uuid> = tenant.changed[from..until].iter().copied().collect();
    let ids: Vec<Uuid> = ids.into_iter().filter(|id| from > 0 || tenant.users.contains_key(id)).collect();
    let entry = |id: &Uuid| {
        let Some(user) = tenant.users.get(id) else {
            return json!({"id": id, "@removed": {"reason": "changed"}});
        };
        let mut entry = user_document(*id, user);
        entry["accountEnabled"] = json!(!user.is_disabled);
        entry["userType"] = json!(if user.is_guest { "Guest" } else { "Member" });
        if from > 0 && user.is_licensed {
            // A change does not say what has stayed.
            entry.as_object_mut().expect("an object").remove("displayName");
        }
        entry
    };
    let shown: Vec<Value> = ids.iter().skip(page * PAGE).take(PAGE).map(entry).collect();
    let base = format!("http://{}/v1.0/users/delta", request.connection_info().host());
    let mut answer = json!({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users", "value": shown});
    if ids.len() > (page + 1) * PAGE {
        answer["@odata.nextLink"] = json!(format!("{base}?$skiptoken={from}-{until}-{}", page + 1));
    } else {
        answer["@odata.deltaLink"] = json!(format!("{base}?$deltatoken={until}"));
    }
    HttpResponse::Ok().json(answer)
}
