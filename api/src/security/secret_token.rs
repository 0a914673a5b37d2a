//! Tokens that open a door once: 256 random bits, of which the database holds only the SHA-256.

use aws_lc_rs::{digest, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::limits::TOKEN_LENGTH;
use secrecy::{ExposeSecret, SecretString};

/// What the secret of an API client begins with.
pub const CLIENT_SECRET_PREFIX: &str = "teammate_cs_";

/// A token. It can't be printed.
#[derive(Debug, Clone)]
pub struct SecretToken(SecretString);

impl SecretToken {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        Self::of(&random_octets())
    }

    /// Takes a text that could be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let octets = (text.len() == TOKEN_LENGTH).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten()?;
        (octets.len() == 32).then(|| Self(SecretString::from(text.to_owned())))
    }

    /// Takes a text that could be the secret of an API client.
    #[must_use]
    pub fn parse_client_secret(text: &str) -> Option<Self> {
        Self::parse(text.strip_prefix(CLIENT_SECRET_PREFIX)?)
    }

    /// Its text as the secret of an API client, to be handed to whom it is for. Scanners for leaked secrets know it by its prefix.
    #[must_use]
    pub fn expose_client_secret(&self) -> String {
        format!("{CLIENT_SECRET_PREFIX}{}", self.expose())
    }

    /// Its last characters, by which people tell it from another one.
    #[must_use]
    pub fn hint(&self) -> &str {
        let text = self.expose();
        &text[text.len().saturating_sub(4)..]
    }

    /// What the database holds of it. Looking up a hash leaks nothing of the token by its timing.
    #[must_use]
    pub fn hash(&self) -> Vec<u8> {
        hash(self.0.expose_secret())
    }

    /// Its text, to be handed to whom it is for.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The token that follows this one under a salt: always the same, and only for those who have this one.
    #[must_use]
    pub fn successor(&self, salt: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, salt);
        Self::of(hmac::sign(&key, self.0.expose_secret().as_bytes()).as_ref())
    }

    fn of(octets: &[u8]) -> Self {
        Self(SecretString::from(URL_SAFE_NO_PAD.encode(octets)))
    }
}

/// What the database holds of something that opens a door and is too long to be tried out.
#[must_use]
pub fn hash(text: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, text.as_bytes()).as_ref().to_vec()
}

/// 256 random bits.
///
/// # Panics
/// If the operating system has no randomness, without which nothing here is safe.
#[must_use]
pub fn random_octets() -> [u8; 32] {
    let mut octets = [0; 32];
    rand::fill(&mut octets).expect("the operating system gives random numbers");
    octets
}
