//! A Microsoft 365 tenant that speaks Microsoft Graph's own documents and errors, on loopback, and misbehaves when told
//! to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{self, Bytes, Data, Path};
use actix_web::{App, HttpRequest, HttpResponse, HttpResponseBuilder, HttpServer};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The secret by which the service signs in to the tenant.
const SECRET: &str = "s3cret~graph~client~secret";

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
    /// Phone System licences that nobody has.
    pub spare_licences: i64,
    /// Whether verified domains are ready for calls.
    pub activates: bool,
    /// What goes wrong with the next requests, in this order.
    pub faults: VecDeque<Fault>,
    /// The requests that came, as method and path.
    pub requests: Vec<String>,
    hold: Option<(String, When, UnboundedSender<()>)>,
    tokens: u32,
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
        (tenant.faults.pop_front(), held.map(|(_, when, tell)| (when, tell)))
    };
    if let Some((When::Before, tell)) = &hold {
        let _ = tell.send(());
        std::future::pending::<()>().await;
    }
    if let Some(fault) = fault {
        return misbehave(fault).await;
    }
    let response = respond(&line, &body, request.headers(), &mut lock());
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
    json!({"error": {"code": code, "message": message, "innerError": {"request-id": "7a5f", "date": "2026-11-24"}}})
}

fn refused(status: StatusCode, code: &str, message: &str) -> HttpResponse {
    HttpResponseBuilder::new(status).json(document(code, message))
}

fn respond(line: &str, body: &[u8], headers: &HeaderMap, tenant: &mut Tenant) -> HttpResponse {
    if line.starts_with("POST /") && line.ends_with("/oauth2/v2.0/token") {
        return token(body, tenant);
    }
    let bearer = format!("Bearer token-{}", tenant.tokens);
    if headers.get(header::AUTHORIZATION).is_none_or(|value| value.as_bytes() != bearer.as_bytes()) {
        return refused(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", "Access token is empty.");
    }
    if !tenant.consents {
        let message = "Insufficient privileges to complete the operation.";
        return refused(StatusCode::FORBIDDEN, "Authorization_RequestDenied", message);
    }
    let (method, path) = line.split_once(" /v1.0/").unwrap_or((line, ""));
    let parts: Vec<_> = path.split('/').collect();
    match (method, parts.as_slice()) {
        ("POST", ["domains"]) => add(body, tenant),
        ("GET", ["subscribedSkus"]) => skus(tenant),
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
    let verified = tenant.domains[name];
    let services =
        if verified && tenant.activates { json!(["Email", "OfficeCommunicationsOnline"]) } else { json!([]) };
    json!({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#domains/$entity", "authenticationType": "Managed",
        "availabilityStatus": null, "id": name, "isAdminManaged": true, "isDefault": false, "isInitial": false,
        "isRoot": false, "isVerified": verified, "supportedServices": services, "state": null,
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

fn skus(tenant: &Tenant) -> HttpResponse {
    let sku = |plan: &str, enabled: i64| {
        json!({
            "accountId": "f97aeefc", "appliesTo": "User", "capabilityStatus": "Enabled", "consumedUnits": 14, "id": plan,
            "prepaidUnits": {"enabled": enabled, "lockedOut": 0, "suspended": 0, "warning": 0},
            "servicePlans": [{"appliesTo": "User", "provisioningStatus": "Success", "servicePlanName": plan}],
            "skuId": plan, "skuPartNumber": plan,
        })
    };
    let value = [sku("EXCHANGE_S_STANDARD", 25), sku("MCOEV", 14 + tenant.spare_licences)];
    HttpResponse::Ok().json(json!({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata", "value": value}))
}
