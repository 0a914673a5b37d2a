//! Health checks, metrics and the public keys of access tokens.

use domain::limits;
use std::sync::OnceLock;

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use persistence::Trouble;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::http::Answer;
use crate::{log, shown};

/// The state of the service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
pub struct Health {
    /// Always `ok`.
    #[schema(value_type = shown::Constant)]
    pub status: &'static str,
}

/// A JSON Web Key Set (RFC 7517).
#[derive(Debug, Serialize, ToSchema)]
pub struct Jwks {
    /// The public keys of access tokens: the current one, the next one and those that were replaced recently.
    #[schema(value_type = Keys)]
    pub keys: Vec<Jwk>,
}

/// A public Ed25519 key (RFC 8037).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "01890a5d-ac96-774b-bcce-b302099a8057", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}))]
pub struct Jwk {
    /// Always `OKP`.
    #[schema(value_type = shown::Constant)]
    pub kty: &'static str,
    /// Always `Ed25519`.
    #[schema(value_type = shown::Constant)]
    pub crv: &'static str,
    /// Always `EdDSA`.
    #[schema(value_type = shown::Constant)]
    pub alg: &'static str,
    /// Always `sig`.
    #[serde(rename = "use")]
    #[schema(value_type = shown::Constant)]
    pub usage: &'static str,
    /// The key id, which the header of each token names as `kid`.
    #[schema(value_type = shown::Uuid)]
    pub kid: String,
    /// The public key, in base64url.
    #[schema(value_type = shown::Base64Url256)]
    pub x: String,
}

/// Check liveness
///
/// Answers 200 while the process can serve requests. Restart the process if there is no answer.
#[utoipa::path(responses((status = 200, description = "The process is running.", body = Health)), security(()))]
#[get("/livez")]
pub(crate) async fn get_liveness() -> Result<Answer> {
    Answer::ok(&Health { status: "ok" })
}

/// Check readiness
///
/// Checks that the database can be reached, that its schema has the version that this build needs, that its file is in
/// place and undamaged, and that changes can be stored. Answers 503 with the reason if not, and while the service is
/// shutting down. It can be called every second: it stores nothing unless changes have failed before.
#[utoipa::path(security(()), responses(
    (status = 200, description = "The service can take requests.", body = Health),
    (status = 503, description = "`unavailable`: the service can't take requests; send them to another replica."),
))]
#[get("/readyz")]
pub(crate) async fn get_readiness(app: Data<App>) -> Result<Answer> {
    if app.is_draining() {
        return Err(Error::new(ErrorCode::Unavailable, "The service is stopping."));
    }
    if let Some(trouble) = app.database.trouble().await? {
        return Err(Error::new(
            ErrorCode::Unavailable,
            match trouble {
                Trouble::FileGone => "The database file was removed or replaced. Changes are refused.",
                Trouble::Damaged => "The database file is damaged. Restore it from a backup.",
                Trouble::CannotWrite => "Changes can't be stored: the disk of the database is full or fails.",
                Trouble::OtherSchema => "The database's schema is of another version.",
            },
        ));
    }
    Answer::ok(&Health { status: "ok" })
}

/// Read metrics
///
/// Returns counters, gauges and histograms in the Prometheus text format.
#[utoipa::path(security(()), responses(
    (status = 200, description = "The metrics.", body = String, content_type = "text/plain", example = "# TYPE teammate_mail_total counter\nteammate_mail_total{outcome=\"sent\"} 12\n"),
))]
#[get("/metrics")]
pub(crate) async fn get_metrics(app: Data<App>) -> HttpResponse {
    let (reads, writes) = app.database.waiting();
    metrics::gauge!("teammate_database_waiting", "kind" => "read").set(u32::try_from(reads).unwrap_or(u32::MAX));
    metrics::gauge!("teammate_database_waiting", "kind" => "write").set(u32::try_from(writes).unwrap_or(u32::MAX));
    if let Some(pool) = app.database.pool_state() {
        metrics::gauge!("teammate_database_connections", "state" => "in_use").set(pool.in_use);
        metrics::gauge!("teammate_database_connections", "state" => "idle").set(pool.idle);
        metrics::counter!("teammate_database_connection_waits_total").absolute(pool.waits);
        metrics::counter!("teammate_database_connection_timeouts_total").absolute(pool.timeouts);
        metrics::counter!("teammate_database_connections_closed_total").absolute(pool.replaced);
    }
    metrics::gauge!("teammate_connections").set(u32::try_from(app.connections.taken()).unwrap_or(u32::MAX));
    metrics::counter!("teammate_log_lines_lost_total").absolute(log::lost());
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(recorder().render())
}

/// Read the public keys of access tokens
///
/// Returns the public keys for verifying the signatures of access tokens, as a JSON Web Key Set (RFC 7517).
#[utoipa::path(responses((status = 200, description = "The key set.", body = Jwks)), security(()))]
#[get("/.well-known/jwks.json")]
pub(crate) async fn get_jwks(app: Data<App>) -> Result<Answer> {
    let key = |(id, x): (uuid::Uuid, String)| Jwk {
        kty: "OKP",
        crv: "Ed25519",
        alg: "EdDSA",
        usage: "sig",
        kid: id.to_string(),
        x,
    };
    Answer::ok(&Jwks { keys: app.access_tokens.public_keys().into_iter().map(key).collect() })
}

/// The metrics recorder, which is global to the process. It is installed on the first call.
pub fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new().set_buckets(&[0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0]);
        let builder = builder.unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        // Fails only if another recorder is already installed in this process. Ours then stays empty.
        let _ = metrics::set_global_recorder(recorder);
        handle
    })
}

type Keys = shown::Many<Jwk, 0, { limits::KEYS_MAX }>;
