//! Counts failed sign-ins, so that guessing gets slower (never impossible: nobody is locked out).

use std::net::IpAddr;
use std::time::Duration;

use domain::session::sign_in_delay;
use quick_cache::sync::Cache;

/// Addresses whose failures are remembered; the least used are forgotten first.
const REMEMBERED: usize = 10_000;

/// The failures in a row for each e-mail address from each network address.
pub struct Guesses(Cache<(String, IpAddr), u32>);

impl Default for Guesses {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl Guesses {
    /// How long the next attempt has to wait.
    #[must_use]
    pub fn delay(&self, email: &str, from: IpAddr) -> Duration {
        sign_in_delay(self.0.get(&(email.to_owned(), from)).unwrap_or(0))
    }

    /// An attempt failed.
    pub fn failed(&self, email: &str, from: IpAddr) {
        let key = (email.to_owned(), from);
        let failures = self.0.get(&key).unwrap_or(0);
        self.0.insert(key, failures.saturating_add(1));
    }

    /// An attempt succeeded: the count starts again.
    pub fn succeeded(&self, email: &str, from: IpAddr) {
        self.0.remove(&(email.to_owned(), from));
    }
}
