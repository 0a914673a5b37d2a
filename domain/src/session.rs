//! Sign-in sessions: how refresh tokens are rotated, and how password guessing is slowed down.

use std::time::Duration;

use chrono::TimeDelta;

use crate::Timestamp;
use crate::limits::{GUESS_WAIT_SECONDS, GUESSES_PER_DAY, REFRESH_GRACE_SECONDS, SESSION_IDLE_DAYS};

/// The facts about a presented refresh token.
#[derive(Debug, Clone, Copy)]
pub struct RefreshFacts {
    /// When it was issued.
    pub issued_at: Timestamp,
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
    /// Its session has ended or expired, or was not continued for too long: refuse the request.
    Refuse,
}

/// Decides what to do with a refresh token at `now`.
#[must_use]
pub fn judge_refresh(facts: RefreshFacts, now: Timestamp) -> RefreshVerdict {
    if facts.session_ended_at.is_some() || facts.session_expires_at <= now {
        return RefreshVerdict::Refuse;
    }
    match facts.used_at {
        None if now - facts.issued_at >= TimeDelta::days(SESSION_IDLE_DAYS) => RefreshVerdict::Refuse,
        None => RefreshVerdict::Rotate,
        Some(used_at) if now - used_at <= TimeDelta::seconds(REFRESH_GRACE_SECONDS) => RefreshVerdict::RepeatSuccessor,
        Some(_) => RefreshVerdict::EndSession,
    }
}

/// The attempts at the password of an address, or at the secret of an API client, since the last success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guesses {
    /// How many there were.
    pub attempts: u32,
    /// When the first one was made.
    pub since: Timestamp,
    /// When the next one can be made.
    pub next_at: Timestamp,
}

/// When an attempt is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// At this instant, and it is the attempt of this number.
    At(Timestamp, u32),
    /// Not at all: the ceiling of the day is reached, until this instant. A link by e-mail still works.
    Ceiling(Timestamp),
    /// Not now: too many wait. At this instant there is room again.
    Crowded(Timestamp),
}

impl Guesses {
    /// Counts an attempt at `now`, before its outcome is known. Attempts wait for each other, from whichever network and
    /// at whichever replica they are made: with each one, the next is a while later.
    #[must_use]
    pub fn attempt(before: Option<Self>, now: Timestamp) -> (Self, Turn) {
        let fresh = Self { attempts: 0, since: now, next_at: now };
        let day = TimeDelta::days(1);
        let current = before.filter(|guesses| now - guesses.since < day).unwrap_or(fresh);
        if current.attempts >= GUESSES_PER_DAY {
            return (current, Turn::Ceiling(current.since + day));
        }
        let turn = current.next_at.max(now);
        let most = TimeDelta::seconds(GUESS_WAIT_SECONDS);
        if turn - now > most {
            return (current, Turn::Crowded(turn - most));
        }
        let pause = TimeDelta::from_std(sign_in_delay(current.attempts)).unwrap_or_default();
        let attempts = current.attempts + 1;
        (Self { attempts, next_at: turn + pause, ..current }, Turn::At(turn, attempts))
    }
}

/// The pause after this number of attempts since the last success: none after the first ones, 8 seconds at most.
#[must_use]
pub fn sign_in_delay(attempts: u32) -> Duration {
    const FREE: u32 = 2;
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
            issued_at: at(0),
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
    fn a_session_that_is_not_continued_for_a_week_ends() {
        let facts = RefreshFacts {
            issued_at: at(0),
            used_at: None,
            session_ended_at: None,
            session_expires_at: at(30 * 86_400),
        };
        assert_eq!(judge_refresh(facts, at(7 * 86_400 - 1)), RefreshVerdict::Rotate);
        assert_eq!(judge_refresh(facts, at(7 * 86_400)), RefreshVerdict::Refuse);
    }

    #[test]
    fn guessing_gets_slower() {
        let delays: Vec<u128> = (0..12).map(|failures| sign_in_delay(failures).as_millis()).collect();
        assert_eq!(delays, [0, 0, 250, 500, 1000, 2000, 4000, 8000, 8000, 8000, 8000, 8000]);
        assert_eq!(sign_in_delay(u32::MAX).as_millis(), 8000);
    }

    #[test]
    fn attempts_at_the_same_time_wait_for_each_other_and_few_can_wait() {
        let (mut guesses, mut turns) = (None, Vec::new());
        for _ in 0..54 {
            let (after, turn) = Guesses::attempt(guesses, at(0));
            guesses = Some(after);
            turns.push(turn);
        }
        let decided: Vec<i64> = turns
            .iter()
            .filter_map(
                |turn| if let Turn::At(turn, _) = turn { Some((*turn - at(0)).num_milliseconds()) } else { None },
            )
            .collect();
        assert_eq!(decided[..9], [0, 0, 0, 250, 750, 1750, 3750, 7750, 15_750]);
        assert!(decided.len() < 20 && decided.iter().all(|turn| *turn <= 60_000), "{decided:?}");
        assert!(turns[decided.len()..].iter().all(|turn| matches!(turn, Turn::Crowded(at) if *at > self::at(0))));
    }

    #[test]
    fn a_day_has_a_ceiling_and_the_next_day_another() {
        let (mut guesses, mut now, mut attempts) = (None, at(0), 0);
        while now < at(86_400) {
            let (after, turn) = Guesses::attempt(guesses, now);
            guesses = Some(after);
            match turn {
                Turn::At(turn, number) => {
                    attempts += 1;
                    assert_eq!(number, attempts);
                    now = turn.max(now) + TimeDelta::seconds(1);
                }
                Turn::Crowded(_) => now += TimeDelta::seconds(1),
                Turn::Ceiling(until) => {
                    assert_eq!(until, at(86_400));
                    break;
                }
            }
        }
        assert_eq!(attempts, GUESSES_PER_DAY);
        assert_eq!(Guesses::attempt(guesses, at(86_400)).1, Turn::At(at(86_400), 1));
    }

    #[test]
    fn an_attempt_waits_for_a_minute_and_no_longer() {
        let moment = TimeDelta::milliseconds(1);
        for (next_at, expected) in [
            (at(0), Turn::At(at(0), 2)),
            (at(60), Turn::At(at(60), 2)),
            (at(60) + moment, Turn::Crowded(at(0) + moment)),
            (at(90), Turn::Crowded(at(30))),
        ] {
            let before = Guesses { attempts: 1, since: at(0), next_at };
            assert_eq!(Guesses::attempt(Some(before), at(0)).1, expected, "{next_at}");
        }
    }
}
