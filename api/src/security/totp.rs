//! Codes that an authenticator app computes from a shared secret and the time (TOTP, RFC 6238): six digits, HMAC-SHA-1,
//! a new code every 30 seconds. Every authenticator app supports these parameters.

use domain::Timestamp;
use domain::limits::{APP_CODE_DIGITS, APP_CODE_SECONDS, RECOVERY_CODES};
use secrecy::SecretString;
use totp_rs::{Builder, Secret, Totp};

use super::secret_token::random_octets;
use crate::error::{Error, ErrorCode, Result};

/// The issuer that the app shows.
const ISSUER: &str = "TeamMate Portal";
/// 160 bits, as RFC 4226 section 4 recommends.
const SECRET_OCTETS: usize = 20;
/// 128 bits: 26 letters and digits of base32.
const RECOVERY_CODE_OCTETS: usize = 16;

/// The secret shared with the app. It has no `Debug` or `Display`, so it can't be printed.
pub struct AppSecret(Totp);

impl AppSecret {
    /// Generates a secret. The app lists it under an e-mail address.
    pub fn generate(email: &str) -> Result<Self> {
        Self::open(&random_octets()[..SECRET_OCTETS], email)
    }

    /// Restores a stored secret.
    pub fn open(octets: &[u8], email: &str) -> Result<Self> {
        let digits = u8::try_from(APP_CODE_DIGITS).unwrap_or_default();
        let builder = Builder::new().with_digits(digits).with_step_duration(APP_CODE_SECONDS).with_skew(1);
        // In the label that apps show, a colon separates issuer and account name.
        let named = builder.with_issuer(Some(ISSUER)).with_account_name(email.replace(':', " "));
        named.with_secret(octets.to_vec()).build().map(Self).map_err(|error| {
            tracing::error!(%error, "the secret of a second factor can't be used");
            Error::new(
                ErrorCode::Internal,
                "The service failed. Nothing was changed. Report the `request_id` to support.",
            )
        })
    }

    /// The octets of the secret, to be sealed and stored.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        self.0.secret().as_bytes()
    }

    /// The secret in base32, for people to type in.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.secret().to_base32()
    }

    /// The `otpauth:` URI that apps read from a QR code.
    #[must_use]
    pub fn address(&self) -> String {
        self.0.to_url().unwrap_or_default()
    }

    /// The time step that the code belongs to: the current one, the one before or the one after. `None` for any other
    /// code.
    #[must_use]
    pub fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        let step = self.0.check(code, u64::try_from(now.timestamp()).ok()?)?;
        i64::try_from(step).ok()
    }
}

/// Generates recovery codes.
#[must_use]
pub fn recovery_codes() -> Vec<SecretString> {
    let code = |_| Secret::from(random_octets()[..RECOVERY_CODE_OCTETS].to_vec()).to_base32();
    (0..RECOVERY_CODES).map(code).map(SecretString::from).collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::limits::RECOVERY_CODE_LENGTH;
    use domain::second_factor::Code;
    use secrecy::ExposeSecret;

    use super::*;

    /// The secret and the times of RFC 6238 appendix B, whose codes have eight digits; apps show the last six.
    #[test]
    fn codes_are_those_of_rfc_6238() {
        let secret = AppSecret::open(b"12345678901234567890", "ann@contoso.example").unwrap();
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
            let step = seconds / 30;
            assert_eq!(secret.step_of(code, at(seconds)), Some(step), "{seconds}");
            assert_eq!(secret.step_of(code, at(step * 30 + 59)), Some(step), "a step later");
            assert_eq!(secret.step_of(code, at(step * 30 - 1)), Some(step), "a step before");
            assert_eq!(secret.step_of(code, at(step * 30 + 60)), None, "two steps later");
            assert_eq!(secret.step_of(code, at(step * 30 - 31)), None, "two steps before");
        }
    }

    #[test]
    fn an_app_reads_the_address() {
        let secret = AppSecret::open(b"12345678901234567890", "ann@contoso.example").unwrap();
        assert_eq!(secret.text(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            secret.address(),
            "otpauth://totp/TeamMate%20Portal:ann%40contoso.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=TeamMate%20Portal"
        );
        let odd = AppSecret::generate("\"a:b\"@contoso.example").unwrap();
        assert!(odd.address().starts_with("otpauth://totp/TeamMate%20Portal:%22a%20b%22"), "{}", odd.address());
        assert_eq!(odd.octets().len(), SECRET_OCTETS);
    }

    #[test]
    fn recovery_codes_are_all_different_and_can_be_read() {
        let codes = recovery_codes();
        for (index, code) in codes.iter().enumerate() {
            let code = code.expose_secret();
            assert_eq!(code.len(), RECOVERY_CODE_LENGTH);
            assert_eq!(Code::parse(&code.to_lowercase()).unwrap().expose(), code);
            assert!(codes[..index].iter().all(|other| other.expose_secret() != code));
        }
    }
}
