//! Swagger UI, with a bar above it that shows the environment and who is signed in.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get};
use domain::refusal::Refusal;
use serde_json::json;
use utoipa_swagger_ui::Config;

use super::pages::asset;
use super::static_file::StaticFile;
use crate::app::App;
use crate::error::Result;

/// Swagger UI needs inline styles. Nothing comes from other hosts.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Registers Swagger UI and its assets.
pub fn configure(config: &mut ServiceConfig) {
    config.service(web::redirect("/swagger-ui", "/swagger-ui/")).service(
        web::scope("/swagger-ui")
            .wrap(DefaultHeaders::new().add((header::CONTENT_SECURITY_POLICY, POLICY)))
            .service(initializer)
            .service(session)
            .service(bar)
            .service(redirect)
            .service(redirect_script)
            .service(environment)
            .service(swagger_file),
    );
}

/// Swagger UI's own files that were asked for.
static FILES: LazyLock<Mutex<HashMap<String, Arc<StaticFile>>>> = LazyLock::new(Mutex::default);

/// Serves a file of Swagger UI.
#[get("/{path:.*}")]
async fn swagger_file(path: Path<String>, request: HttpRequest) -> Result<HttpResponse> {
    let path = if path.is_empty() { "index.html".to_owned() } else { path.into_inner() };
    let known = FILES.lock().unwrap_or_else(PoisonError::into_inner).get(&path).cloned();
    let file = match known {
        Some(file) => file,
        // Compressing a file takes some hundredths of a second, which would block a thread that serves requests.
        None => web::block(move || load(path)).await.ok().flatten().ok_or(Refusal::NotFound)?,
    };
    Ok(file.answer(&request))
}

fn load(path: String) -> Option<Arc<StaticFile>> {
    let found = utoipa_swagger_ui::serve(&path, Arc::new(Config::from("/openapi.json"))).ok()??;
    let is_text = found.content_type.starts_with("text/") || found.content_type.ends_with("javascript");
    let media = if is_text { format!("{}; charset=utf-8", found.content_type) } else { found.content_type };
    let file = Arc::new(StaticFile::new(media, found.bytes.into_owned(), "public, max-age=300"));
    FILES.lock().unwrap_or_else(PoisonError::into_inner).insert(path, Arc::clone(&file));
    Some(file)
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

#[get("/swagger-initializer.js")]
async fn initializer() -> HttpResponse {
    asset(SCRIPT, include_str!("assets/swagger-initializer.js"))
}

#[get("/session.js")]
async fn session() -> HttpResponse {
    asset(SCRIPT, include_str!("assets/session.js"))
}

#[get("/bar.css")]
async fn bar() -> HttpResponse {
    asset("text/css; charset=utf-8", include_str!("assets/bar.css"))
}

/// The redirect target of the sign-in page. It replaces Swagger UI's own, which needs an inline script.
#[get("/oauth2-redirect.html")]
async fn redirect() -> HttpResponse {
    asset("text/html; charset=utf-8", include_str!("assets/oauth2-redirect.html"))
}

#[get("/oauth2-redirect.js")]
async fn redirect_script() -> HttpResponse {
    asset(SCRIPT, include_str!("assets/oauth2-redirect.js"))
}

/// Describes the environment: demo, local or production.
#[get("/environment.json")]
async fn environment(app: Data<App>) -> HttpResponse {
    HttpResponse::Ok().json(if app.settings.demo {
        let examples = app.demo_examples.get();
        json!({"environment": "demo", "banner": "Demo: nothing here is real", "mail": "/demo/mail", "examples": examples})
    } else {
        let environment = if app.settings.public_url.is_some() { "production" } else { "local" };
        let usual = if environment == "local" {
            "A service on this machine"
        } else {
            "Production: your changes affect customers"
        };
        let banner = app.settings.banner.as_deref().unwrap_or(usual);
        json!({"environment": environment, "banner": banner, "mail": null, "examples": null})
    })
}
