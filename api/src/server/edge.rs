//! The outermost middleware. For every request it sets the request id and caller, enforces limits, catches panics,
//! converts errors to problems, adds headers, counts metrics and writes the log.

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::task::{self, Poll};
use std::time::Instant;

use actix_http::BoxedPayloadStream;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::{InternalError, PayloadError};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpMessage, HttpResponse};
use domain::limits::REQUEST_ID_MAX;
use domain::refusal::Refusal;
use futures_util::{FutureExt, Stream, StreamExt};
use pin_project_lite::pin_project;
use uuid::Uuid;

use super::connection::{BodyLength, Traffic, Turn};
use super::{request_limits, times};
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::http::context::Context;
use crate::http::names::is_name;
use crate::http::pieces::PIECE;
use crate::http::problem_response::respond;
use crate::http::rate_limit::{Allowance, Source};
use crate::security::access_token::Claims;

/// Refused requests per second and thread that are logged at `info` in any case.
const LOGGED_PER_SECOND: u32 = 20;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-client-request-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Prefixes of operations that can be abused to send e-mail to anybody, or to guess passwords, tokens and codes.
const UNAUTHENTICATED_POSTS: [&str; 4] = ["/auth/", "/activations", "/oauth/", "/me/second-factor"];

/// Handles one request.
pub(super) async fn pass(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let turn = begin(&mut request).await;
    let Some(app) = request.app_data::<Data<App>>().cloned() else {
        return Err(Error::new(ErrorCode::Internal, "The service is not set up.").into());
    };
    let request_id: Arc<str> = Arc::from(domain::id::format("req", Uuid::now_v7()));
    let client_request_id = client_request_id(request.headers());
    let context = Context {
        request_id: Arc::clone(&request_id),
        client_request_id: client_request_id.clone(),
        address: address(&request, &app),
        claims: claims(&request, &app),
    };
    let allowed = request_limits::check(&request).and_then(|()| count(&request, &context, &app));
    request.extensions_mut().insert(context.clone());
    let method = request.method().clone();
    if method == Method::HEAD {
        // Routed like GET; the HTTP layer omits the body.
        request.head_mut().method = Method::GET;
    }
    let mut response = match allowed {
        Err(error) => request.into_response(report(&error, &request_id)),
        Ok(allowance) => {
            let mut response = match carry_out(request, next, &request_id).await {
                Ok(response) => response,
                Err(mut answer) => {
                    finish(answer.headers_mut(), &context);
                    let code = answer.extensions().get().copied();
                    observe((&method, "unknown"), (answer.status(), code), "", &context, started);
                    return Err(InternalError::from_response("answered already", answer).into());
                }
            };
            for (name, value) in allowance.map(Allowance::headers).into_iter().flatten() {
                response.headers_mut().insert(name, value);
            }
            response
        }
    };
    if method == Method::HEAD && response.response().body().size() == BodySize::Stream {
        // Otherwise a streamed body would be produced in full and discarded.
        response = response.map_body(|_, _| BoxBody::new(()));
    }
    finish(response.headers_mut(), &context);
    let operation = response.request().match_pattern().unwrap_or_else(|| "unknown".to_owned());
    let trace =
        response.request().headers().get("traceparent").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let code = response.response().extensions().get().copied();
    observe((&method, &operation), (response.status(), code), trace, &context, started);
    Ok(match turn {
        // The request lasts until its last octet was produced.
        Some(turn) if takes_long(response.response().body().size()) => {
            response.map_body(|_, body| BoxBody::new(Streamed { body, _turn: turn }))
        }
        _ => response,
    })
}

/// Whether an answer with a body of this size is sent in several parts.
fn takes_long(size: BodySize) -> bool {
    match size {
        BodySize::None => false,
        BodySize::Sized(octets) => octets > PIECE as u64,
        BodySize::Stream => true,
    }
}

/// Waits until the request may be carried out on its connection, and notes when its body was read.
async fn begin(request: &mut ServiceRequest) -> Option<Turn> {
    let traffic = Rc::clone(request.conn_data::<Rc<Traffic>>()?);
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let body = match length {
        _ if headers.contains_key(header::TRANSFER_ENCODING) => BodyLength::Unknown,
        None | Some(0) => BodyLength::None,
        Some(length) => BodyLength::Known(length),
    };
    let turn = Turn::begin(&traffic, body).await;
    if body != BodyLength::None {
        let payload: BoxedPayloadStream = Box::pin(Watched { payload: request.take_payload(), traffic });
        request.set_payload(Payload::Stream { payload });
    }
    Some(turn)
}

/// The body of a request. It tells the connection when no more of it is read.
struct Watched {
    payload: Payload,
    traffic: Rc<Traffic>,
}

impl Stream for Watched {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        let part = self.payload.poll_next_unpin(cx);
        if matches!(part, Poll::Ready(None)) {
            self.traffic.body_is_complete();
        }
        part
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.traffic.body_is_dropped();
    }
}

pin_project! {
    /// The body of an answer that is produced while it is sent.
    struct Streamed {
        #[pin]
        body: BoxBody,
        _turn: Turn,
    }
}

impl MessageBody for Streamed {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let part = self.project().body.poll_next(cx);
        if let Poll::Ready(Some(Err(error))) = &part {
            tracing::error!(%error, "an answer could not be completed");
        }
        part
    }
}

/// Calls the inner service. After a panic, or an error without a response, only the error response is left to send,
/// because the inner layers own the request.
async fn carry_out(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    request_id: &str,
) -> Result<ServiceResponse<BoxBody>, HttpResponse> {
    match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(Ok(response)) => Ok(in_our_form(response.map_into_boxed_body(), request_id)),
        Ok(Err(error)) => Err(error_response(&error, request_id)),
        Err(_) => {
            tracing::error!(request_id, "a handler panicked");
            let error = Error::new(
                ErrorCode::Internal,
                "The service failed. Nothing was changed. Report the `request_id` to support.",
            );
            Err(report(&error, request_id))
        }
    }
}

fn finish(headers: &mut HeaderMap, context: &Context) {
    let value = |id: &str| HeaderValue::from_str(id).unwrap_or(HeaderValue::from_static("invalid"));
    headers.insert(REQUEST_ID, value(&context.request_id));
    if let Some(given) = &context.client_request_id {
        headers.insert(CLIENT_REQUEST_ID, value(given));
    }
    secure(headers);
}

/// Converts an error response of any inner layer to a problem with the request's id.
fn in_our_form(response: ServiceResponse<BoxBody>, request_id: &str) -> ServiceResponse<BoxBody> {
    if !response.status().is_client_error() && !response.status().is_server_error() {
        return response;
    }
    let ours = response.response().error().map(|error| error_response(error, request_id));
    let problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == "application/problem+json");
    let mut answer = match ours {
        Some(ours) => ours,
        None if problem => return response,
        None => report(&of_status(response.status()), request_id),
    };
    // Web pages of allowed origins may read errors too.
    for (name, value) in response.headers() {
        if name.as_str().starts_with("access-control-") || name == header::VARY {
            answer.headers_mut().append(name.clone(), value.clone());
        }
    }
    ServiceResponse::new(response.request().clone(), answer)
}

fn error_response(error: &actix_web::Error, request_id: &str) -> HttpResponse {
    match error.as_error::<Error>() {
        Some(error) => report(error, request_id),
        None => report(&of_status(error.as_response_error().status_code()), request_id),
    }
}

/// The error for a status that an inner layer returned without a problem.
fn of_status(status: StatusCode) -> Error {
    let same = |code: &&ErrorCode| code.status() == status.as_u16();
    match ErrorCode::ALL.iter().find(same) {
        Some(_) if status == StatusCode::BAD_REQUEST => Error::new(
            ErrorCode::BadRequest,
            "The request was rejected. The origin of the web page may not be allowed.",
        ),
        Some(ErrorCode::NotFound) => Refusal::NotFound.into(),
        Some(code) => Error::new(*code, code.title()),
        None if status.is_client_error() => Error::new(ErrorCode::BadRequest, "The request can't be parsed."),
        None => Error::new(ErrorCode::Internal, "The service failed. Report the `request_id` to support."),
    }
}

fn report(error: &Error, request_id: &str) -> HttpResponse {
    if let Some(cause) = error.cause() {
        tracing::error!(request_id, code = error.code().as_str(), %cause, "a request failed");
    }
    respond(error, request_id)
}

/// The id that the caller gave the request. It stands beside our own: in its place, a caller could give many requests one
/// id, or that of somebody else.
fn client_request_id(headers: &HeaderMap) -> Option<Arc<str>> {
    let given = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    given.filter(|id| is_name(id, REQUEST_ID_MAX)).map(Arc::from)
}

/// The client's address: the last address in `X-Forwarded-For` that is not a trusted proxy, if the request came from a
/// trusted proxy; otherwise the peer's address.
fn address(request: &ServiceRequest, app: &App) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |address| address.ip().to_canonical());
    if !app.settings.trusts(peer) {
        return peer;
    }
    // Read from the end: entries at the front come from the client and must not hide what our proxy appended.
    let values: Vec<&[u8]> = request
        .headers()
        .get_all(&FORWARDED_FOR)
        .flat_map(|value| value.as_bytes().split(|octet| *octet == b','))
        .collect();
    values
        .into_iter()
        .rev()
        .map_while(|hop| hop_address(std::str::from_utf8(hop).ok()?))
        .find(|hop| !app.settings.trusts(*hop))
        .unwrap_or(peer)
}

/// The address of an entry of `X-Forwarded-For`, which some proxies write with a port or in brackets. An IPv4-mapped
/// IPv6 address is the IPv4 address.
fn hop_address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

fn claims(request: &ServiceRequest, app: &App) -> Result<Claims, Refusal> {
    let value = request.headers().get(header::AUTHORIZATION).ok_or(Refusal::NotSignedIn)?;
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Refusal::NotSignedIn)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::NotSignedIn);
    }
    app.access_tokens.verify(token.trim(), app.clock.now()).ok_or(Refusal::NotSignedIn)
}

fn count(request: &ServiceRequest, context: &Context, app: &App) -> Result<Option<Allowance>> {
    let Some(limits) = &app.rate_limits else { return Ok(None) };
    // The decoded path that is used for routing, so that escapes can't hide it.
    let path = request.match_info().as_str();
    if matches!(path, "/livez" | "/readyz" | "/metrics") {
        return Ok(None);
    }
    let network = context.network();
    let source = context.claims.as_ref().map_or(Source::Address(network), |claims| Source::Principal(claims.principal));
    let allowance = limits.count(source)?;
    let needs_no_sign_in =
        path == "/support-tickets" || UNAUTHENTICATED_POSTS.iter().any(|start| path.starts_with(start));
    if needs_no_sign_in && request.method() == Method::POST {
        limits.count(Source::UnauthenticatedPost(network))?;
    }
    Ok(Some(allowance))
}

/// Adds security headers, unless a page has set its own.
pub(super) fn secure(headers: &mut HeaderMap) {
    const DEFAULTS: [(HeaderName, &str); 6] = [
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"),
    ];
    for (name, value) in DEFAULTS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

/// Counts and logs the request, with the code of the refusal: changes, failures, what callers who are signed in may not
/// do, and some of the other refusals at `info`; the rest at a lower level.
fn observe(
    (method, operation): (&Method, &str),
    (status, code): (StatusCode, Option<ErrorCode>),
    trace: &str,
    context: &Context,
    started: Instant,
) {
    let elapsed = started.elapsed();
    times::count(known(method), operation, status, elapsed);
    let (status, micros) = (status.as_u16(), u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX));
    let caller = context.claims.as_ref().ok().map(|claims| tracing::field::display(claims.principal));
    let (request_id, address) = (&context.request_id, context.address);
    let client_request_id = context.client_request_id.as_deref();
    let trace: String = trace.chars().take(64).collect();
    let code = code.map(ErrorCode::as_str);
    let is_refused = (400..500).contains(&status);
    let is_denied = matches!(status, 401 | 403) && caller.is_some();
    if status >= 500 || is_denied || (is_refused && is_in_sample()) || (!is_refused && method != Method::GET) {
        tracing::info!(%request_id, client_request_id, %method, operation, status, code, micros, caller, %address, trace, "request");
    } else {
        tracing::debug!(%request_id, client_request_id, %method, operation, status, code, micros, caller, %address, trace, "request");
    }
}

/// Whether a refused request is among those that are logged at `info`: the first ones of each second, and then every
/// hundredth, so that nobody can fill the log with requests that cost nothing.
fn is_in_sample() -> bool {
    thread_local! {
        /// The second, and the number of refused requests in it.
        static REFUSED: Cell<(u64, u32)> = const { Cell::new((0, 0)) };
    }
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let second = START.elapsed().as_secs();
    let (of, count) = REFUSED.get();
    let count = if of == second { count + 1 } else { 1 };
    REFUSED.set((second, count));
    count <= LOGGED_PER_SECOND || count.is_multiple_of(100)
}

/// The method as a metric label, restricted to known methods so that callers can't create new labels.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_proxy_is_read_however_it_is_written() {
        for (text, expected) in [
            ("192.0.2.1", Some("192.0.2.1")),
            (" 192.0.2.1:4711 ", Some("192.0.2.1")),
            ("::ffff:192.0.2.1", Some("192.0.2.1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("[2001:db8::1]:4711", Some("2001:db8::1")),
            ("\"[2001:db8::1]:4711\"", Some("2001:db8::1")),
            ("unknown", None),
            ("", None),
            ("192.0.2.1:x", None),
        ] {
            assert_eq!(hop_address(text).map(|address| address.to_string()).as_deref(), expected, "{text:?}");
        }
    }
}
