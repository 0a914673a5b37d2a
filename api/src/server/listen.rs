//! The listener, and the application that each server thread runs.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_server::Server;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use utoipa_actix_web::service_config::ServiceConfig;

use super::allowed_methods::allowed_methods;
use super::connection::{Connection, Door};
use super::edge;
use crate::app::App;
use crate::http::idempotency::Fingerprints;
use crate::http::{fallback, idempotency};
use crate::routes;
use crate::site::{demo_mail, document, pages, swagger};

/// Time limit for running requests when the service stops.
const DRAIN: Duration = Duration::from_secs(30);
/// Time for which a connection without requests stays open.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Time limit for a client to close after an answer that ends the connection.
const CLOSE: Duration = Duration::from_secs(1);
/// Octets of answers that a connection collects before it waits for the client to take them.
const WRITE_BUFFER: usize = 8 * 1024;
/// Octets that the system holds for a client that does not read. The system would let it grow to some MiB.
const SOCKET_BUFFER: usize = 128 * 1024;

/// Serves the application on a listener.
pub(super) fn listen(listener: TcpListener, app: &Arc<App>, tls: Option<TlsAcceptor>) -> io::Result<Server> {
    SockRef::from(&listener).set_send_buffer_size(SOCKET_BUFFER)?;
    let settings = &app.settings;
    let most = settings.max_connections.get();
    let door = Door::new(Arc::clone(&app.connections), tls);
    let shared = Data::from(Arc::clone(app));
    let (allowed_methods, fingerprints) = (allowed_methods(), Fingerprints::clone(&app.fingerprints));
    let server = Server::build()
        .disable_signals()
        .shutdown_timeout(DRAIN.as_secs())
        // Connections that are too many are refused with an answer before this limit is reached.
        .max_concurrent_connections(most.saturating_mul(2))
        .workers(settings.threads_that_serve());
    let stops = server.graceful_shutdown_signal();
    let server = server.listen("http", listener, move || {
        actix_web::rt::spawn(persistence::hand_over_replies());
        let application = actix_web::App::new()
            .app_data(allowed_methods.clone())
            .app_data(Fingerprints::clone(&fingerprints))
            .configure(|config| configure(config, &shared))
            .wrap(cors(&shared.settings.cors_origins))
            .wrap(from_fn(edge::pass));
        let application = application.into_factory().map_err(|error| error.as_response_error().error_response());
        let stops = stops.clone();
        let http = HttpService::build()
            .keep_alive(KEEP_ALIVE)
            // The connection limits the time of every head, not only of the first.
            .client_request_timeout(Duration::ZERO)
            .client_disconnect_timeout(CLOSE)
            // A client may close its sending side once it has sent its requests.
            .h1_allow_half_closed(true)
            .h1_write_buffer_size(WRITE_BUFFER)
            .graceful_shutdown_signal(move || {
                let stops = stops.clone();
                async move { stops.notified().await }
            })
            .on_connect_ext(|connection: &Connection, data| {
                data.insert(connection.traffic());
            })
            .h1(map_config(application, |()| AppConfig::default()));
        let (app, door) = (Data::clone(&shared), door.clone());
        fn_service(move |stream: TcpStream| {
            let peer = stream.peer_addr().ok();
            let holder = peer.map(|peer| peer.ip().to_canonical()).filter(|address| !app.settings.trusts(*address));
            let door = door.clone();
            async move {
                let connection = Connection::open(stream, &door, holder, edge::secure).await;
                connection.map(|connection| (connection, peer)).ok_or(DispatchError::DisconnectTimeout)
            }
        })
        .and_then(http)
    })?;
    Ok(server.run())
}

/// Configures the routes of each server thread.
fn configure(config: &mut web::ServiceConfig, app: &Data<App>) {
    routes::configure(&mut ServiceConfig::new(config));
    pages::configure(config);
    swagger::configure(config);
    demo_mail::configure(config);
    document::configure(config);
    config.app_data(app.clone()).default_service(web::to(fallback::answer));
}

fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PATCH", "DELETE"])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_MATCH, header::IF_NONE_MATCH])
        .allowed_headers([idempotency::HEADER, "X-Request-Id", "traceparent"])
        .expose_headers([
            "ETag",
            "Location",
            "Link",
            "X-Request-Id",
            "X-Client-Request-Id",
            "Retry-After",
            "RateLimit",
            "RateLimit-Policy",
            "Idempotent-Replayed",
        ])
        .max_age(3600);
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}
