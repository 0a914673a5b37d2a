//! Hashes passwords with argon2id, on threads of its own and only a few at a time.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;

use super::secret_token::SecretToken;
use crate::error::{Error, ErrorCode, Result, value_error};

/// Maximum length of the queue: a few seconds of work. Further requests are refused.
const WAITING: usize = 128;

/// The memory that argon2 works in, 19 MiB. Each thread reuses its own from one password to the next.
type Workspace = Vec<Block>;

/// How long an idle thread keeps its workspace.
const KEPT: Duration = Duration::from_secs(1);
/// The size to allocate, in KiB, although only a part of it is used. glibc maps allocations of more than 32 MiB
/// separately and returns them to the operating system when they are freed; it would keep the memory of smaller ones.
const WORKSPACE_KIB: usize = 33 * 1024;

type Turn = Box<dyn FnOnce(&mut Workspace) + Send>;

/// Hashes and verifies passwords on a few threads of its own.
#[derive(Clone)]
pub struct Passwords {
    queue: Sender<Turn>,
    /// The hash of a password that nobody has. It is verified for unknown addresses, so that they take the same time.
    nobody: Arc<str>,
}

impl Passwords {
    /// Starts this number of threads. They end when the last handle is dropped.
    pub fn new(threads: usize) -> std::io::Result<Self> {
        let (queue, work) = bounded::<Turn>(WAITING);
        let mut first = Workspace::new();
        let nobody = hash(SecretToken::generate().expose(), &mut first);
        for workspace in std::iter::once(first).chain(std::iter::repeat_with(Workspace::new)).take(threads) {
            let work = work.clone();
            std::thread::Builder::new().name("passwords".to_owned()).spawn(move || take_turns(&work, workspace))?;
        }
        Ok(Self { queue, nobody: Arc::from(nobody) })
    }

    /// Hashes a password. Returns a PHC string.
    pub async fn hash(&self, password: SecretString) -> Result<String> {
        self.in_turn(move |workspace| hash(password.expose_secret(), workspace)).await
    }

    /// Whether a password matches a hash. Without a hash the result is `false`, after the same time.
    pub async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<bool> {
        let nobody = Arc::clone(&self.nobody);
        self.in_turn(move |workspace| {
            let matches = verify(password.expose_secret(), hash.as_deref().unwrap_or(&nobody), workspace);
            matches.unwrap_or(false) && hash.is_some()
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce(&mut Workspace) -> T + Send + 'static) -> Result<T> {
        let (reply, outcome) = oneshot::channel();
        let turn = Box::new(move |workspace: &mut Workspace| {
            // Sending fails if the client has disconnected.
            let _ = reply.send(work(workspace));
        });
        let busy = || {
            Error::new(ErrorCode::Unavailable, "Too many people are signing in at the moment. Try again in a moment.")
        };
        self.queue.try_send(turn).map_err(|_| busy())?;
        outcome.await.map_err(|_| busy())
    }
}

/// Works on the queue until all senders are dropped.
fn take_turns(work: &Receiver<Turn>, mut workspace: Workspace) {
    loop {
        match work.recv_timeout(KEPT) {
            Ok(turn) => turn(&mut workspace),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                workspace = Workspace::new();
                let Ok(turn) = work.recv() else { return };
                turn(&mut workspace);
            }
        }
    }
}

/// argon2id with 19 MiB, two passes and one lane, which are the library's defaults.
fn hash(password: &str, workspace: &mut Workspace) -> String {
    let (algorithm, version, params) = (Algorithm::Argon2id, Version::default(), Params::default());
    let salt = Salt::generate();
    let hash =
        ParamsString::try_from(&params).ok().zip(output(password, &salt, algorithm, version, &params, workspace));
    let (params, output) = hash.expect("the default parameters are valid");
    let (version, salt, hash) = (Some(version.into()), Some(salt), Some(output));
    PasswordHash { algorithm: algorithm.ident(), version, params, salt, hash }.to_string()
}

/// Whether a password matches a hash, using the parameters in the hash. `None` if the hash can't be parsed.
fn verify(password: &str, hash: &str, workspace: &mut Workspace) -> Option<bool> {
    let hash = PasswordHash::new(hash).ok()?;
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
    let version = Version::try_from(hash.version?).ok()?;
    let params = Params::try_from(&hash).ok()?;
    // The outputs are compared in constant time.
    Some(output(password, &hash.salt?, algorithm, version, &params, workspace)? == hash.hash?)
}

fn output(
    password: &str,
    salt: &[u8],
    algorithm: Algorithm,
    version: Version,
    params: &Params,
    workspace: &mut Workspace,
) -> Option<Output> {
    if workspace.capacity() == 0 {
        workspace.reserve_exact(WORKSPACE_KIB * 1024 / Block::SIZE);
    }
    workspace.resize(params.block_count(), Block::new());
    let argon2 = Argon2::new(algorithm, version, params.clone());
    let mut octets = [0; Params::DEFAULT_OUTPUT_LEN];
    let octets = octets.get_mut(..params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN))?;
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, octets, workspace).ok()?;
    Output::new(octets).ok()
}

/// Refuses a password, given at `pointer`, that is too short, too long or easy to guess.
pub fn check_password(pointer: &str, password: &SecretString, about: &[&str]) -> Result<()> {
    domain::values::password::check(password.expose_secret(), about)
        .map_err(|fault| Error::validation(vec![value_error(pointer, fault)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_that_of_its_own_hash_and_of_no_other() {
        let mut workspace = Workspace::new();
        let hash = hash("correct horse battery staple", &mut workspace);
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(verify("correct horse battery staple", &hash, &mut workspace), Some(true));
        assert_eq!(verify("correct horse battery stable", &hash, &mut workspace), Some(false));
        assert_eq!(verify("correct horse battery staple", "no hash", &mut workspace), None);
    }

    #[test]
    fn a_hash_is_verified_with_the_parameters_that_it_was_made_with() {
        // The reference implementation's: `echo -n password | argon2 somesalt -id -t 2 -m 8 -p 1`.
        let other = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        let mut workspace = Workspace::new();
        assert_eq!(verify("password", other, &mut workspace), Some(true));
        assert_eq!(verify("Password", other, &mut workspace), Some(false));
    }
}
