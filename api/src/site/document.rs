//! `/openapi.yaml` and `/openapi.json`: the OpenAPI document as text.

use std::sync::LazyLock;

use actix_web::web;
use actix_web::{HttpRequest, HttpResponse, get};

use super::static_file::StaticFile;
use crate::error::{Error, ErrorCode, Result};
use crate::openapi;

/// Each text is generated once, at the first request.
static YAML: LazyLock<StaticFile> = LazyLock::new(|| {
    let text = openapi::aside(|| openapi::document().to_yaml().expect("a document is YAML"));
    StaticFile::new("application/yaml", text, "no-cache")
});
static JSON: LazyLock<StaticFile> = LazyLock::new(|| {
    let text = openapi::aside(|| openapi::document().to_json().expect("a document is JSON"));
    StaticFile::new("application/json", text, "no-cache")
});

/// Registers both paths.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(yaml).service(json);
}

#[get("/openapi.yaml")]
async fn yaml(request: HttpRequest) -> Result<HttpResponse> {
    answer(&request, &YAML).await
}

#[get("/openapi.json")]
async fn json(request: HttpRequest) -> Result<HttpResponse> {
    answer(&request, &JSON).await
}

async fn answer(request: &HttpRequest, file: &'static LazyLock<StaticFile>) -> Result<HttpResponse> {
    // Generating it takes some tenths of a second, which would block a thread that serves requests.
    let file: Result<&StaticFile, _> = match LazyLock::get(file) {
        Some(file) => Ok(file),
        None => web::block(|| LazyLock::force(file)).await,
    };
    let file = file.map_err(|_| Error::new(ErrorCode::Internal, "The document could not be generated."))?;
    Ok(file.answer(request))
}
