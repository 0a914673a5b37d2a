//! Token requests and their answers on the wire.

use actix_web::HttpRequest;
use actix_web::http::header;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::id::ClientId;
use serde::Serialize;
use utoipa::ToSchema;

use super::operations::wrong;
use crate::http::{Body, Error, ErrorCode};
use crate::security::secret_token::SecretToken;

const FORM: &str = "application/x-www-form-urlencoded";

/// A request for an access token, form-encoded (RFC 6749 section 4.4.2).
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "the form is read pair by pair; this is what the document shows of it")]
pub struct TokenRequest {
    /// Always `client_credentials`.
    #[schema(example = "client_credentials", max_length = 60)]
    grant_type: String,
    /// The id of the API client, unless it is sent as HTTP Basic authentication.
    #[schema(example = "client_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    client_id: Option<String>,
    /// The secret of the API client, unless it is sent as HTTP Basic authentication.
    #[schema(
        example = "teammate_cs_gk1Bo1wNzT2SrZ1qnPcNSSs2vmPo0UNb9T3jJqG0x7Q",
        format = "password",
        max_length = 100
    )]
    client_secret: Option<String>,
}

/// An access token of an API client (RFC 6749 section 5.1).
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientToken {
    /// Send it as `Authorization: Bearer …`.
    #[schema(example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9.e30.c2ln", max_length = 4000)]
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer", max_length = 20)]
    pub token_type: &'static str,
    /// For how many seconds the access token works. There is no refresh token: ask again.
    #[schema(example = 600, minimum = 1, maximum = 600)]
    pub expires_in: i64,
}

/// How programs get tokens here (RFC 8414 section 2).
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthorizationServer {
    /// Who issues the tokens: their `iss`.
    #[schema(example = "https://portal.teammate.example", format = "uri", max_length = 200)]
    pub issuer: String,
    /// Where they are issued.
    #[schema(example = "https://portal.teammate.example/oauth/token", format = "uri", max_length = 300)]
    pub token_endpoint: String,
    /// Where the public keys are that they can be checked with.
    #[schema(example = "https://portal.teammate.example/.well-known/jwks.json", format = "uri", max_length = 300)]
    pub jwks_uri: String,
    /// The grants that there are.
    #[schema(example = json!(["client_credentials"]), max_items = 10)]
    pub grant_types_supported: [&'static str; 1],
    /// The ways to send client id and secret.
    #[schema(example = json!(["client_secret_basic", "client_secret_post"]), max_items = 10)]
    pub token_endpoint_auth_methods_supported: [&'static str; 2],
    /// The answers of an authorisation endpoint: there is none.
    #[schema(example = json!([]), max_items = 10)]
    pub response_types_supported: [&'static str; 0],
    /// Where developers read on.
    #[schema(example = "https://portal.teammate.example/swagger-ui/", format = "uri", max_length = 300)]
    pub service_documentation: String,
}

/// The client and the secret that a token request names.
pub fn credentials(request: &HttpRequest, body: &Body) -> Result<(ClientId, SecretToken), Error> {
    let invalid = |detail: &'static str| Error::new(ErrorCode::InvalidRequest, detail);
    let media = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !media.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM) {
        return Err(invalid("Send the parameters as `Content-Type: application/x-www-form-urlencoded`."));
    }
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_bytes(body.octets()).map_err(|_| invalid("The form can't be read."))?;
    // A parameter without a value counts as left out, unknown ones are passed over, and none may stand twice (section 3.2).
    let one = |name: &str| {
        let mut found = pairs.iter().filter(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(invalid("A parameter stands there twice.")),
            (first, None) => Ok(first.map(String::as_str)),
        }
    };
    let sent = (one("client_id")?, one("client_secret")?);
    let (client, secret) = match (basic(request)?, sent) {
        (Some(basic), (None, None)) => basic,
        // The id may stand in the body as well, if it is the same.
        (Some(basic), (Some(id), None)) if basic.0 == id => basic,
        (Some(_), _) => return Err(invalid("Send client id and secret in one way, not in two.")),
        (None, (Some(id), Some(secret))) => (id.to_owned(), secret.to_owned()),
        (None, _) => {
            let detail = "Send client id and secret: as HTTP Basic authentication, or in the form.";
            return Err(Error::new(ErrorCode::InvalidClient, detail));
        }
    };
    match one("grant_type")? {
        Some("client_credentials") => {}
        Some(_) => {
            let detail = "The only `grant_type` is `client_credentials`. People sign in at POST /auth/login.";
            return Err(Error::new(ErrorCode::UnsupportedGrantType, detail));
        }
        None => return Err(invalid("Send `grant_type=client_credentials`.")),
    }
    if one("scope")?.is_some() {
        let detail = "There are no scopes: what an API client may do is its role. Leave `scope` out.";
        return Err(Error::new(ErrorCode::InvalidScope, detail));
    }
    let client = ClientId::parse(&client).ok_or_else(wrong)?;
    Ok((client, SecretToken::parse_client_secret(&secret).ok_or_else(wrong)?))
}

/// What HTTP Basic authentication says, form-encoded inside (RFC 6749 section 2.3.1).
fn basic(request: &HttpRequest) -> Result<Option<(String, String)>, Error> {
    let Some(value) = request.headers().get(header::AUTHORIZATION) else { return Ok(None) };
    let read = || {
        let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
        let octets = STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
        let (id, secret) = std::str::from_utf8(&octets).ok()?.split_once(':')?;
        Some((decoded(id)?, decoded(secret)?))
    };
    read().map(Some).ok_or_else(wrong)
}

fn decoded(text: &str) -> Option<String> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&format!("it={text}")).ok()?;
    match pairs.as_slice() {
        [(_, value)] => Some(value.clone()),
        _ => None,
    }
}
