//! Tokens that open a door once: 256 bits, of which the database holds only the SHA-256. All are random, or all but the 48 that say
//! when the token was made, which the database holds as well.

use aws_lc_rs::{digest, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use domain::limits::TOKEN_LENGTH;
use secrecy::{ExposeSecret, SecretString};

/// What the secret of an API client begins with.
pub const CLIENT_SECRET_PREFIX: &str = "teammate_cs_";

/// Octets of a token that may say when it was made.
const AGE: usize = 6;

/// A token. It can't be printed.
#[derive(Debug, Clone)]
pub struct SecretToken(SecretString);

impl SecretToken {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        Self::from_octets(&random_octets())
    }

    /// A new one that begins with its time, for [`SecretToken::hash_by_age`].
    #[must_use]
    pub fn generate_at(now: Timestamp) -> Self {
        let mut octets = random_octets();
        let milliseconds = now.timestamp_millis().to_be_bytes();
        octets[..AGE].copy_from_slice(&milliseconds[milliseconds.len() - AGE..]);
        Self::from_octets(&octets)
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

    /// The same behind the time that it begins with: what is new then stands at one end of an index. Hashes alone would be
    /// strewn over all of it, and each would have a page of the index written for itself.
    #[must_use]
    pub fn hash_by_age(&self) -> Vec<u8> {
        let octets = URL_SAFE_NO_PAD.decode(self.0.expose_secret()).unwrap_or_default();
        octets.into_iter().take(AGE).chain(self.hash()).collect()
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
        Self::from_octets(hmac::sign(&key, self.0.expose_secret().as_bytes()).as_ref())
    }

    fn from_octets(octets: &[u8]) -> Self {
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
