//! Receiving the file of an import.

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut, Data};
use actix_web::{FromRequest, HttpRequest};
use domain::limits::{IMPORT_BODY_MAX, IMPORT_BODY_SECONDS};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use tokio::sync::OwnedSemaphorePermit;

use crate::app::App;
use crate::error::{Error, ErrorCode, Result};

/// The format of an import file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// CSV with a header line (RFC 4180), as spreadsheets write it.
    Csv,
    /// NDJSON: one JSON object per line.
    Ndjson,
}

/// An uploaded file, completely in memory.
#[derive(Debug, Clone)]
pub struct Upload {
    form: Option<Form>,
    /// The content of the file.
    pub octets: Bytes,
    /// Limits how many files are in memory at the same time; released when the import has ended.
    _place: Arc<OwnedSemaphorePermit>,
}

impl Upload {
    /// The format of the file; an error if the content type is not supported.
    pub fn form(&self) -> Result<Form> {
        self.form.ok_or_else(|| {
            let detail = "Send the file as `Content-Type: text/csv` or `application/x-ndjson`.";
            Error::new(ErrorCode::UnsupportedMediaType, detail)
        })
    }
}

impl FromRequest for Upload {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let form = match media.as_str() {
            "text/csv" => Some(Form::Csv),
            "application/x-ndjson" | "application/jsonl" => Some(Form::Ndjson),
            _ => None,
        };
        let announced: Option<u64> = text(header::CONTENT_LENGTH).parse().ok();
        let app = request.app_data::<Data<App>>().cloned();
        let mut payload = payload.take();
        Box::pin(async move {
            let place = app.and_then(|app| Arc::clone(&app.uploads).try_acquire_owned().ok());
            let place = place.ok_or_else(|| {
                let detail = "Other imports are under way. Send the file again in a moment.";
                Error::new(ErrorCode::Unavailable, detail)
            })?;
            if announced.is_some_and(|length| length > IMPORT_BODY_MAX as u64) {
                return Err(too_large());
            }
            let reading = async {
                let mut octets = BytesMut::new();
                while let Some(chunk) = payload.next().await {
                    let broken = |_| Error::new(ErrorCode::BadRequest, "The file could not be read to its end.");
                    let chunk = chunk.map_err(broken)?;
                    if octets.len() + chunk.len() > IMPORT_BODY_MAX {
                        return Err(too_large());
                    }
                    octets.extend_from_slice(&chunk);
                }
                Ok(octets.freeze())
            };
            let read = tokio::time::timeout(Duration::from_secs(IMPORT_BODY_SECONDS), reading).await;
            let octets = read.unwrap_or_else(|_| {
                let detail = format!("The file has to arrive within {IMPORT_BODY_SECONDS} seconds.");
                Err(Error::new(ErrorCode::RequestTimeout, detail))
            })?;
            Ok(Self { form, octets, _place: Arc::new(place) })
        })
    }
}

fn too_large() -> Error {
    Error::new(ErrorCode::BodyTooLarge, format!("Send at most {} MiB; split the file.", IMPORT_BODY_MAX >> 20))
}
