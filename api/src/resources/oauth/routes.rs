//! The operations of `/oauth` and the server metadata.

use actix_web::web::Data;
use actix_web::{HttpRequest, get, post};
use domain::fault::Fault;
use domain::limits::ACCESS_TOKEN_SECONDS;
use domain::principal::Principal;
use secrecy::ExposeSecret;

use super::grant::{Grant, invalid_grant};
use super::operations::{authenticate, exchange, give_code, wrong};
use super::wire::{
    AskedFor, AuthorizationServer, ClientToken, IssuedToken, REDIRECT_PATH, SignInFor, SignedInFor, TokenRequest,
};
use crate::app::App;
use crate::error::{Error, ErrorCode, OauthProblem, Result, value_error};
use crate::http::{Answer, Body, Context};
use crate::resources::auth::operations::{Refreshed, refresh};
use crate::resources::auth::sign_in::{Attempt, sign_in};
use crate::resources::auth::wire::Tokens;
use crate::resources::second_factors::guesses;
use crate::security::secret_token::SecretToken;

/// Sign in for a program
///
/// Used by the sign-in page `/sign-in` of Swagger UI. Checks the credentials and returns the path to redirect to, with
/// an authorization code (OAuth 2.0 authorization code grant with PKCE: RFC 6749 section 4.1, RFC 7636). Swagger UI
/// opens the page with `response_type=code`, its `redirect_uri`, a `state` and a `code_challenge`. The code can be
/// exchanged once, within 60 seconds, at `POST /oauth/token`. Other programs sign in at `POST /auth/login` or as an API
/// client.
#[utoipa::path(request_body = SignInFor, security(()), responses(
    (status = 200, description = "The path to redirect to.", body = SignedInFor),
    (status = 401, description = "`wrong_credentials`: the e-mail address or the password is wrong. `code_needed`: both are right, but the member has a second factor: send the request again with a `code`. `wrong_code`: the code is wrong or was used before."),
    (status = 403, description = "`account_not_operating`: the account, or one above it, is suspended."),
    (status = 429, description = "`too_many_wrong_codes`: too many wrong codes in a row. `too_many_sign_ins`: too many attempts at this address, from all networks together. `rate_limited`: too many requests. Wait for the seconds in `Retry-After`."),
))]
#[post("/oauth/authorize")]
pub(crate) async fn sign_in_for_program(app: Data<App>, context: Context, body: Body) -> Result<Answer> {
    let (attempt, asked) = body.parse::<SignInFor, (Attempt, AskedFor)>().into_inner()?;
    check_redirect(&app, &asked)?;
    let code = sign_in(&app, &context, attempt, move |tx, member| give_code(tx, member, &asked)).await?;
    Answer::ok(&SignedInFor { redirect_to: format!("{REDIRECT_PATH}#code={}", code.expose()) })
}

/// Refuses a redirect URI that is not the one of Swagger UI at the public URL (RFC 9700 section 2.1). Without a
/// configured public URL, the service doesn't know under which names browsers reach it.
fn check_redirect(app: &App, asked: &AskedFor) -> Result<()> {
    let expected = format!("{}{REDIRECT_PATH}", app.public_url);
    if app.settings.public_url.is_none() || asked.redirect_uri == expected {
        return Ok(());
    }
    let fault = Fault::new("invalid_redirect_uri", format!("Give {expected}."));
    Err(Error::validation(vec![value_error("/redirect_uri", fault)]))
}

/// Get tokens
///
/// Issues an access token to an API client (OAuth 2.0 client credentials grant, RFC 6749 section 4.4). The request is
/// form-encoded. Send client id and secret as HTTP Basic authentication or in the form. The access token is valid for
/// 10 minutes; request a new one when it expires. Swagger UI exchanges its authorization codes and refresh tokens here,
/// too.
#[utoipa::path(
    operation_id = "issue_client_token",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The access token.", body = IssuedToken),
        (status = 400, description = "`invalid_request`, `invalid_grant`, `unsupported_grant_type`, `invalid_scope`: the request is not valid, its code or refresh token does not work, or it asks for another grant or for a scope.", body = OauthProblem, example = json!({"error": "unsupported_grant_type", "error_description": "`grant_type` is `client_credentials`, `authorization_code` or `refresh_token`.", "type": "/problems/unsupported_grant_type", "title": "This grant is not supported", "status": 400, "detail": "`grant_type` is `client_credentials`, `authorization_code` or `refresh_token`.", "code": "unsupported_grant_type", "request_id": "req_01h455vb4pex5vsknk084sn02q", "errors": [], "blockers": null})),
        (status = 401, description = "`invalid_client`: client id and secret do not match, the API client has expired or was revoked, it may not call from this network address, or its account is suspended.", body = OauthProblem, headers(("WWW-Authenticate" = String, description = "`Basic`.")), example = json!({"error": "invalid_client", "error_description": "Client id and secret do not go together, or the API client has expired or was revoked.", "type": "/problems/invalid_client", "title": "Client id and secret do not match", "status": 401, "detail": "Client id and secret do not go together, or the API client has expired or was revoked.", "code": "invalid_client", "request_id": "req_01h455vb4pex5vsknk084sn02q", "errors": [], "blockers": null})),
        (status = 429, description = "`too_many_sign_ins`: too many wrong secrets for this API client. `rate_limited`: too many requests. Wait for the seconds in `Retry-After`."),
    ),
    security((), ("client" = [])),
)]
#[post("/oauth/token")]
pub(crate) async fn issue_token(app: Data<App>, context: Context, request: HttpRequest, body: Body) -> Result<Answer> {
    let (now, address, origin) = (app.clock.now(), context.address, context.anonymous());
    let issued = match Grant::read(&request, &body)? {
        Grant::Client(client, secret) => {
            let hash = secret.hash();
            let authenticated = app.database.write(move |tx| authenticate(tx, client, &hash, address, now));
            let Some(session) = authenticated.await? else {
                // Only wrong secrets are counted and wait: whoever has the right one is not slowed down by others.
                guesses::wait(&app, origin, &client.to_string()).await?;
                return Err(wrong());
            };
            let token = app.access_tokens.issue(Principal::Client(client), session, now);
            IssuedToken::Client(ClientToken {
                access_token: token.expose_secret().to_owned(),
                token_type: "Bearer",
                expires_in: ACCESS_TOKEN_SECONDS,
            })
        }
        Grant::Code { code, redirect_uri, verifier } => {
            let refresh = SecretToken::generate();
            let first = refresh.clone();
            let exchanged = app.write_as(origin, move |tx| exchange(tx, (&code, &redirect_uri, &verifier), &first));
            let (member, session) = exchanged.await?.ok_or_else(invalid_grant)?;
            let access = app.access_tokens.issue(Principal::Member(member), session, now);
            IssuedToken::Member(Tokens::expose(&access, &refresh))
        }
        Grant::Refresh(token) => {
            let refreshed = app.write_as(origin, move |tx| refresh(tx, &token)).await;
            // OAuth has a single error code for refresh tokens that do not work, whatever the reason.
            let is_over = |code| matches!(code, ErrorCode::NotOperating | ErrorCode::NotSignedIn);
            let refreshed = refreshed.map_err(|error| if is_over(error.code()) { invalid_grant() } else { error })?;
            let Refreshed::Successor(member, session, successor) = refreshed else { return Err(invalid_grant()) };
            let access = app.access_tokens.issue(Principal::Member(member), session, now);
            IssuedToken::Member(Tokens::expose(&access, &successor))
        }
    };
    Answer::ok(&issued)
}

/// Read the OAuth server metadata
///
/// Returns the metadata of the authorization server (RFC 8414), with which OAuth 2.0 libraries can configure
/// themselves.
#[utoipa::path(responses((status = 200, description = "The metadata.", body = AuthorizationServer)), security(()))]
#[get("/.well-known/oauth-authorization-server")]
pub(crate) async fn get_authorization_server(app: Data<App>) -> Result<Answer> {
    let at = |path: &str| format!("{}{path}", app.public_url);
    Answer::ok(&AuthorizationServer {
        issuer: app.public_url.clone(),
        token_endpoint: at("/oauth/token"),
        jwks_uri: at("/.well-known/jwks.json"),
        authorization_endpoint: at("/sign-in"),
        grant_types_supported: ["client_credentials", "authorization_code", "refresh_token"],
        token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
        response_types_supported: ["code"],
        response_modes_supported: ["fragment"],
        code_challenge_methods_supported: ["S256"],
        service_documentation: at("/swagger-ui/"),
    })
}
