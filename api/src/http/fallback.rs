//! Requests that match no operation: 404, 405 with `Allow`, and OPTIONS; and query parameters that no operation has.

use std::collections::HashSet;

use actix_web::dev::ResourceDef;
use actix_web::http::Method;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use domain::refusal::Refusal;

use crate::error::{Error, ErrorCode, Result};

/// The allowed methods of every path of the service.
#[derive(Debug)]
pub struct AllowedMethods {
    paths: Vec<(ResourceDef, String)>,
    /// The method and pattern of each operation that has query parameters.
    with_query: HashSet<(Method, String)>,
}

impl AllowedMethods {
    /// Creates the table from path patterns, each with the value of its `Allow` header, and from the operations that
    /// have query parameters.
    pub fn new<'a>(paths: impl Iterator<Item = (&'a str, String)>, with_query: HashSet<(Method, String)>) -> Self {
        Self { paths: paths.map(|(path, allow)| (ResourceDef::new(path), allow)).collect(), with_query }
    }

    /// Refuses query parameters of an operation that has none (W3). Operations that have some check theirs.
    pub fn check_query(&self, request: &HttpRequest) -> Result<()> {
        if request.query_string().is_empty() {
            return Ok(());
        }
        let operation = (request.method().clone(), request.match_pattern().unwrap_or_default());
        if self.with_query.contains(&operation) {
            return Ok(());
        }
        let detail = "This operation has no query parameters. Remove everything from the `?` on.";
        Err(Error::new(ErrorCode::InvalidParameter, detail))
    }

    fn allowed_at(&self, path: &str) -> Option<&str> {
        self.paths.iter().find(|(pattern, _)| pattern.is_match(path)).map(|(_, allow)| allow.as_str())
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
