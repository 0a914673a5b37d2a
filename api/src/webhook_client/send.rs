//! One delivery attempt: the request, the response, and the outcome.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use domain::Timestamp;
use domain::id::EventId;
use domain::limits::{DELIVERY_ANSWER_MAX, WEBHOOK_TIMEOUT_SECONDS};
use domain::webhook::Target;
use persistence::webhooks::Attempt;
use reqwest::header::HeaderMap;
use secrecy::zeroize::Zeroizing;
use serde_json::{Map, Value};

use super::guard::{Guard, NOT_PUBLIC};
use super::sign::sign;
use crate::clock::retry_after;

/// Maximum number of response headers that are stored.
const HEADERS_KEPT: usize = 30;
/// Maximum length of a stored header value, in characters.
const HEADER_KEPT: usize = 200;

/// The outcome of a delivery attempt.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The attempt as it is stored.
    pub attempt: Attempt,
    /// Whether the receiver accepted the event.
    pub taken: bool,
    /// Whether the receiver answered 410, so that the webhook is to be disabled.
    pub gone: bool,
    /// How long the receiver asks to wait before the next attempt (`Retry-After`).
    pub retry_after: Option<TimeDelta>,
}

/// Sends an event to a URL, signed with all secrets. Failures are part of the outcome.
pub async fn send(
    client: &reqwest::Client,
    guard: Guard,
    url: &str,
    secrets: &[Zeroizing<Vec<u8>>],
    event: EventId,
    body: &str,
    now: Timestamp,
) -> Outcome {
    let (id, timestamp) = (event.to_string(), now.timestamp());
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("webhook-id", id.clone()),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", sign(secrets, &id, timestamp, body)),
    ];
    let sent: Map<String, Value> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
    let started = Instant::now();
    let attempt = |status, error, answer_headers, answer| Attempt {
        started_at: now,
        milliseconds: i32::try_from(started.elapsed().as_millis()).unwrap_or(i32::MAX),
        status,
        error,
        request_headers: Value::Object(sent.clone()).to_string(),
        answer_headers,
        answer,
    };
    let failed = |error: String| Outcome {
        attempt: attempt(None, Some(error), None, None),
        taken: false,
        gone: false,
        retry_after: None,
    };
    if !Target::parse(url, true).is_ok_and(|target| guard.admits(&target)) {
        return failed(NOT_PUBLIC.to_owned());
    }
    let mut request = client.post(url).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) => return failed(reason(&error)),
    };
    let (status, headers) = (response.status(), response.headers().clone());
    let answer = read(&mut response).await;
    let error = match status.as_u16() {
        200..=299 => None,
        300..=399 => Some("redirects are not followed".to_owned()),
        _ => Some(format!("the receiver answered {}", status.as_u16())),
    };
    Outcome {
        taken: error.is_none(),
        gone: status.as_u16() == 410,
        retry_after: retry_after(&headers, now),
        attempt: attempt(Some(status.as_u16().into()), error, Some(kept(&headers)), Some(answer)),
    }
}

/// Reads the response body up to the stored length. A body that never ends or breaks off still counts as a response.
async fn read(response: &mut reqwest::Response) -> String {
    let mut octets = Vec::new();
    let reading = async {
        while octets.len() < DELIVERY_ANSWER_MAX {
            match response.chunk().await {
                Ok(Some(chunk)) => octets.extend_from_slice(&chunk),
                Ok(None) | Err(_) => break,
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(WEBHOOK_TIMEOUT_SECONDS), reading).await;
    octets.truncate(DELIVERY_ANSWER_MAX);
    // NUL can't be stored in PostgreSQL.
    String::from_utf8_lossy(&octets).replace('\0', "\u{fffd}")
}

fn kept(headers: &HeaderMap) -> String {
    let text = |value: &reqwest::header::HeaderValue| {
        String::from_utf8_lossy(value.as_bytes()).chars().take(HEADER_KEPT).collect::<String>()
    };
    let kept: Map<String, Value> =
        headers.iter().take(HEADERS_KEPT).map(|(name, value)| (name.to_string(), text(value).into())).collect();
    Value::Object(kept).to_string()
}

/// Why a request failed, without the URL, which the owner knows, and without details of our network.
fn reason(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        causes.push(inner.to_string());
        cause = inner.source();
    }
    let text = causes.join(": ");
    if text.contains(NOT_PUBLIC) {
        NOT_PUBLIC.to_owned()
    } else if error.is_timeout() {
        format!("the receiver did not answer within {WEBHOOK_TIMEOUT_SECONDS} seconds")
    } else if error.is_connect() {
        // Whether a port is closed or filtered, or a name exists, is nothing to learn about other people's networks. A
        // certificate is the receiver's own, and its owner needs the reason.
        let certificate = causes.iter().find(|cause| cause.contains("certificate"));
        match certificate {
            Some(cause) => format!("the certificate of the receiver was refused: {cause}").chars().take(200).collect(),
            None => "no connection could be made".to_owned(),
        }
    } else {
        "the connection broke before the receiver answered".to_owned()
    }
}
