//! Sign-in on the wire.

use domain::fault::Fault;
use domain::limits::{ACCESS_TOKEN_SECONDS, REFRESH_TOKEN_MAX};
use domain::second_factor::Code;
use domain::values::email::EmailAddress;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sign_in::Attempt;
use crate::error::Error;
use crate::http::{Field, Members, Unknown};
use crate::resources::accounts::wire::email;
use crate::security::secret_token::SecretToken;

/// An address and a password.
#[derive(Default, Deserialize, ToSchema)]
pub struct Login {
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

impl Login {
    /// The attempt, or everything that is wrong with its form.
    pub fn command(self) -> Result<Attempt, Error> {
        let Self { email, password, code, unknown } = self;
        let mut members = Members::new(unknown);
        let attempt = attempt(&mut members, email, password, code);
        members.finish(attempt)
    }
}

/// Who signs in, with what. An address that can't be one is no fault: it gets the answer of one that nobody has.
pub fn attempt(
    members: &mut Members,
    email: Field<String>,
    password: Field<String>,
    code: Field<String>,
) -> Option<Attempt> {
    let email = members.required("/email", email, |text| Ok(EmailAddress::parse(text).ok()));
    let password = members.required("/password", password, |text| Ok::<_, Fault>(SecretString::from(text)));
    let code = members.nullable("/code", code, Code::parse).flatten();
    email.zip(password).map(|(email, password)| Attempt { email, password, code })
}

/// A refresh token.
#[derive(Default, Deserialize, ToSchema)]
pub struct RefreshRequest {
    /// The latest refresh token of the session.
    #[schema(value_type = String, required = true, example = "q0gJ3Zk0yJvE3oY1c8e2cQh1m0n9t4r7v5x8z2a6b3d", max_length = 255)]
    #[serde(default)]
    refresh_token: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl RefreshRequest {
    /// The token, if it could be one.
    pub fn command(self) -> Result<Option<SecretToken>, Error> {
        let Self { refresh_token, unknown } = self;
        let mut members = Members::new(unknown);
        let token = members.required("/refresh_token", refresh_token, |text| {
            // Anything of about that length may have been one; what is far longer is a mistake.
            if text.contains('\0') {
                return Err(Fault::new("control_character", "Remove NUL."));
            }
            if text.chars().count() > REFRESH_TOKEN_MAX {
                return Err(Fault::new("too_long", format!("Give at most {REFRESH_TOKEN_MAX} characters.")));
            }
            Ok(SecretToken::parse(text))
        });
        members.finish(token)
    }
}

/// An address whose member forgot the password.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PasswordResetRequest {
    /// The address of the member.
    #[schema(value_type = String, required = true, example = "ann@contoso.example", format = "email", max_length = 254)]
    #[serde(default)]
    email: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl PasswordResetRequest {
    /// The address.
    pub fn command(self) -> Result<EmailAddress, Error> {
        let Self { email: e, unknown } = self;
        let mut members = Members::new(unknown);
        let email = members.required("/email", e, email);
        members.finish(email)
    }
}

/// What a session works with.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    /// Send it as `Authorization: Bearer …`. A JWT; it works for `expires_in` seconds.
    #[schema(
        example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9.eyJzdWIiOiJtZW1iZXIifQ.c2lnbmF0dXJl",
        max_length = 2000
    )]
    pub access_token: String,
    /// Exchange it at `POST /auth/refresh` for the next pair. It works once.
    #[schema(example = "q0gJ3Zk0yJvE3oY1c8e2cQh1m0n9t4r7v5x8z2a6b3d", max_length = 43)]
    pub refresh_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer", max_length = 10)]
    pub token_type: &'static str,
    /// For how many seconds the access token works.
    #[schema(example = 600, minimum = 1, maximum = 86400)]
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
