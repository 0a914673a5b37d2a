//! Parses token requests into grants (RFC 6749 section 4).

use actix_web::HttpRequest;
use actix_web::http::header;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::id::ClientId;
use domain::limits::CODE_VERIFIER_LENGTH;
use secrecy::SecretString;

use super::operations::wrong;
use crate::error::{Error, ErrorCode, Result};
use crate::http::Body;
use crate::http::query::{decoded, pairs};
use crate::security::secret_token::SecretToken;

const FORM: &str = "application/x-www-form-urlencoded";
/// The `client_id` of Swagger UI, the only program that people sign in with by OAuth. It is a public client without a
/// secret and uses PKCE.
pub const SWAGGER_UI: &str = "swagger-ui";

/// The grant of a token request.
#[derive(Debug, Clone)]
pub enum Grant {
    /// Client credentials: an API client and its secret.
    Client(ClientId, SecretToken),
    /// An authorization code that a member got on the sign-in page.
    Code {
        /// The authorization code.
        code: SecretToken,
        /// The redirect URI that the code was requested for.
        redirect_uri: String,
        /// The PKCE code verifier.
        verifier: SecretString,
    },
    /// A refresh token of a member's session.
    Refresh(SecretToken),
}

impl Grant {
    /// Parses a token request. The errors are those of RFC 6749 section 5.2.
    pub fn read(request: &HttpRequest, body: &Body) -> Result<Self> {
        let media =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !media.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM) {
            return Err(invalid("Send the parameters as `Content-Type: application/x-www-form-urlencoded`."));
        }
        let form = Form::read(body)?;
        let grant = match form.one("grant_type")? {
            Some("authorization_code") => {
                public_client(request, &form)?;
                form.code()?
            }
            Some("refresh_token") => {
                public_client(request, &form)?;
                let token = form.one("refresh_token")?.ok_or_else(|| invalid("Send `refresh_token`."))?;
                Self::Refresh(SecretToken::parse(token).ok_or_else(invalid_grant)?)
            }
            // The client is authenticated before its grant type is checked.
            other => {
                let (client, secret) = credentials(request, &form)?;
                match other {
                    Some("client_credentials") => {}
                    Some(_) => {
                        let detail = "`grant_type` is `client_credentials`, `authorization_code` or `refresh_token`.";
                        return Err(Error::new(ErrorCode::UnsupportedGrantType, detail));
                    }
                    None => return Err(invalid("Send `grant_type=client_credentials`.")),
                }
                let client = ClientId::parse(&client).ok_or_else(wrong)?;
                Self::Client(client, SecretToken::parse_client_secret(&secret).ok_or_else(wrong)?)
            }
        };
        if form.one("scope")?.is_some() {
            let detail = "There are no scopes: what somebody may do is said by a role. Leave `scope` out.";
            return Err(Error::new(ErrorCode::InvalidScope, detail));
        }
        Ok(grant)
    }
}

struct Form(Vec<(String, String)>);

impl Form {
    fn read(body: &Body) -> Result<Self> {
        let text = str::from_utf8(body.octets()).ok();
        text.and_then(|text| pairs(text).ok()).map(Self).ok_or_else(|| invalid("The form can't be read."))
    }

    /// The value of a parameter. An empty value counts as missing and a repeated parameter is an error (RFC 6749
    /// section 3.2).
    fn one(&self, name: &str) -> Result<Option<&str>> {
        let mut found = self.0.iter().filter(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(invalid("A parameter stands there twice.")),
            (first, None) => Ok(first.map(String::as_str)),
        }
    }

    fn code(&self) -> Result<Grant> {
        let (code, verifier) = (self.one("code")?, self.one("code_verifier")?);
        let (Some(code), Some(verifier), Some(redirect_uri)) = (code, verifier, self.one("redirect_uri")?) else {
            return Err(invalid("Send `code`, `code_verifier` and `redirect_uri`."));
        };
        if !CODE_VERIFIER_LENGTH.contains(&verifier.len()) {
            return Err(invalid("`code_verifier` has 43–128 characters."));
        }
        let code = SecretToken::parse(code).ok_or_else(invalid_grant)?;
        Ok(Grant::Code { code, redirect_uri: redirect_uri.to_owned(), verifier: SecretString::from(verifier) })
    }
}

fn invalid(detail: &'static str) -> Error {
    Error::new(ErrorCode::InvalidRequest, detail)
}

/// The error for an authorization code or a refresh token that does not work.
#[must_use]
pub fn invalid_grant() -> Error {
    let detail = "The code or refresh token was used, has expired or was not given to you. Sign in again.";
    Error::new(ErrorCode::InvalidGrant, detail)
}

fn public_client(request: &HttpRequest, form: &Form) -> Result<()> {
    let has_secret = request.headers().contains_key(header::AUTHORIZATION) || form.one("client_secret")?.is_some();
    if has_secret || form.one("client_id")? != Some(SWAGGER_UI) {
        let detail =
            "People sign in with `client_id=swagger-ui`, which has no secret. API clients use `client_credentials`.";
        return Err(Error::new(ErrorCode::InvalidClient, detail));
    }
    Ok(())
}

/// The client id and the secret of a token request, from HTTP Basic authentication or from the form.
fn credentials(request: &HttpRequest, form: &Form) -> Result<(String, String)> {
    let sent = (form.one("client_id")?, form.one("client_secret")?);
    match (basic(request)?, sent) {
        (Some(basic), (None, None)) => Ok(basic),
        // The form may repeat the client id, if it is the same.
        (Some(basic), (Some(id), None)) if basic.0 == id => Ok(basic),
        (Some(_), _) => Err(invalid("Send client id and secret in one way, not in two.")),
        (None, (Some(id), Some(secret))) => Ok((id.to_owned(), secret.to_owned())),
        (None, _) => {
            let detail = "Send client id and secret: as HTTP Basic authentication, or in the form.";
            Err(Error::new(ErrorCode::InvalidClient, detail))
        }
    }
}

/// The credentials from HTTP Basic authentication, which are form-encoded inside (RFC 6749 section 2.3.1).
fn basic(request: &HttpRequest) -> Result<Option<(String, String)>> {
    let Some(value) = request.headers().get(header::AUTHORIZATION) else { return Ok(None) };
    let read = || {
        let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
        let octets = STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
        let (id, secret) = std::str::from_utf8(&octets).ok()?.split_once(':')?;
        Some((decoded(id)?, decoded(secret)?))
    };
    read().map(Some).ok_or_else(wrong)
}
