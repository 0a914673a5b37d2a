//! Request and response bodies of `/auth`.

use domain::fault::ItemFaults;
use domain::limited::{Limited, Limits, whole};
use domain::limits::{ACCESS_TOKEN_SECONDS, EMAIL_MAX};
use domain::second_factor::Code;
use domain::values::email::EmailAddress;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::sign_in::Attempt;
use crate::http::field::Field;
use crate::http::{Valid, nullable};
use crate::security::given::{GivenEmail, GivenPassword, GivenRefreshToken};
use crate::security::secret_token::SecretToken;
use crate::shown;

type GivenEmailField = Field<GivenEmail>;
type GivenPasswordField = Field<GivenPassword>;
type RefreshTokenField = Field<GivenRefreshToken>;

/// Credentials of a member.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"email": "operator@teammate.local", "password": "correct horse battery staple", "code": null}))]
pub struct Login {
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

impl From<Valid<Login>> for Attempt {
    fn from(request: Valid<Login>) -> Self {
        let Login { email, password, code } = request.into_inner();
        attempt(email.required(), password.required(), code.given())
    }
}

/// Credentials. A malformed address gets the same answer as an unknown one.
#[must_use]
pub fn attempt(GivenEmail(email): GivenEmail, GivenPassword(password): GivenPassword, code: Option<Code>) -> Attempt {
    Attempt { email, password, code }
}

/// The refresh token to exchange or to end.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"refresh_token": "q0gJ3Zk0yJvE3oY1c8e2cQh1m0n9t4r7v5x8z2a6b3d"}))]
pub struct RefreshRequest {
    /// The latest refresh token of the session.
    #[schema(required = true)]
    #[validate(required)]
    refresh_token: RefreshTokenField,
}

impl From<Valid<RefreshRequest>> for GivenRefreshToken {
    fn from(request: Valid<RefreshRequest>) -> Self {
        let RefreshRequest { refresh_token } = request.into_inner();
        refresh_token.required()
    }
}

/// A request for a password reset e-mail.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"email": "ann@contoso.example"}))]
pub struct PasswordResetRequest {
    /// The member's e-mail address.
    #[schema(required = true)]
    #[validate(required)]
    email: ResetEmail,
}

/// An e-mail address without a minimum length in the schema, as in the released contract.
struct Address(EmailAddress);

type ResetEmail = Field<Address>;

impl Limited for Address {
    type Given = str;
    const LIMITS: Limits = Limits::formatted(0, EMAIL_MAX, "email");
    fn read(given: &str) -> Result<Self, ItemFaults> {
        EmailAddress::parse(given).map(Self).map_err(whole)
    }
}

impl From<Valid<PasswordResetRequest>> for EmailAddress {
    fn from(request: Valid<PasswordResetRequest>) -> Self {
        let PasswordResetRequest { email } = request.into_inner();
        let Address(email) = email.required();
        email
    }
}

/// The access token and the refresh token of a session.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9.eyJzdWIiOiJtZW1iZXIifQ.c2lnbmF0dXJl", "refresh_token": "q0gJ3Zk0yJvE3oY1c8e2cQh1m0n9t4r7v5x8z2a6b3d", "token_type": "Bearer", "expires_in": 600}))]
pub struct Tokens {
    /// The access token, a JWT. Send it as `Authorization: Bearer …`. It is valid for `expires_in` seconds.
    #[schema(value_type = shown::AccessToken)]
    pub access_token: String,
    /// The refresh token. Exchange it at `POST /auth/refresh` for the next pair of tokens. It can be used once.
    #[schema(value_type = shown::Base64Url256)]
    pub refresh_token: String,
    /// Always `Bearer`.
    #[schema(value_type = shown::Constant)]
    pub token_type: &'static str,
    /// Lifetime of the access token in seconds.
    #[schema(value_type = shown::ExpiresIn)]
    pub expires_in: i64,
}

impl Tokens {
    /// Builds the response body, which contains the tokens in plain text.
    #[must_use]
    pub fn expose(access: &SecretString, refresh: &SecretToken) -> Self {
        Self {
            access_token: access.expose_secret().to_owned(),
            refresh_token: refresh.expose().to_owned(),
            token_type: "Bearer",
            expires_in: ACCESS_TOKEN_SECONDS,
        }
    }
}

/// The answer to a password reset request, whether or not the address is known.
#[derive(Debug, Serialize, ToSchema)]
pub struct Accepted {
    /// Always true.
    #[schema(example = true)]
    pub accepted: bool,
}
