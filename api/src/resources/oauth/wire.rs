//! Token requests and their answers on the wire.

use domain::fault::Fault;
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::grant::SWAGGER_UI;
use crate::error::Error;
use crate::http::{Field, Members, Unknown};
use crate::resources::auth::sign_in::Attempt;
use crate::resources::auth::wire::{Tokens, attempt};

/// A request for an access token, form-encoded (RFC 6749 section 4.4.2).
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "the form is read pair by pair; this is what the document shows of it")]
pub struct TokenRequest {
    /// `client_credentials`, `authorization_code` or `refresh_token`.
    #[schema(example = "client_credentials", max_length = 60)]
    grant_type: String,
    /// The id of the API client, unless it is sent as HTTP Basic authentication. `swagger-ui` where people have signed in.
    #[schema(
        example = "client_01h455vb4pex5vsknk084sn02q",
        max_length = 60,
        pattern = "^(swagger-ui|client_[0-7][0-9a-hjkmnp-tv-z]{25})$"
    )]
    client_id: Option<String>,
    /// The secret of the API client, unless it is sent as HTTP Basic authentication.
    #[schema(
        example = "teammate_cs_gk1Bo1wNzT2SrZ1qnPcNSSs2vmPo0UNb9T3jJqG0x7Q",
        format = "password",
        max_length = 100
    )]
    client_secret: Option<String>,
    /// The code of the sign-in page.
    #[schema(max_length = 100)]
    code: Option<String>,
    /// Where the code was sent to.
    #[schema(format = "uri", max_length = 300)]
    redirect_uri: Option<String>,
    /// What the challenge of the code was made of (RFC 7636).
    #[schema(min_length = 43, max_length = 128)]
    code_verifier: Option<String>,
    /// The latest refresh token of the session.
    #[schema(format = "password", max_length = 100)]
    refresh_token: Option<String>,
}

/// What a token request is answered with.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum IssuedToken {
    /// To an API client.
    Client(ClientToken),
    /// To the program of a member who has signed in.
    Member(Tokens),
}

/// What the sign-in page sends: who signs in, and for whom.
#[derive(Default, Deserialize, ToSchema)]
pub struct SignInFor {
    /// The program that asks: `swagger-ui`.
    #[schema(value_type = String, required = true, example = "swagger-ui", max_length = 60, pattern = "^swagger-ui$")]
    #[serde(default)]
    client_id: Field<String>,
    /// Where the code is to go: `/swagger-ui/oauth2-redirect.html` of this service.
    #[schema(value_type = String, required = true, example = "http://127.0.0.1:8080/swagger-ui/oauth2-redirect.html", max_length = 300, pattern = r"^https?://[^/?#]+/swagger-ui/oauth2-redirect\.html$")]
    #[serde(default)]
    redirect_uri: Field<String>,
    /// The SHA-256 of the program's verifier, in base64url (RFC 7636, `S256`).
    #[schema(value_type = String, required = true, example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", min_length = 43, max_length = 43, pattern = "^[A-Za-z0-9_-]{43}$")]
    #[serde(default)]
    code_challenge: Field<String>,
    /// The address of the member.
    #[schema(value_type = String, required = true, example = "operator@teammate.local", format = "email", max_length = 254)]
    #[serde(default)]
    email: Field<String>,
    /// The password.
    #[schema(value_type = String, required = true, example = "correct horse battery staple", format = "password", max_length = 128)]
    #[serde(default)]
    password: Field<String>,
    /// The six digits that the authenticator app shows, or a recovery code; for those who have a second factor.
    #[schema(value_type = Option<String>, required = false, example = json!(null), max_length = 40, pattern = r"^[ -]*(([0-9][ -]*){6}|([A-Za-z2-7][ -]*){16})$")]
    #[serde(default)]
    code: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// For what somebody signs in.
#[derive(Debug, Clone)]
pub struct AskedFor {
    /// Where the code is to go.
    pub redirect_uri: String,
    /// What it is bound to.
    pub challenge: String,
}

impl SignInFor {
    /// Who signs in, and for what, or everything that is wrong with its form.
    pub fn command(self) -> Result<(Attempt, AskedFor), Error> {
        let Self { client_id, redirect_uri, code_challenge, email, password, code, unknown } = self;
        let mut members = Members::new(unknown);
        let client = members.required("/client_id", client_id, |text| match text {
            SWAGGER_UI => Ok(()),
            _ => Err(Fault::new("unknown_value", "The program that people sign in with is `swagger-ui`.")),
        });
        let redirect_uri = members.required("/redirect_uri", redirect_uri, redirect);
        let challenge = members.required("/code_challenge", code_challenge, |text| {
            let is_one =
                text.len() == 43 && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet));
            let fault =
                || Fault::new("invalid_challenge", "Give the SHA-256 of the verifier as 43 characters of base64url.");
            is_one.then(|| text.to_owned()).ok_or_else(fault)
        });
        let attempt = attempt(&mut members, email, password, code);
        let asked = client.zip(redirect_uri).zip(challenge);
        let asked = asked.map(|(((), redirect_uri), challenge)| AskedFor { redirect_uri, challenge });
        members.finish(attempt.zip(asked))
    }
}

/// Where Swagger UI takes the code. The page goes to this path of its own host, whatever the host that is named here, so a code never
/// leaves the service; the whole address has to be named again when the code is exchanged.
fn redirect(text: &str) -> Result<String, Fault> {
    let is_ours = Url::parse(text).is_ok_and(|url| {
        // Written as browsers write it, so that it is what it looks like.
        url.as_str() == text
            && matches!(url.scheme(), "http" | "https")
            && url.path() == REDIRECT_PATH
            && url.query().is_none()
            && url.fragment().is_none()
    });
    let fault = || Fault::new("invalid_redirect_uri", format!("Give the address of {REDIRECT_PATH} of this service."));
    if is_ours && text.len() <= 300 { Ok(text.to_owned()) } else { Err(fault()) }
}

/// Where codes go.
pub const REDIRECT_PATH: &str = "/swagger-ui/oauth2-redirect.html";

/// Where the sign-in page goes on.
#[derive(Serialize, ToSchema)]
pub struct SignedInFor {
    /// The path to go to, with the code in the fragment, which no server sees. Add `&state=…` as it was given.
    #[schema(
        example = "/swagger-ui/oauth2-redirect.html#code=q0gJ3Zk0yJvE3oY1c8e2cQh1m0n9t4r7v5x8z2a6b3d",
        max_length = 300
    )]
    pub redirect_to: String,
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
    /// Where people sign in.
    #[schema(example = "https://portal.teammate.example/sign-in", format = "uri", max_length = 300)]
    pub authorization_endpoint: String,
    /// The grants that there are.
    #[schema(example = json!(["client_credentials", "authorization_code", "refresh_token"]), max_items = 10)]
    pub grant_types_supported: [&'static str; 3],
    /// The ways to send client id and secret.
    #[schema(example = json!(["client_secret_basic", "client_secret_post", "none"]), max_items = 10)]
    pub token_endpoint_auth_methods_supported: [&'static str; 3],
    /// What the sign-in page gives.
    #[schema(example = json!(["code"]), max_items = 10)]
    pub response_types_supported: [&'static str; 1],
    /// How it gives it: in the fragment of the address, which reaches no server and no log.
    #[schema(example = json!(["fragment"]), max_items = 10)]
    pub response_modes_supported: [&'static str; 1],
    /// The forms of challenges (RFC 7636).
    #[schema(example = json!(["S256"]), max_items = 10)]
    pub code_challenge_methods_supported: [&'static str; 1],
    /// Where developers read on.
    #[schema(example = "https://portal.teammate.example/swagger-ui/", format = "uri", max_length = 300)]
    pub service_documentation: String,
}
