//! Delivery of e-mail: its states, the pauses between attempts and the number of attempts (S5).

use chrono::TimeDelta;

use crate::limits::DELIVERY_ATTEMPTS;

/// The delivery status of an outgoing message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Waiting for the first attempt.
    Queued,
    /// At least one attempt failed; another one is scheduled.
    Retrying,
    /// Accepted by the mail server.
    Sent,
    /// All attempts failed. The message is kept so that it can be queued again.
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

    /// The state with this name; `None` if there is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// The pause after attempt number `attempt` (counted from 1) has failed; `None` if that was the last attempt.
///
/// It starts at 5 seconds and doubles each time, up to an hour. `jitter` (0–1000) adds up to a fifth, so that messages
/// that failed together are not retried together.
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
