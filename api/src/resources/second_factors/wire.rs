//! Second factors on the wire.

use domain::second_factor::Code;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::http::Valid;
use crate::http::field::{self, Field, Unknown};
use crate::security::given::GivenPassword;
use crate::security::totp::AppSecret;
use crate::shown;

type GivenPasswordField = Field<GivenPassword>;

/// The password again, so that whoever finds an open browser can't lock its member out.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"password": "correct horse battery staple"}))]
pub struct PrepareSecondFactor {
    /// The password that you sign in with.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    password: GivenPasswordField,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<PrepareSecondFactor>> for GivenPassword {
    fn from(request: Valid<PrepareSecondFactor>) -> Self {
        let PrepareSecondFactor { password, unknown: _ } = request.into_inner();
        password.required()
    }
}

/// A code of the second factor.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"code": "287082"}))]
pub struct GiveCode {
    /// The six digits that the app shows, or a recovery code.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    code: field::Code,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<GiveCode>> for Code {
    fn from(request: Valid<GiveCode>) -> Self {
        let GiveCode { code, unknown: _ } = request.into_inner();
        code.required()
    }
}

/// What an app makes codes of. It is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "otpauth_uri": "otpauth://totp/TeamMate%20Portal:ann%40contoso.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=TeamMate%20Portal"}))]
pub struct SecondFactorSecret {
    /// The secret, to be typed into the app.
    #[schema(value_type = shown::AppSecret)]
    pub secret: String,
    /// The same with who it is for, to be shown as a QR code and read by the app.
    #[schema(value_type = shown::OtpauthUri)]
    pub otpauth_uri: String,
}

impl SecondFactorSecret {
    /// Shows the secret to whom it is for.
    #[must_use]
    pub fn expose(secret: &AppSecret) -> Self {
        Self { secret: secret.text(), otpauth_uri: secret.address() }
    }
}

/// The codes for when the app is lost. They are shown this once.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// Each works once, in place of a code of the app.
    #[schema(value_type = shown::RecoveryCodes)]
    pub recovery_codes: Vec<String>,
}

impl RecoveryCodes {
    /// Shows the codes to whom they are for, in groups of four.
    #[must_use]
    pub fn expose(codes: &[SecretString]) -> Self {
        let grouped = |code: &SecretString| {
            let letters: Vec<char> = code.expose_secret().chars().collect();
            letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
        };
        Self { recovery_codes: codes.iter().map(grouped).collect() }
    }
}

/// How the second factor of whoever is signed in stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"recovery_codes_left": 0}))]
pub struct MySecondFactor {
    /// Whether signing in takes a code.
    #[schema(example = false)]
    pub enabled: bool,
    /// Whether the account asks for one. Without one, nothing else can be done then.
    #[schema(example = false)]
    pub required: bool,
    /// How many recovery codes are left.
    #[schema(value_type = shown::RecoveryCodesLeft)]
    pub recovery_codes_left: i64,
}

/// How members of your account have to sign in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignInPolicy {
    /// Whether every member needs a second factor. API clients are no people and have none.
    #[schema(example = true)]
    pub require_second_factor: bool,
}

/// Changes of how members have to sign in: a merge patch.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
pub struct PatchSignInPolicy {
    /// Whether every member needs a second factor.
    #[serde(default)]
    #[schema(value_type = bool, required = true, example = true)]
    #[validate(required)]
    require_second_factor: field::Flag,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<PatchSignInPolicy>> for SignInPolicy {
    fn from(request: Valid<PatchSignInPolicy>) -> Self {
        let PatchSignInPolicy { require_second_factor, unknown: _ } = request.into_inner();
        Self { require_second_factor: require_second_factor.required() }
    }
}
