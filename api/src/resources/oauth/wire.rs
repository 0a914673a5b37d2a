//! Request and response bodies of `/oauth`.

use domain::fault::{Fault, ItemFaults};
use domain::limited::{Limited, Limits, whole};
use domain::limits::{BASE64URL_256_LENGTH, ID_MAX, OWN_URL_MAX};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;
use validator::Validate;

use super::grant::SWAGGER_UI;
use crate::http::field::Field;
use crate::http::{Valid, nullable};
use crate::resources::auth::sign_in::Attempt;
use crate::resources::auth::wire::{Tokens, attempt};
use crate::security::given::{GivenEmail, GivenPassword};
use crate::shown;

type GivenEmailField = Field<GivenEmail>;
type GivenPasswordField = Field<GivenPassword>;
type ProgramField = Field<Program>;
type RedirectUriField = Field<RedirectUri>;
type CodeChallengeField = Field<CodeChallenge>;

/// A form-encoded request for an access token (RFC 6749 section 4.4.2).
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "the form is read pair by pair; this is what the document shows of it")]
#[schema(example = json!({"grant_type": "client_credentials", "client_secret": "teammate_cs_gk1Bo1wNzT2SrZ1qnPcNSSs2vmPo0UNb9T3jJqG0x7Q"}))]
pub struct TokenRequest {
    /// The grant type: `client_credentials`, `authorization_code` or `refresh_token`.
    #[schema(value_type = shown::CodeName)]
    grant_type: String,
    /// The id of the API client, unless it is sent as HTTP Basic authentication. `swagger-ui` for the other grant
    /// types.
    #[schema(
        example = "client_01h455vb4pex5vsknk084sn02q",
        pattern = "^(swagger-ui|client_[0-7][0-9a-hjkmnp-tv-z]{25})$"
    )]
    client_id: Option<String>,
    /// The secret of the API client, unless it is sent as HTTP Basic authentication.
    #[schema(value_type = Option<shown::GrantSecret>)]
    client_secret: Option<String>,
    /// The authorization code from the sign-in page. Only for `authorization_code`.
    #[schema(value_type = Option<shown::Grant>)]
    code: Option<String>,
    /// The redirect URI that the code was requested for. Only for `authorization_code`.
    #[schema(value_type = Option<shown::OwnUrl>)]
    redirect_uri: Option<String>,
    /// The PKCE code verifier (RFC 7636). Only for `authorization_code`.
    #[schema(value_type = Option<shown::CodeVerifier>)]
    code_verifier: Option<String>,
    /// The latest refresh token of the session. Only for `refresh_token`.
    #[schema(value_type = Option<shown::GrantSecret>)]
    refresh_token: Option<String>,
}

/// The response to a token request.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum IssuedToken {
    /// An access token for an API client.
    Client(ClientToken),
    /// The tokens of a member's session.
    Member(Tokens),
}

/// The request of the sign-in page: credentials and the program that asks for them.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"client_id": "swagger-ui", "redirect_uri": "http://127.0.0.1:8080/swagger-ui/oauth2-redirect.html", "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "email": "operator@teammate.local", "password": "correct horse battery staple", "code": null}))]
pub struct SignInFor {
    /// The program that the member signs in to: `swagger-ui`.
    #[schema(required = true)]
    #[validate(required)]
    client_id: ProgramField,
    /// The URL that receives the code: `/swagger-ui/oauth2-redirect.html` of this service.
    #[schema(required = true)]
    #[validate(required)]
    redirect_uri: RedirectUriField,
    /// The PKCE code challenge: the SHA-256 of the code verifier in base64url (RFC 7636, method `S256`).
    #[schema(required = true)]
    #[validate(required)]
    code_challenge: CodeChallengeField,
    /// The member's e-mail address.
    #[schema(required = true)]
    #[validate(required)]
    email: GivenEmailField,
    /// The member's password.
    #[schema(required = true)]
    #[validate(required)]
    password: GivenPasswordField,
    /// The six digits from the authenticator app, or a recovery code. Only for members with a second factor.
    code: nullable::Code,
}

/// The authorization request that a member signs in for.
#[derive(Debug, Clone)]
pub struct AskedFor {
    /// The URL that receives the code.
    pub redirect_uri: String,
    /// The PKCE code challenge that the code is bound to.
    pub challenge: String,
}

impl From<Valid<SignInFor>> for (Attempt, AskedFor) {
    fn from(request: Valid<SignInFor>) -> Self {
        let SignInFor { client_id: _, redirect_uri, code_challenge, email, password, code } = request.into_inner();
        let asked = AskedFor { redirect_uri: redirect_uri.required().0, challenge: code_challenge.required().0 };
        (attempt(email.required(), password.required(), code.given()), asked)
    }
}

/// The `client_id` of an authorization request, which must be `swagger-ui`.
struct Program;

impl Limited for Program {
    type Given = str;
    const LIMITS: Limits = Limits::matching(0, ID_MAX, "^swagger-ui$");
    fn read(given: &str) -> Result<Self, ItemFaults> {
        let fault = || whole(Fault::new("unknown_value", "The program that people sign in with is `swagger-ui`."));
        (given == SWAGGER_UI).then_some(Self).ok_or_else(fault)
    }
}

/// The redirect URI of Swagger UI. The sign-in page always redirects to this path on its own host, whatever host is
/// given here, so that a code never leaves the service. The same URI must be sent again when the code is exchanged.
struct RedirectUri(String);

impl Limited for RedirectUri {
    type Given = str;
    const LIMITS: Limits = Limits::matching(0, OWN_URL_MAX, r"^https?://[^/?#]+/swagger-ui/oauth2-redirect\.html$");
    fn read(given: &str) -> Result<Self, ItemFaults> {
        let is_ours = Url::parse(given).is_ok_and(|url| {
            // Only the normalized form that browsers send is accepted, so that the URL is what it looks like.
            url.as_str() == given
                && matches!(url.scheme(), "http" | "https")
                && url.path() == REDIRECT_PATH
                && url.query().is_none()
                && url.fragment().is_none()
        });
        let fault = || {
            let detail = format!("Give the address of {REDIRECT_PATH} of this service.");
            whole(Fault::new("invalid_redirect_uri", detail))
        };
        (is_ours && given.len() <= OWN_URL_MAX).then(|| Self(given.to_owned())).ok_or_else(fault)
    }
}

/// A PKCE code challenge: the SHA-256 of a code verifier in base64url.
struct CodeChallenge(String);

impl Limited for CodeChallenge {
    type Given = str;
    const LIMITS: Limits = Limits::matching(BASE64URL_256_LENGTH, BASE64URL_256_LENGTH, "^[A-Za-z0-9_-]{43}$");
    fn read(given: &str) -> Result<Self, ItemFaults> {
        let is_one = given.len() == BASE64URL_256_LENGTH
            && given.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet));
        let fault = || {
            let detail = format!("Give the SHA-256 of the verifier as {BASE64URL_256_LENGTH} characters of base64url.");
            whole(Fault::new("invalid_challenge", detail))
        };
        is_one.then(|| Self(given.to_owned())).ok_or_else(fault)
    }
}

/// The path that the sign-in page redirects to with the code.
pub const REDIRECT_PATH: &str = "/swagger-ui/oauth2-redirect.html";

/// The answer to the sign-in page: where to redirect to.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"redirect_to": "/swagger-ui/oauth2-redirect.html#code=q0gJ3Zk0yJvE3oY1c8e2cQh1m0n9t4r7v5x8z2a6b3d"}))]
pub struct SignedInFor {
    /// The path to redirect to, with the code in the fragment, which is not sent to servers. Append `&state=…` with the
    /// `state` of the authorization request.
    #[schema(value_type = shown::RedirectTarget)]
    pub redirect_to: String,
}

/// An access token of an API client (RFC 6749 section 5.1).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9.e30.c2ln", "token_type": "Bearer", "expires_in": 600}))]
pub struct ClientToken {
    /// The access token. Send it as `Authorization: Bearer …`.
    #[schema(value_type = shown::ClientToken)]
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(value_type = shown::Word)]
    pub token_type: &'static str,
    /// Lifetime of the access token in seconds. There is no refresh token: request a new access token instead.
    #[schema(value_type = shown::ClientExpiresIn)]
    pub expires_in: i64,
}

/// The metadata of the OAuth 2.0 authorization server (RFC 8414 section 2).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"issuer": "https://portal.teammate.example", "token_endpoint": "https://portal.teammate.example/oauth/token", "jwks_uri": "https://portal.teammate.example/.well-known/jwks.json", "authorization_endpoint": "https://portal.teammate.example/sign-in", "grant_types_supported": ["client_credentials", "authorization_code", "refresh_token"], "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"], "response_types_supported": ["code"], "response_modes_supported": ["fragment"], "code_challenge_methods_supported": ["S256"], "service_documentation": "https://portal.teammate.example/swagger-ui/"}))]
pub struct AuthorizationServer {
    /// The issuer of the tokens, which is their `iss` claim.
    #[schema(value_type = shown::Issuer)]
    pub issuer: String,
    /// The URL of the token endpoint.
    #[schema(value_type = shown::OwnUrl)]
    pub token_endpoint: String,
    /// The URL of the public keys that verify the signatures of tokens.
    #[schema(value_type = shown::OwnUrl)]
    pub jwks_uri: String,
    /// The URL of the sign-in page.
    #[schema(value_type = shown::OwnUrl)]
    pub authorization_endpoint: String,
    /// The supported grant types.
    #[schema(value_type = shown::Metadata)]
    pub grant_types_supported: [&'static str; 3],
    /// The supported ways to send client id and secret.
    #[schema(value_type = shown::Metadata)]
    pub token_endpoint_auth_methods_supported: [&'static str; 3],
    /// The supported response types of the sign-in page.
    #[schema(value_type = shown::Metadata)]
    pub response_types_supported: [&'static str; 1],
    /// The supported response modes. The code is in the fragment of the URL, which reaches no server and no log.
    #[schema(value_type = shown::Metadata)]
    pub response_modes_supported: [&'static str; 1],
    /// The supported PKCE methods (RFC 7636).
    #[schema(value_type = shown::Metadata)]
    pub code_challenge_methods_supported: [&'static str; 1],
    /// The URL of the documentation for developers.
    #[schema(value_type = shown::OwnUrl)]
    pub service_documentation: String,
}
