//! JSON of second factors and of the sign-in policy.

use domain::second_factor::Code;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::http::Valid;
use crate::http::field::{self, Field};
use crate::security::given::GivenPassword;
use crate::security::totp::AppSecret;
use crate::shown;

type GivenPasswordField = Field<GivenPassword>;

/// Request for a new second factor. It repeats the password, so that somebody who finds an open browser can't lock the
/// member out.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"password": "correct horse battery staple"}))]
pub struct PrepareSecondFactor {
    /// The password that you sign in with.
    #[schema(required = true)]
    #[validate(required)]
    password: GivenPasswordField,
}

impl From<Valid<PrepareSecondFactor>> for GivenPassword {
    fn from(request: Valid<PrepareSecondFactor>) -> Self {
        let PrepareSecondFactor { password } = request.into_inner();
        password.required()
    }
}

/// A code that proves the second factor.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"code": "287082"}))]
pub struct GiveCode {
    /// The six digits that the app shows, or a recovery code. Spaces and hyphens are ignored.
    #[schema(required = true)]
    #[validate(required)]
    code: field::Code,
}

impl From<Valid<GiveCode>> for Code {
    fn from(request: Valid<GiveCode>) -> Self {
        let GiveCode { code } = request.into_inner();
        code.required()
    }
}

/// The secret from which an authenticator app generates codes. It is shown only once.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "otpauth_uri": "otpauth://totp/TeamMate%20Portal:ann%40contoso.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=TeamMate%20Portal"}))]
pub struct SecondFactorSecret {
    /// The secret as text, to type into the app.
    #[schema(value_type = shown::AppSecret)]
    pub secret: String,
    /// The secret and the member's e-mail address as an `otpauth` URI, to show as a QR code.
    #[schema(value_type = shown::OtpauthUri)]
    pub otpauth_uri: String,
}

impl SecondFactorSecret {
    /// Builds the response that shows the secret to its member.
    #[must_use]
    pub fn expose(secret: &AppSecret) -> Self {
        Self { secret: secret.text(), otpauth_uri: secret.address() }
    }
}

/// Recovery codes, for a member who loses the app. They are shown only once.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// The codes. Each works once, in place of a code from the app.
    #[schema(value_type = shown::RecoveryCodes)]
    pub recovery_codes: Vec<String>,
}

impl RecoveryCodes {
    /// Builds the response that shows the codes to their member, in groups of four characters.
    #[must_use]
    pub fn expose(codes: &[SecretString]) -> Self {
        let grouped = |code: &SecretString| {
            let letters: Vec<char> = code.expose_secret().chars().collect();
            letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
        };
        Self { recovery_codes: codes.iter().map(grouped).collect() }
    }
}

/// The second factor of the signed-in member.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"recovery_codes_left": 0}))]
pub struct MySecondFactor {
    /// Whether the second factor is on, so that signing in requires a code.
    #[schema(example = false)]
    pub enabled: bool,
    /// Whether the account requires a second factor. If so, a member without one can only set one up.
    #[schema(example = false)]
    pub required: bool,
    /// Number of unused recovery codes.
    #[schema(value_type = shown::RecoveryCodesLeft)]
    pub recovery_codes_left: i64,
}

/// The sign-in policy of your account.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignInPolicy {
    /// Whether every member needs a second factor. API clients never need one.
    #[schema(example = true)]
    pub require_second_factor: bool,
}

/// A merge patch of the sign-in policy (RFC 7396).
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
pub struct PatchSignInPolicy {
    /// Whether every member needs a second factor.
    #[schema(value_type = bool, required = true, example = true)]
    #[validate(required)]
    require_second_factor: field::Flag,
}

impl From<Valid<PatchSignInPolicy>> for SignInPolicy {
    fn from(request: Valid<PatchSignInPolicy>) -> Self {
        let PatchSignInPolicy { require_second_factor } = request.into_inner();
        Self { require_second_factor: require_second_factor.required() }
    }
}
