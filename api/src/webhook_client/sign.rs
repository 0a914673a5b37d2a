//! Signatures of deliveries, as the Standard Webhooks specification has them: HMAC-SHA256 over id, timestamp and body.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::zeroize::Zeroizing;

use crate::security::secret_token::random_octets;

/// What the text of a signing secret begins with.
const PREFIX: &str = "whsec_";

/// A new secret.
#[must_use]
pub fn generate() -> Zeroizing<Vec<u8>> {
    Zeroizing::new(random_octets().to_vec())
}

/// The text of a secret, to be handed to whom it is for.
#[must_use]
pub fn expose(secret: &[u8]) -> String {
    format!("{PREFIX}{}", STANDARD.encode(secret))
}

/// The value of `webhook-signature`: a signature by each secret.
#[must_use]
pub fn sign(secrets: &[Zeroizing<Vec<u8>>], id: &str, timestamp: i64, body: &str) -> String {
    let signed = format!("{id}.{timestamp}.{body}");
    let one = |secret: &Zeroizing<Vec<u8>>| {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    };
    secrets.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let secret = Zeroizing::new(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let signature = sign(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
