//! When an outgoing message is tried again, and when it is given up (S5).

use chrono::TimeDelta;

use crate::limits::DELIVERY_ATTEMPTS;

/// How far a message has come on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Waits for its first attempt.
    Queued,
    /// An attempt failed; another is due.
    Retrying,
    /// Handed over to the mail server.
    Sent,
    /// Given up; kept so that it can be sent again.
    Failed,
}

impl Delivery {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Queued, Self::Retrying, Self::Sent, Self::Failed];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Retrying => "retrying",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// The pause after the `attempt`th failed attempt (from 1): 5 s, doubled each time up to an hour, plus up to a
/// fifth of it by `jitter` (0–1000), so that messages that failed together do not come back together. `None` when
/// it was the last.
#[must_use]
pub fn pause_after(attempt: i32, jitter: u16) -> Option<TimeDelta> {
    if attempt >= DELIVERY_ATTEMPTS {
        return None;
    }
    let doublings = attempt.clamp(1, 11) - 1;
    let base = (5_000_i64 << doublings).min(3_600_000);
    Some(TimeDelta::milliseconds(base + base / 5 * i64::from(jitter.min(1000)) / 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_pauses_grow_to_an_hour_and_end() {
        let seconds = |attempt| pause_after(attempt, 0).map(|pause| pause.num_seconds());
        assert_eq!(seconds(1), Some(5));
        assert_eq!(seconds(2), Some(10));
        assert_eq!(seconds(10), Some(2560));
        assert_eq!(seconds(11), Some(3600));
        assert_eq!(seconds(DELIVERY_ATTEMPTS - 1), Some(3600));
        assert_eq!(seconds(DELIVERY_ATTEMPTS), None);
        assert_eq!(pause_after(1, 1000).map(|pause| pause.num_milliseconds()), Some(6000));
    }
}
