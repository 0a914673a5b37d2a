//! Passwords hashed with argon2id, off the async threads and only a few at a time.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::http::{Error, ErrorCode};

/// Hashes and verifies passwords. Each takes 19 MiB for its time, so their number is bounded.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// The hash of no password that anybody has, so that an unknown address takes the same time.
    nobody: Arc<str>,
}

impl Passwords {
    /// Lets `at_once` passwords be worked on at the same time.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        let nobody = hash(super::secret_token::SecretToken::generate().expose());
        Self { turns: Arc::new(Semaphore::new(at_once)), nobody: Arc::from(nobody) }
    }

    /// The PHC string of a password.
    pub async fn hash(&self, password: SecretString) -> Result<String, Error> {
        self.in_turn(move || hash(password.expose_secret())).await
    }

    /// Whether a password is that of a hash. Without a hash the answer is no, after the same time.
    pub async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<bool, Error> {
        let nobody = Arc::clone(&self.nobody);
        self.in_turn(move || {
            let known = PasswordHash::new(hash.as_deref().unwrap_or(&nobody));
            let matches = known.is_ok_and(|known| {
                Argon2::default().verify_password(password.expose_secret().as_bytes(), &known).is_ok()
            });
            matches && hash.is_some()
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let failed = |_| Error::new(ErrorCode::Unavailable, "The service is restarting. Try again in a moment.");
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(failed)?;
        let done = tokio::task::spawn_blocking(move || {
            let outcome = work();
            drop(turn);
            outcome
        });
        done.await.map_err(|_| Error::new(ErrorCode::Internal, "This is our fault. Nothing was changed."))
    }
}

/// argon2id with 19 MiB, two passes and one lane, which are the library's defaults.
fn hash(password: &str) -> String {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.expect("the default parameters are valid").to_string()
}
