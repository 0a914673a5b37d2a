//! The pages that e-mail links open. The token is in the fragment of the link, so the page can read it but it is never
//! sent with a request for the page or logged.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, get};

use super::consent::consent_callback;
use super::problems::problem;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The paths of the pages and their assets.
pub const PATHS: &[&str] = &[
    "/problems/{code}",
    "/consent/callback",
    "/sign-in",
    "/assets/sign-in.js",
    "/activate",
    "/reset-password",
    "/confirm-email",
    "/email-change",
    "/assets/link.js",
    "/assets/confirm.js",
    "/assets/answer.js",
    "/assets/link.css",
];

/// Registers the pages and their assets.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(problem)
        .service(consent_callback)
        .service(sign_in)
        .service(sign_in_script)
        .service(activate)
        .service(reset_password)
        .service(confirm_email)
        .service(email_change)
        .service(script)
        .service(confirm_script)
        .service(answer_script)
        .service(style);
}

#[get("/sign-in")]
async fn sign_in() -> HttpResponse {
    page(include_str!("assets/sign-in.html"))
}

#[get("/assets/sign-in.js")]
async fn sign_in_script() -> HttpResponse {
    asset("text/javascript; charset=utf-8", include_str!("assets/sign-in.js"))
}

#[get("/activate")]
async fn activate() -> HttpResponse {
    page(include_str!("assets/activate.html"))
}

#[get("/reset-password")]
async fn reset_password() -> HttpResponse {
    page(include_str!("assets/reset-password.html"))
}

#[get("/confirm-email")]
async fn confirm_email() -> HttpResponse {
    page(include_str!("assets/confirm-email.html"))
}

#[get("/email-change")]
async fn email_change() -> HttpResponse {
    page(include_str!("assets/email-change.html"))
}

#[get("/assets/answer.js")]
async fn answer_script() -> HttpResponse {
    asset("text/javascript; charset=utf-8", include_str!("assets/answer.js"))
}

#[get("/assets/confirm.js")]
async fn confirm_script() -> HttpResponse {
    asset("text/javascript; charset=utf-8", include_str!("assets/confirm.js"))
}

#[get("/assets/link.js")]
async fn script() -> HttpResponse {
    asset("text/javascript; charset=utf-8", include_str!("assets/link.js"))
}

#[get("/assets/link.css")]
async fn style() -> HttpResponse {
    asset("text/css; charset=utf-8", include_str!("assets/link.css"))
}

/// Serves a page with a content security policy that allows nothing from other hosts.
pub(super) fn page(text: impl Into<String>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(text.into())
}

/// Serves an asset of a page.
pub(super) fn asset(media: &'static str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type(media).insert_header((CACHE_CONTROL, "public, max-age=300")).body(text)
}
