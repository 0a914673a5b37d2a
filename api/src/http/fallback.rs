//! Requests that no operation takes: 404, 405 with `Allow`, and OPTIONS.

use std::sync::LazyLock;

use actix_web::dev::ResourceDef;
use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse};
use domain::refusal::Refusal;

use super::error::Error;
use super::error_code::ErrorCode;
use crate::openapi;
use crate::system::pages;

/// The paths that the document leaves out. All of them are read only.
const PAGES: [&str; 6] =
    ["/openapi.yaml", "/openapi.json", "/swagger-ui", "/swagger-ui/{file:.*}", "/demo/mail", "/demo/mail/{number}"];

/// What every path allows.
static ALLOWED: LazyLock<Vec<(ResourceDef, String)>> = LazyLock::new(|| {
    let documented = openapi::aside(documented);
    let documented = documented.lines().filter_map(|line| line.split_once('\t'));
    let pages = pages::PATHS.iter().chain(&PAGES).map(|path| (*path, "GET, HEAD, OPTIONS"));
    documented.chain(pages).map(|(path, allowed)| (ResourceDef::new(path), allowed.to_owned())).collect()
});

/// Makes all that is made once, so that no request waits for it.
pub fn prepare() {
    LazyLock::force(&ALLOWED);
}

/// A line for each path of the document: the path, a tab, and what it allows.
fn documented() -> String {
    let document = openapi::annotated();
    let lines = document.paths.paths.iter().map(|(path, item)| {
        let methods = [
            ("GET, HEAD, ", item.get.is_some()),
            ("POST, ", item.post.is_some()),
            ("PATCH, ", item.patch.is_some()),
            ("DELETE, ", item.delete.is_some()),
        ];
        let present: String = methods.into_iter().filter(|(_, present)| *present).map(|(name, _)| name).collect();
        format!("{path}\t{present}OPTIONS\n")
    });
    lines.collect()
}

/// Answers them.
pub async fn answer(request: HttpRequest) -> Result<HttpResponse, Error> {
    let path = request.path();
    let Some((_, allow)) = ALLOWED.iter().find(|(pattern, _)| pattern.is_match(path)) else {
        return Err(Refusal::NotFound.into());
    };
    if request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((header::ALLOW, allow.as_str())).finish());
    }
    let detail = format!("This path takes {allow}.");
    Err(Error::new(ErrorCode::MethodNotAllowed, detail).header(header::ALLOW, allow.clone()))
}
