//! Counts sign-in attempts and delays them, so that guessing gets slower. Nobody is ever locked out.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::session::sign_in_delay;
use quick_cache::sync::Cache;

/// Maximum number of counters. The least used ones are dropped first.
const REMEMBERED: usize = 10_000;

/// The number of attempts since the last success, by e-mail address and network.
pub struct SignInThrottle(Cache<(String, IpAddr), Arc<AtomicU32>>);

impl Default for SignInThrottle {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl SignInThrottle {
    /// Counts an attempt and returns how long it has to wait. It is counted before its outcome is known, so that
    /// concurrent attempts slow each other down too.
    #[must_use]
    pub fn attempt(&self, email: &str, network: IpAddr) -> Duration {
        let key = (email.to_owned(), network);
        let Ok(attempts) = self.0.get_or_insert_with(&key, || Ok::<_, std::convert::Infallible>(Arc::default()));
        sign_in_delay(attempts.fetch_add(1, Ordering::Relaxed))
    }

    /// Resets the counter after a successful attempt.
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
