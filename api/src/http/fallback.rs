//! Requests that match no operation: 404, 405 with `Allow`, and OPTIONS.

use actix_web::dev::ResourceDef;
use actix_web::http::Method;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use domain::refusal::Refusal;

use crate::error::{Error, ErrorCode, Result};

/// The allowed methods of every path of the service.
#[derive(Debug)]
pub struct AllowedMethods(Vec<(ResourceDef, String)>);

impl AllowedMethods {
    /// Creates the table from path patterns, each with the value of its `Allow` header.
    pub fn new<'a>(paths: impl Iterator<Item = (&'a str, String)>) -> Self {
        Self(paths.map(|(path, allow)| (ResourceDef::new(path), allow)).collect())
    }

    fn allowed_at(&self, path: &str) -> Option<&str> {
        self.0.iter().find(|(pattern, _)| pattern.is_match(path)).map(|(_, allow)| allow.as_str())
    }
}

/// Answers a request that matches no operation.
pub async fn answer(request: HttpRequest, allowed: Data<AllowedMethods>) -> Result<HttpResponse> {
    let allow = allowed.allowed_at(request.path()).ok_or(Refusal::NotFound)?;
    if request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header(("allow", allow)).finish());
    }
    let detail = format!("This path supports only {allow}.");
    Err(Error::new(ErrorCode::MethodNotAllowed, detail).header("allow", allow))
}
