//! Second factors on the wire.

use domain::fault::Fault;
use domain::second_factor::Code;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Error;
use crate::http::{Field, Members, Unknown};
use crate::security::totp::AppSecret;

/// The password again, so that whoever finds an open browser can't lock its member out.
#[derive(Default, Deserialize, ToSchema)]
pub struct PrepareSecondFactor {
    /// The password that you sign in with.
    #[schema(value_type = String, required = true, example = "correct horse battery staple", format = "password", max_length = 128)]
    #[serde(default)]
    password: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl PrepareSecondFactor {
    /// The password.
    pub fn password(self) -> Result<SecretString, Error> {
        let mut members = Members::new(self.unknown);
        let password = members.required("/password", self.password, |text| Ok::<_, Fault>(SecretString::from(text)));
        members.finish(password)
    }
}

/// A code of the second factor.
#[derive(Default, Deserialize, ToSchema)]
pub struct GiveCode {
    /// The six digits that the app shows, or a recovery code.
    #[schema(value_type = String, required = true, example = "287082", max_length = 40, pattern = r"^[ -]*(([0-9][ -]*){6}|([A-Za-z2-7][ -]*){16})$")]
    #[serde(default)]
    code: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl GiveCode {
    /// The code.
    pub fn code(self) -> Result<Code, Error> {
        let mut members = Members::new(self.unknown);
        let code = members.required("/code", self.code, Code::parse);
        members.finish(code)
    }
}

/// What an app makes codes of. It is shown this once.
#[derive(Serialize, ToSchema)]
pub struct SecondFactorSecret {
    /// The secret, to be typed into the app.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", max_length = 40)]
    pub secret: String,
    /// The same with who it is for, to be shown as a QR code and read by the app.
    #[schema(
        example = "otpauth://totp/TeamMate%20Portal:ann%40contoso.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=TeamMate%20Portal",
        format = "uri",
        max_length = 1000
    )]
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
    #[schema(max_items = 10)]
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
pub struct MySecondFactor {
    /// Whether signing in takes a code.
    #[schema(example = false)]
    pub enabled: bool,
    /// Whether the account asks for one. Without one, nothing else can be done then.
    #[schema(example = false)]
    pub required: bool,
    /// How many recovery codes are left.
    #[schema(example = 0, minimum = 0, maximum = 10)]
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
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PatchSignInPolicy {
    /// Whether every member needs a second factor.
    #[schema(value_type = bool, required = true, example = true)]
    #[serde(default)]
    require_second_factor: Field<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl PatchSignInPolicy {
    /// What is to be.
    pub fn required(self) -> Result<bool, Error> {
        let mut members = Members::new(self.unknown);
        let required =
            members.required("/require_second_factor", self.require_second_factor, |flag| Ok::<_, Fault>(*flag));
        members.finish(required)
    }
}
