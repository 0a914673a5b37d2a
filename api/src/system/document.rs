//! `/openapi.yaml` and `/openapi.json`: the OpenAPI document as text.

use std::sync::LazyLock;

use actix_web::web::{self, Bytes};
use actix_web::{HttpResponse, get};

use crate::http::{Error, ErrorCode};
use crate::openapi;

/// Each text is written once, when somebody first asks for it.
static YAML: LazyLock<Bytes> =
    LazyLock::new(|| written(|document| document.to_yaml().map_err(|error| error.to_string())));
static JSON: LazyLock<Bytes> =
    LazyLock::new(|| written(|document| document.to_json().map_err(|error| error.to_string())));

/// Adds them.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(yaml).service(json);
}

#[get("/openapi.yaml")]
async fn yaml() -> Result<HttpResponse, Error> {
    answer("application/yaml", &YAML).await
}

#[get("/openapi.json")]
async fn json() -> Result<HttpResponse, Error> {
    answer("application/json", &JSON).await
}

async fn answer(media: &'static str, text: &'static LazyLock<Bytes>) -> Result<HttpResponse, Error> {
    // Writing it takes some hundredths of a second, in which a thread that serves requests has better things to do.
    let text = web::block(move || Bytes::clone(text)).await;
    let text = text.map_err(|_| Error::new(ErrorCode::Internal, "The document could not be written."))?;
    Ok(HttpResponse::Ok().content_type(media).body(text))
}

fn written(text: fn(&utoipa::openapi::OpenApi) -> Result<String, String>) -> Bytes {
    openapi::aside(move || text(&openapi::document()).expect("a document can be written")).into()
}
