//! Passwords hashed with argon2id, off the async threads and only a few at a time.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use crossbeam_channel::{Sender, bounded};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;

use crate::http::{Error, ErrorCode};

/// Passwords that may wait for their turn before further ones are turned away: some seconds of work.
const WAITING: usize = 128;

/// Hashes and verifies passwords, on a few threads of its own: each takes 19 MiB for its time, which a thread that
/// comes back to it has ready.
#[derive(Clone)]
pub struct Passwords {
    queue: Sender<Box<dyn FnOnce() + Send>>,
    /// The hash of no password that anybody has, so that an unknown address takes the same time.
    nobody: Arc<str>,
}

impl Passwords {
    /// Works on so many passwords at the same time. The threads end with the last handle.
    pub fn new(threads: usize) -> std::io::Result<Self> {
        let (queue, work) = bounded::<Box<dyn FnOnce() + Send>>(WAITING);
        for _ in 0..threads {
            let work = work.clone();
            let run = move || work.iter().for_each(|turn| turn());
            std::thread::Builder::new().name("passwords".to_owned()).spawn(run)?;
        }
        let nobody = hash(super::secret_token::SecretToken::generate().expose());
        Ok(Self { queue, nobody: Arc::from(nobody) })
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
        let (reply, outcome) = oneshot::channel();
        let turn = Box::new(move || {
            // Nobody waits when the client has hung up.
            let _ = reply.send(work());
        });
        let busy = || Error::new(ErrorCode::Unavailable, "Too many people sign in right now. Try again in a moment.");
        self.queue.try_send(turn).map_err(|_| busy())?;
        outcome.await.map_err(|_| busy())
    }
}

/// argon2id with 19 MiB, two passes and one lane, which are the library's defaults.
fn hash(password: &str) -> String {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.expect("the default parameters are valid").to_string()
}
