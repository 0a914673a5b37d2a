//! The e-mails of a demo, which are shown in the browser instead of being sent. Only a demo has these pages.

use std::fmt::Write as _;

use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::web::{Data, Path, ServiceConfig};
use actix_web::{HttpResponse, get};
use domain::refusal::Refusal;

use super::pages::page;
use crate::app::App;
use crate::error::Result;
use crate::mail::letter::escape;

/// E-mails have inline styles and no scripts.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// Registers the pages.
pub fn configure(config: &mut ServiceConfig) {
    config.service(list).service(one);
}

#[get("/demo/mail")]
async fn list(app: Data<App>) -> Result<HttpResponse> {
    let kept = app.mailer.kept().ok_or(Refusal::NotFound)?;
    let mut rows = String::new();
    for (number, mail) in kept.iter().enumerate().rev() {
        let (to, subject) = (escape(&mail.to), escape(&mail.subject));
        let _ = write!(
            rows,
            "<li><a href=\"/demo/mail/{number}\">{subject}</a><br><span class=\"hint\">to {to}</span></li>"
        );
    }
    let rows = if rows.is_empty() { "<li>None yet. Create a reseller and come back.</li>".to_owned() } else { rows };
    Ok(page(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, \
         initial-scale=1\"><title>Mail of the demo · TeamMate Portal</title><link rel=\"stylesheet\" href=\"/assets/link.css\"></head>\
         <body><main><h1>Mail of the demo</h1><p>Newest first. <a href=\"/demo/mail\">Refresh</a> · <a href=\"/swagger-ui/\">Swagger \
         UI</a></p><ol>{rows}</ol></main></body></html>"
    )))
}

#[get("/demo/mail/{number}")]
async fn one(app: Data<App>, number: Path<String>) -> Result<HttpResponse> {
    let kept = app.mailer.kept().ok_or(Refusal::NotFound)?;
    let mail = number.parse().ok().and_then(|number: usize| kept.get(number).cloned()).ok_or(Refusal::NotFound)?;
    let media = "text/html; charset=utf-8";
    Ok(HttpResponse::Ok().content_type(media).insert_header((CONTENT_SECURITY_POLICY, MAIL_POLICY)).body(mail.html))
}
