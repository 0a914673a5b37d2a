//! Encrypts (seals) secrets that have to be stored and read back: AES-256-GCM, prefixed with the id of the key.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use domain::Timestamp;
use uuid::Uuid;

use super::key_files;
use crate::error::{Error, ErrorCode};

const KIND: &str = "sealing";
const KEY_ID_LEN: usize = 16;

/// A secret could not be sealed or opened. It does not reveal which step failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealError;

impl std::fmt::Display for SealError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it was sealed with another key, for another place, or changed since")
    }
}

impl std::error::Error for SealError {}

impl From<SealError> for Error {
    fn from(error: SealError) -> Self {
        tracing::error!(%error, "something could not be sealed or opened");
        Self::new(ErrorCode::Internal, "The service failed. Nothing was changed. Report the `request_id` to support.")
    }
}

/// Seals with the newest key and opens with the key that was used to seal.
pub struct Seal {
    data_dir: PathBuf,
    keys: RwLock<Keys>,
}

/// Keys by id, oldest first.
type Keys = Vec<(Uuid, RandomizedNonceKey)>;

impl Seal {
    /// Loads the keys from the data directory. Creates the first key if there is none.
    pub fn open(data_dir: &Path, now: Timestamp) -> io::Result<Self> {
        if key_files::read(data_dir, KIND)?.is_empty() {
            Self::add_key(data_dir, now)?;
        }
        Ok(Self { data_dir: data_dir.to_owned(), keys: RwLock::new(read_keys(data_dir)?) })
    }

    /// Adds a key to the data directory. It is used for sealing from then on.
    pub fn add_key(data_dir: &Path, now: Timestamp) -> io::Result<()> {
        key_files::add_random(data_dir, KIND, now)
    }

    /// Loads the keys again, because another process may have added one.
    pub fn reload(&self) -> io::Result<()> {
        let keys = read_keys(&self.data_dir)?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// Seals a text and binds it to a place (the id of the row it belongs to). The same place is needed to open it.
    pub fn seal(&self, place: Uuid, text: &[u8]) -> Result<Vec<u8>, SealError> {
        let keys = self.keys();
        let (id, key) = keys.last().ok_or(SealError)?;
        let mut sealed = text.to_vec();
        let nonce = key.seal_in_place_append_tag(Aad::from(place.as_bytes()), &mut sealed).map_err(|_| SealError)?;
        Ok([id.as_bytes().as_slice(), nonce.as_ref().as_slice(), &sealed].concat())
    }

    /// Opens a text that was sealed for a place.
    pub fn unseal(&self, place: Uuid, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (id, rest) = sealed.split_at_checked(KEY_ID_LEN).ok_or(SealError)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or(SealError)?;
        if !self.keys().iter().any(|(key_id, _)| key_id.as_bytes() == id) {
            // The key may have been added a moment ago.
            self.reload().map_err(|_| SealError)?;
        }
        let keys = self.keys();
        let (_, key) = keys.iter().find(|(key_id, _)| key_id.as_bytes() == id).ok_or(SealError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError)?;
        let mut text = text.to_vec();
        let length = key.open_in_place(nonce, Aad::from(place.as_bytes()), &mut text).map_err(|_| SealError)?.len();
        text.truncate(length);
        Ok(text)
    }

    /// Re-seals a text that was sealed for a place with an older key. `None` if it was sealed with the newest key.
    pub fn renew(&self, place: Uuid, sealed: &[u8]) -> Result<Option<Vec<u8>>, SealError> {
        if self.keys().last().is_some_and(|(id, _)| sealed.starts_with(id.as_bytes())) {
            return Ok(None);
        }
        self.seal(place, &self.unseal(place, sealed)?).map(Some)
    }

    fn keys(&self) -> RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_keys(data_dir: &Path) -> io::Result<Keys> {
    let mut keys = Vec::new();
    for file in key_files::read(data_dir, KIND)? {
        let key = RandomizedNonceKey::new(&AES_256_GCM, &file.octets).map_err(io::Error::other)?;
        keys.push((file.id, key));
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_unchanged_and_in_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let seal = Seal::open(directory.path(), Timestamp::default()).unwrap();
        let (here, there) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = seal.seal(here, b"open sesame").unwrap();
        assert!(!sealed.windows(4).any(|octets| octets == b"open"));
        assert_eq!(seal.unseal(here, &sealed).unwrap(), b"open sesame");
        assert_eq!(seal.unseal(there, &sealed), Err(SealError));
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert_eq!(seal.unseal(here, &changed), Err(SealError), "octet {index}");
        }
        assert_eq!(seal.unseal(here, b"short"), Err(SealError));
        let again = Seal::open(directory.path(), Timestamp::default()).unwrap();
        assert_eq!(again.unseal(here, &sealed).unwrap(), b"open sesame", "the key lasts");
    }
    #[test]
    fn what_an_older_key_sealed_is_sealed_again_by_the_newest() {
        let directory = tempfile::tempdir().unwrap();
        let seal = Seal::open(directory.path(), Timestamp::default()).unwrap();
        let place = Uuid::from_u128(1);
        let old = seal.seal(place, b"open sesame").unwrap();
        assert_eq!(seal.renew(place, &old), Ok(None));
        Seal::add_key(directory.path(), Timestamp::default() + chrono::TimeDelta::seconds(1)).unwrap();
        let other = Seal::open(directory.path(), Timestamp::default()).unwrap();
        let new = other.renew(place, &old).unwrap().unwrap();
        assert_ne!(new[..KEY_ID_LEN], old[..KEY_ID_LEN]);
        assert_eq!(seal.unseal(place, &new).unwrap(), b"open sesame", "a key that is not known yet is looked for");
        assert_eq!(seal.renew(place, &new), Ok(None));
    }
}
