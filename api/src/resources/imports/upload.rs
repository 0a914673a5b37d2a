//! Receiving the file of an import: after the caller's authority was checked, and only as many files at a time as the
//! memory has room for.

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use domain::id::AccountId;
use domain::limits::{IMPORT_BODY_MAX, IMPORT_BODY_SECONDS};
use futures_util::StreamExt;
use tokio::time::{Instant, sleep, timeout};

use crate::error::{Error, ErrorCode, Result};
use crate::places::{NoPlace, Place, Places};

/// How long an upload waits for a place.
const PLACE_WAIT: Duration = Duration::from_secs(8);
/// The pause between two looks for a place.
const PLACE_PAUSE: Duration = Duration::from_millis(50);
/// How long an upload may be slow before it gives way to others that wait.
const SLOW_TIME: Duration = Duration::from_secs(5);
/// An upload with fewer octets per second is slow.
const SLOW_RATE: u64 = 64 * 1024;

/// The format of an import file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// CSV with a header line (RFC 4180), as spreadsheets write it.
    Csv,
    /// NDJSON: one JSON object per line.
    Ndjson,
}

/// The file of a request, not received yet.
pub struct Upload {
    form: Option<Form>,
    announced: Option<u64>,
    payload: Payload,
}

/// A received file, completely in memory.
pub struct Received {
    /// The format of the file.
    pub form: Form,
    /// The content of the file.
    pub octets: Bytes,
    /// Held until the import has ended.
    _place: Place<AccountId>,
}

impl FromRequest for Upload {
    type Error = Error;
    type Future = std::future::Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let form = match media.as_str() {
            "text/csv" => Some(Form::Csv),
            "application/x-ndjson" | "application/jsonl" => Some(Form::Ndjson),
            _ => None,
        };
        let announced = text(header::CONTENT_LENGTH).parse().ok();
        std::future::ready(Ok(Self { form, announced, payload: payload.take() }))
    }
}

impl Upload {
    /// Receives the file, in one of the `places` of the caller's account.
    pub async fn receive(self, places: &Arc<Places<AccountId>>, account: AccountId) -> Result<Received> {
        let form = self.form.ok_or_else(|| {
            let detail = "Send the file as `Content-Type: text/csv` or `application/x-ndjson`.";
            Error::new(ErrorCode::UnsupportedMediaType, detail)
        })?;
        if self.announced.is_some_and(|length| length > IMPORT_BODY_MAX as u64) {
            return Err(too_large());
        }
        let place = take_place(places, account).await?;
        let reading = read(self.payload, places);
        let octets = timeout(Duration::from_secs(IMPORT_BODY_SECONDS), reading).await.unwrap_or_else(|_| {
            let detail = format!("The file has to arrive within {IMPORT_BODY_SECONDS} seconds.");
            Err(Error::new(ErrorCode::RequestTimeout, detail))
        })?;
        Ok(Received { form, octets, _place: place })
    }
}

async fn take_place(places: &Arc<Places<AccountId>>, account: AccountId) -> Result<Place<AccountId>> {
    let until = Instant::now() + PLACE_WAIT;
    loop {
        match places.take(Some(account)) {
            Ok(place) => return Ok(place),
            Err(NoPlace::Full) if Instant::now() < until => sleep(PLACE_PAUSE).await,
            Err(NoPlace::Full) => {
                let detail = "Other imports are under way. Send the file again in a moment.";
                return Err(Error::new(ErrorCode::Unavailable, detail));
            }
            Err(NoPlace::HasEnough) => {
                let detail = "Your account is already importing 4 files. Send this one when one of them is done.";
                return Err(Error::new(ErrorCode::RateLimited, detail).header("retry-after", "5"));
            }
        }
    }
}

async fn read(mut payload: Payload, places: &Places<AccountId>) -> Result<Bytes> {
    let started = Instant::now();
    let mut octets = BytesMut::new();
    loop {
        let chunk = match timeout(Duration::from_secs(1), payload.next()).await {
            Ok(None) => return Ok(octets.freeze()),
            Ok(Some(chunk)) => {
                chunk.map_err(|_| Error::new(ErrorCode::BadRequest, "The file could not be read to its end."))?
            }
            Err(_) => Bytes::new(),
        };
        if octets.len() + chunk.len() > IMPORT_BODY_MAX {
            return Err(too_large());
        }
        octets.extend_from_slice(&chunk);
        let elapsed = started.elapsed();
        let is_slow = elapsed > SLOW_TIME && (octets.len() as u64) < SLOW_RATE * elapsed.as_secs();
        if is_slow && places.is_full() {
            let detail = "The file arrived too slowly while others waited. Send it again over a faster connection.";
            return Err(Error::new(ErrorCode::RequestTimeout, detail));
        }
    }
}

fn too_large() -> Error {
    Error::new(ErrorCode::BodyTooLarge, format!("Send at most {} MiB; split the file.", IMPORT_BODY_MAX >> 20))
}
