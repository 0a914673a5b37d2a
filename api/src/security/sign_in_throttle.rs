//! Counts attempts to sign in, so that guessing gets slower (never impossible: nobody is locked out).

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::session::sign_in_delay;
use quick_cache::sync::Cache;

/// Addresses whose attempts are remembered; the least used are forgotten first.
const REMEMBERED: usize = 10_000;

/// The attempts since the last success for each e-mail address from each network.
pub struct SignInThrottle(Cache<(String, IpAddr), Arc<AtomicU32>>);

impl Default for SignInThrottle {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl SignInThrottle {
    /// Counts an attempt before its outcome is known, so that attempts at the same time slow each other down, too.
    /// Gives how long it has to wait.
    #[must_use]
    pub fn attempt(&self, email: &str, network: IpAddr) -> Duration {
        let key = (email.to_owned(), network);
        let Ok(attempts) = self.0.get_or_insert_with(&key, || Ok::<_, std::convert::Infallible>(Arc::default()));
        sign_in_delay(attempts.fetch_add(1, Ordering::Relaxed))
    }

    /// An attempt succeeded: the count starts again.
    pub fn succeeded(&self, email: &str, network: IpAddr) {
        self.0.remove(&(email.to_owned(), network));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_at_the_same_time_slow_each_other_down() {
        let (sign_in_throttle, network) = (SignInThrottle::default(), IpAddr::from([192, 0, 2, 1]));
        let delays: Vec<Duration> = std::thread::scope(|scope| {
            let attempts: Vec<_> =
                (0..20).map(|_| scope.spawn(|| sign_in_throttle.attempt("a@example.com", network))).collect();
            attempts.into_iter().map(|attempt| attempt.join().unwrap()).collect()
        });
        let free = delays.iter().filter(|delay| delay.is_zero()).count();
        let expected = (0..20).filter(|attempts| sign_in_delay(*attempts).is_zero()).count();
        assert_eq!(free, expected, "as many go at once as if they came one after the other");
        sign_in_throttle.succeeded("a@example.com", network);
        assert!(sign_in_throttle.attempt("a@example.com", network).is_zero(), "a success starts anew");
    }
}
