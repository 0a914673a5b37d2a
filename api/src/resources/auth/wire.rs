//! Sign-in on the wire.

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
use crate::http::field::{Field, Unknown};
use crate::http::{Valid, nullable};
use crate::security::given::{GivenEmail, GivenPassword, GivenRefreshToken};
use crate::security::secret_token::SecretToken;
use crate::shown;

type GivenEmailField = Field<GivenEmail>;
type GivenPasswordField = Field<GivenPassword>;
type RefreshTokenField = Field<GivenRefreshToken>;

/// An address and a password.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"email": "operator@teammate.local", "password": "correct horse battery staple", "code": null}))]
pub struct Login {
    /// The address of the member.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    email: GivenEmailField,
    /// The password.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    password: GivenPasswordField,
    /// The six digits that the authenticator app shows, or a recovery code; for those who have a second factor.
    #[serde(default)]
    code: nullable::Code,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<Login>> for Attempt {
    fn from(request: Valid<Login>) -> Self {
        let Login { email, password, code, unknown: _ } = request.into_inner();
        attempt(email.required(), password.required(), code.given())
    }
}

/// Who signs in, with what.
#[must_use]
pub fn attempt(GivenEmail(email): GivenEmail, GivenPassword(password): GivenPassword, code: Option<Code>) -> Attempt {
    Attempt { email, password, code }
}

/// A refresh token.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"refresh_token": "q0gJ3Zk0yJvE3oY1c8e2cQh1m0n9t4r7v5x8z2a6b3d"}))]
pub struct RefreshRequest {
    /// The latest refresh token of the session.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    refresh_token: RefreshTokenField,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<RefreshRequest>> for GivenRefreshToken {
    fn from(request: Valid<RefreshRequest>) -> Self {
        let RefreshRequest { refresh_token, unknown: _ } = request.into_inner();
        refresh_token.required()
    }
}

/// An address whose member forgot the password.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"email": "ann@contoso.example"}))]
pub struct PasswordResetRequest {
    /// The address of the member.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    email: ResetEmail,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// An address, of whose length the document says no more than it did when the contract was released.
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
        let PasswordResetRequest { email, unknown: _ } = request.into_inner();
        let Address(email) = email.required();
        email
    }
}

/// What a session works with.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9.eyJzdWIiOiJtZW1iZXIifQ.c2lnbmF0dXJl", "refresh_token": "q0gJ3Zk0yJvE3oY1c8e2cQh1m0n9t4r7v5x8z2a6b3d", "token_type": "Bearer", "expires_in": 600}))]
pub struct Tokens {
    /// Send it as `Authorization: Bearer …`. A JWT; it works for `expires_in` seconds.
    #[schema(value_type = shown::AccessToken)]
    pub access_token: String,
    /// Exchange it at `POST /auth/refresh` for the next pair. It works once.
    #[schema(value_type = shown::Base64Url256)]
    pub refresh_token: String,
    /// Always `Bearer`.
    #[schema(value_type = shown::Constant)]
    pub token_type: &'static str,
    /// For how many seconds the access token works.
    #[schema(value_type = shown::ExpiresIn)]
    pub expires_in: i64,
}

impl Tokens {
    /// Shows the tokens to whom they are for.
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

/// What became of a request that is answered the same whatever is behind it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Accepted {
    /// Always true.
    #[schema(example = true)]
    pub accepted: bool,
}
