//! Sign-in sessions: what becomes of a refresh token, and how guessing passwords is slowed down.

use std::time::Duration;

use chrono::TimeDelta;

use crate::Timestamp;
use crate::limits::REFRESH_GRACE_SECONDS;

/// What is known of a refresh token that was presented.
#[derive(Debug, Clone, Copy)]
pub struct RefreshFacts {
    /// When it was exchanged for its successor, if it was.
    pub used_at: Option<Timestamp>,
    /// When its session ended, if it did.
    pub session_ended_at: Option<Timestamp>,
    /// When its session runs out.
    pub session_expires_at: Timestamp,
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshVerdict {
    /// Exchange it for a successor.
    Rotate,
    /// It was exchanged a moment ago, and the answer may have been lost: give the same successor again.
    RepeatSuccessor,
    /// Somebody presents an old token: one of the two who have it is a thief. End the session.
    EndSession,
    /// Its session is over.
    Refuse,
}

/// Judges a refresh token at an instant.
#[must_use]
pub fn judge_refresh(facts: RefreshFacts, now: Timestamp) -> RefreshVerdict {
    if facts.session_ended_at.is_some() || facts.session_expires_at <= now {
        return RefreshVerdict::Refuse;
    }
    match facts.used_at {
        None => RefreshVerdict::Rotate,
        Some(used_at) if now - used_at <= TimeDelta::seconds(REFRESH_GRACE_SECONDS) => RefreshVerdict::RepeatSuccessor,
        Some(_) => RefreshVerdict::EndSession,
    }
}

/// How long the next sign-in attempt waits after so many since the last success for one address from one network.
/// Delay, never lock out: the longest wait is 8 seconds.
#[must_use]
pub fn sign_in_delay(attempts: u32) -> Duration {
    const FREE: u32 = 3;
    match attempts.checked_sub(FREE) {
        None => Duration::ZERO,
        Some(more) => Duration::from_millis(250 << more.min(5)),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn a_refresh_token_works_once_with_a_grace_of_ten_seconds() {
        let facts = |used: Option<i64>, ended: Option<i64>| RefreshFacts {
            used_at: used.map(at),
            session_ended_at: ended.map(at),
            session_expires_at: at(1000),
        };
        let table = [
            (facts(None, None), 0, RefreshVerdict::Rotate),
            (facts(None, None), 999, RefreshVerdict::Rotate),
            (facts(None, None), 1000, RefreshVerdict::Refuse),
            (facts(Some(0), None), 10, RefreshVerdict::RepeatSuccessor),
            (facts(Some(0), None), 11, RefreshVerdict::EndSession),
            (facts(Some(0), Some(1)), 2, RefreshVerdict::Refuse),
            (facts(None, Some(1)), 2, RefreshVerdict::Refuse),
        ];
        for (facts, now, expected) in table {
            assert_eq!(judge_refresh(facts, at(now)), expected, "{facts:?} at {now}");
        }
    }

    #[test]
    fn guessing_is_slowed_down_and_never_locked_out() {
        let delays: Vec<u128> = (0..12).map(|failures| sign_in_delay(failures).as_millis()).collect();
        assert_eq!(delays, [0, 0, 0, 250, 500, 1000, 2000, 4000, 8000, 8000, 8000, 8000]);
        assert_eq!(sign_in_delay(u32::MAX).as_millis(), 8000);
    }
}
