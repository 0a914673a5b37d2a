//! The present instant, passed to everything that depends on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use domain::Timestamp;

/// Tells the time in whole milliseconds. A clock can be set ahead, so that tests need not wait.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    ahead_ms: Arc<AtomicI64>,
}

impl Clock {
    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let ahead = TimeDelta::milliseconds(self.ahead_ms.load(Ordering::Relaxed));
        DateTime::<Utc>::from(std::time::SystemTime::now()).trunc_subsecs(3) + ahead
    }

    /// Sets this clock, and every clone of it, further ahead.
    pub fn advance(&self, by: TimeDelta) {
        self.ahead_ms.fetch_add(by.num_milliseconds(), Ordering::Relaxed);
    }
}
