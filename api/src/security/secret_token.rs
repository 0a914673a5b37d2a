//! Opaque secret tokens of 256 bits, of which the database stores only the SHA-256. All bits are random, except that a
//! token may begin with 48 bits of its creation time, which the database stores too.

use aws_lc_rs::{digest, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use domain::limits::TOKEN_LENGTH;
use secrecy::{ExposeSecret, SecretString};

/// Prefix of the secrets of API clients.
pub const CLIENT_SECRET_PREFIX: &str = "teammate_cs_";

/// Octets at the start of a token that may encode its creation time.
const AGE: usize = 6;

/// A secret token. `Debug` does not reveal it.
#[derive(Debug, Clone)]
pub struct SecretToken(SecretString);

impl SecretToken {
    /// Generates a random token.
    #[must_use]
    pub fn generate() -> Self {
        Self::from_octets(&random_octets())
    }

    /// Generates a token that begins with its creation time, for [`SecretToken::hash_by_age`].
    #[must_use]
    pub fn generate_at(now: Timestamp) -> Self {
        let mut octets = random_octets();
        let milliseconds = now.timestamp_millis().to_be_bytes();
        octets[..AGE].copy_from_slice(&milliseconds[milliseconds.len() - AGE..]);
        Self::from_octets(&octets)
    }

    /// Parses a token. Returns `None` if the text does not have the form of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let octets = (text.len() == TOKEN_LENGTH).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten()?;
        (octets.len() == 32).then(|| Self(SecretString::from(text.to_owned())))
    }

    /// Parses the secret of an API client. Returns `None` if the text does not have the form of one.
    #[must_use]
    pub fn parse_client_secret(text: &str) -> Option<Self> {
        Self::parse(text.strip_prefix(CLIENT_SECRET_PREFIX)?)
    }

    /// The token as the secret of an API client. Scanners for leaked secrets recognise the prefix.
    #[must_use]
    pub fn expose_client_secret(&self) -> String {
        format!("{CLIENT_SECRET_PREFIX}{}", self.expose())
    }

    /// Its last characters, which help people to tell secrets apart.
    #[must_use]
    pub fn hint(&self) -> &str {
        let text = self.expose();
        &text[text.len().saturating_sub(4)..]
    }

    /// The hash that the database stores. Looking up a hash leaks nothing about the token through timing.
    #[must_use]
    pub fn hash(&self) -> Vec<u8> {
        hash(self.0.expose_secret())
    }

    /// The hash, prefixed with the token's creation time, so that new rows are added at one end of the index. Plain
    /// hashes would be scattered over the whole index, and each insert would write another page.
    #[must_use]
    pub fn hash_by_age(&self) -> Vec<u8> {
        let octets = URL_SAFE_NO_PAD.decode(self.0.expose_secret()).unwrap_or_default();
        octets.into_iter().take(AGE).chain(self.hash()).collect()
    }

    /// The token as text.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Derives the next token from this one and a salt. The result is deterministic; only a holder of this token can
    /// compute it.
    #[must_use]
    pub fn successor(&self, salt: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, salt);
        Self::from_octets(hmac::sign(&key, self.0.expose_secret().as_bytes()).as_ref())
    }

    fn from_octets(octets: &[u8]) -> Self {
        Self(SecretString::from(URL_SAFE_NO_PAD.encode(octets)))
    }
}

/// The SHA-256 that the database stores of a secret. Only for secrets with too much entropy to be guessed.
#[must_use]
pub fn hash(text: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, text.as_bytes()).as_ref().to_vec()
}

/// Generates 256 random bits.
///
/// # Panics
/// If the operating system provides no random numbers.
#[must_use]
pub fn random_octets() -> [u8; 32] {
    let mut octets = [0; 32];
    rand::fill(&mut octets).expect("the operating system gives random numbers");
    octets
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn hashes_by_age_sort_by_the_time_of_their_tokens_and_end_with_the_hash() {
        let now = Timestamp::from_timestamp_millis(1_700_000_000_123).unwrap();
        let tokens: Vec<_> =
            (0..500).map(|milli| SecretToken::generate_at(now + TimeDelta::milliseconds(milli))).collect();
        let hashes: Vec<_> = tokens.iter().map(SecretToken::hash_by_age).collect();
        assert!(hashes.is_sorted());
        for (token, hash) in tokens.iter().zip(hashes) {
            assert_eq!(hash[AGE..], token.hash());
            assert_eq!(SecretToken::parse(token.expose()).unwrap().hash_by_age(), hash);
        }
        let same_time = [SecretToken::generate_at(now), SecretToken::generate_at(now)];
        assert_ne!(same_time[0].expose(), same_time[1].expose());
    }
}
