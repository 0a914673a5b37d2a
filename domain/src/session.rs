//! Sign-in sessions: how refresh tokens are rotated, and how password guessing is slowed down.

use std::time::Duration;

use chrono::TimeDelta;

use crate::Timestamp;
use crate::limits::REFRESH_GRACE_SECONDS;

/// The facts about a presented refresh token.
#[derive(Debug, Clone, Copy)]
pub struct RefreshFacts {
    /// When it was exchanged for its successor; `None` if it is unused.
    pub used_at: Option<Timestamp>,
    /// When its session was ended; `None` if it was not.
    pub session_ended_at: Option<Timestamp>,
    /// When its session expires.
    pub session_expires_at: Timestamp,
}

/// What to do with a presented refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshVerdict {
    /// Exchange it for a new refresh token.
    Rotate,
    /// It was exchanged a moment ago and the response may have been lost: return the same successor again.
    RepeatSuccessor,
    /// It was exchanged earlier, so it has probably been stolen: end the session.
    EndSession,
    /// Its session has ended or expired: refuse the request.
    Refuse,
}

/// Decides what to do with a refresh token at `now`.
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

/// How long to delay a sign-in after this number of attempts since the last success, counted per e-mail address and
/// network. Sign-ins are delayed but never locked out: the longest delay is 8 seconds.
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
