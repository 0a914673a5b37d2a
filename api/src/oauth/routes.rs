//! The operations of `/oauth` and of its metadata.

use actix_web::web::Data;
use actix_web::{HttpRequest, get, post};
use domain::limits::ACCESS_TOKEN_SECONDS;
use domain::principal::Principal;
use secrecy::ExposeSecret;
use utoipa_actix_web::service_config::ServiceConfig;

use super::operations::authenticate;
use super::wire::{AuthorizationServer, ClientToken, TokenRequest, credentials};
use crate::http::error::OauthProblem;
use crate::http::{Answer, Body, Context, Error};
use crate::service::Service;

/// Adds them.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(issue_client_token).service(get_authorization_server);
}

/// Get an access token for an API client
///
/// The client credentials grant of OAuth 2.0 (RFC 6749 section 4.4), form-encoded; client id and secret as HTTP Basic
/// authentication or in the form. The access token works for 10 minutes; then ask again.
#[utoipa::path(
    tag = "API clients",
    operation_id = "issue_client_token",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A token.", body = ClientToken),
        (status = 400, description = "`invalid_request`, `unsupported_grant_type`, `invalid_scope`: the request is not valid, or asks for another grant or for a scope.", body = OauthProblem, example = json!({"error": "unsupported_grant_type", "error_description": "The only `grant_type` is `client_credentials`. People sign in at POST /auth/login.", "type": "/problems/unsupported_grant_type", "title": "This grant is not supported", "status": 400, "detail": "The only `grant_type` is `client_credentials`. People sign in at POST /auth/login.", "code": "unsupported_grant_type", "request_id": "req_01h455vb4pex5vsknk084sn02q", "errors": [], "blockers": null})),
        (status = 401, description = "`invalid_client`: client id and secret do not go together, the API client has expired or was revoked or may not call from here, or its account does not operate.", body = OauthProblem, headers(("WWW-Authenticate" = String, description = "`Basic`.")), example = json!({"error": "invalid_client", "error_description": "Client id and secret do not go together, or the API client has expired or was revoked.", "type": "/problems/invalid_client", "title": "Client id and secret do not match", "status": 401, "detail": "Client id and secret do not go together, or the API client has expired or was revoked.", "code": "invalid_client", "request_id": "req_01h455vb4pex5vsknk084sn02q", "errors": [], "blockers": null})),
    ),
    security((), ("client" = []))
)]
#[post("/oauth/token")]
async fn issue_client_token(
    service: Data<Service>,
    context: Context,
    request: HttpRequest,
    body: Body,
) -> Result<Answer, Error> {
    let (client, secret) = credentials(&request, &body)?;
    let (now, address, hash) = (service.clock.now(), context.address, secret.hash());
    let session = service.database.write(move |tx| authenticate(tx, client, &hash, address, now)).await?;
    let token = service.access_tokens.issue(Principal::Client(client), session, now);
    Answer::ok(&ClientToken {
        access_token: token.expose_secret().to_owned(),
        token_type: "Bearer",
        expires_in: ACCESS_TOKEN_SECONDS,
    })
}

/// Read how programs get tokens
///
/// The metadata of the authorisation server (RFC 8414), from which OAuth 2.0 libraries configure themselves.
#[utoipa::path(
    tag = "API clients",
    operation_id = "get_authorization_server",
    responses((status = 200, description = "The metadata.", body = AuthorizationServer)),
    security(())
)]
#[get("/.well-known/oauth-authorization-server")]
async fn get_authorization_server(service: Data<Service>) -> Result<Answer, Error> {
    let at = |path: &str| format!("{}{path}", service.public_url);
    Answer::ok(&AuthorizationServer {
        issuer: service.public_url.clone(),
        token_endpoint: at("/oauth/token"),
        jwks_uri: at("/.well-known/jwks.json"),
        grant_types_supported: ["client_credentials"],
        token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
        response_types_supported: [],
        service_documentation: at("/swagger-ui/"),
    })
}
