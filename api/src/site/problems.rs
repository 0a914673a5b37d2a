//! The table of error codes for people: a page for each at `/problems/<code>`, where `type` of a problem points, and
//! `docs/errors.md`.

use std::fmt::Write as _;

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use domain::refusal::Refusal;

use super::pages::page;
use crate::error::{Error, ErrorCode};
use crate::mail::letter::escape;

/// The page of a code.
#[get("/problems/{code}")]
pub(super) async fn problem(code: Path<String>) -> Result<HttpResponse, Error> {
    let code = ErrorCode::ALL.iter().find(|known| known.as_str() == code.as_str()).ok_or(Refusal::NotFound)?;
    let (name, status, title) = (code.as_str(), code.status(), escape(code.title()));
    let (when, remedy) = (html(code.when()), html(code.remedy()));
    Ok(page(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n  <meta charset=\"utf-8\">\n  <meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n  <title>{title} · TeamMate Portal</title>\n  <link rel=\"stylesheet\" \
         href=\"/assets/link.css\">\n</head>\n<body>\n  <main>\n    <h1>{title}</h1>\n    <p><code>{name}</code>, HTTP status \
         {status}</p>\n    <h2>When it comes</h2>\n    <p>{when}</p>\n    <h2>What to do</h2>\n    <p>{remedy}</p>\n    <p \
         class=\"hint\">The <code>detail</code> of an answer says more about the request at hand. Support finds it by its \
         <code>request_id</code>.</p>\n  </main>\n</body>\n</html>\n"
    )))
}

/// The table as Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut text = "# Errors\n\nEvery code that an error can have. Programs read `code`; each has one status and one title, for ever. \
                    [api-conventions.md](api-conventions.md#errors)\nshows the whole body. The service shows each of them at \
                    `/problems/<code>`. This file is written by `make openapi`.\n\n\
                    | status | code | title | when it comes | what to do |\n|---|---|---|---|---|\n"
        .to_owned();
    for code in ErrorCode::ALL {
        let (status, name, title) = (code.status(), code.as_str(), code.title());
        let _ = writeln!(text, "| {status} | `{name}` | {title} | {} | {} |", code.when(), code.remedy());
    }
    text
}

/// Words between backticks as code.
fn html(text: &str) -> String {
    let parts = escape(text);
    let parts = parts.split('`').enumerate();
    parts.map(|(index, part)| if index % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() }).collect()
}
