//! Delivery of e-mail: its states, the pauses between attempts and the number of attempts (S5).

use chrono::TimeDelta;

use crate::Timestamp;
use crate::limits::{DELIVERY_ATTEMPTS, EMAIL_PAUSE_SECONDS, EMAILS_AT_ONCE};

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

/// When an e-mail leaves that its sender has caused, so that nobody sends much mail to strangers at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// When it leaves.
    pub due_at: Timestamp,
    /// When the sender's next one could leave, if the sender had none left to send at once.
    pub next_at: Timestamp,
}

impl Pace {
    /// The pace of the next e-mail of a sender whose last one had this `next_at`. The first [`EMAILS_AT_ONCE`] leave at
    /// once; further ones have [`EMAIL_PAUSE_SECONDS`] between them.
    #[must_use]
    pub fn after(last_next_at: Option<Timestamp>, now: Timestamp) -> Self {
        let pause = TimeDelta::seconds(EMAIL_PAUSE_SECONDS);
        let next_at = last_next_at.map_or(now, |last| last.max(now)) + pause;
        let due_at = next_at - TimeDelta::seconds(EMAIL_PAUSE_SECONDS * EMAILS_AT_ONCE);
        Self { due_at: due_at.max(now), next_at }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_sender_s_first_e_mails_leave_at_once_and_further_ones_one_after_the_other() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut last = None;
        let mut waits = Vec::new();
        for _ in 0..EMAILS_AT_ONCE + 3 {
            let pace = Pace::after(last, now);
            last = Some(pace.next_at);
            waits.push((pace.due_at - now).num_seconds());
        }
        assert!(waits[..500].iter().all(|wait| *wait == 0), "{waits:?}");
        assert_eq!(waits[500..], [1, 2, 3]);
        // After a while, the sender can send some at once again.
        let later = now + TimeDelta::seconds(103);
        let waits = (0..101).map(|_| {
            let pace = Pace::after(last, later);
            last = Some(pace.next_at);
            (pace.due_at - later).num_seconds()
        });
        assert_eq!(waits.filter(|wait| *wait == 0).count(), 100);
    }

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

    #[test]
    fn a_state_has_one_name_everywhere() {
        let names = ["queued", "retrying", "sent", "failed"];
        assert_eq!(Delivery::ALL.map(Delivery::as_str), names);
        assert_eq!(names.map(Delivery::parse), Delivery::ALL.map(Some));
        assert_eq!(["", "Sent", "delivered"].map(Delivery::parse), [None; 3]);
    }
}
