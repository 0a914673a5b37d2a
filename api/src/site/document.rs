//! `/openapi.yaml` and `/openapi.json`: the OpenAPI document as text.

use std::sync::LazyLock;

use actix_web::web::{self, Bytes};
use actix_web::{HttpResponse, get};

use crate::error::{Error, ErrorCode, Result};
use crate::openapi;

/// Each text is generated once, at the first request.
static YAML: LazyLock<Bytes> =
    LazyLock::new(|| openapi::aside(|| openapi::document().to_yaml().expect("a document is YAML")).into());
static JSON: LazyLock<Bytes> =
    LazyLock::new(|| openapi::aside(|| openapi::document().to_json().expect("a document is JSON")).into());

/// Registers both paths.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(yaml).service(json);
}

#[get("/openapi.yaml")]
async fn yaml() -> Result<HttpResponse> {
    answer("application/yaml", &YAML).await
}

#[get("/openapi.json")]
async fn json() -> Result<HttpResponse> {
    answer("application/json", &JSON).await
}

async fn answer(media: &'static str, text: &'static LazyLock<Bytes>) -> Result<HttpResponse> {
    // Generating it takes some hundredths of a second, which would block a thread that serves requests.
    let text = web::block(move || Bytes::clone(text)).await;
    let text = text.map_err(|_| Error::new(ErrorCode::Internal, "The document could not be generated."))?;
    Ok(HttpResponse::Ok().content_type(media).body(text))
}
