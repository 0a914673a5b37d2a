//! What becomes of a user after an attempt at its next step in Teams.

use chrono::TimeDelta;

use super::{Failure, FailureCode, Found, Missing, Progress, State, TeamsUser};
use crate::Timestamp;
use crate::delivery::pause_after;
use crate::limits::DELIVERY_ATTEMPTS;

/// The pause between two looks at a user that has what it should have, or for which somebody has to decide.
const LOOK_PAUSE: TimeDelta = TimeDelta::days(1);
/// The pause after Microsoft refused to take something back.
const REFUSED_PAUSE: TimeDelta = TimeDelta::hours(1);
/// After so many looks in a row at a change of a policy that has not taken effect, it is asked for once more.
pub const RETRY_AFTER: i32 = 10;

/// The outcome of an attempt. What was found or given meanwhile is in the user itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It got further: store that, then go on at once.
    Advanced,
    /// It has what it should have, or nothing any more if it is being released.
    Done,
    /// Teams has something else than the service gave.
    Drifted(Found),
    /// Others have to do something first.
    Waits(Missing, Option<Failure>),
    /// It can't be done as things are.
    Impossible(Failure),
    /// Microsoft Graph failed.
    Trouble(String),
}

impl Missing {
    /// How long a user waits before it fails.
    const fn patience(self) -> TimeDelta {
        match self {
            Self::User => TimeDelta::hours(1),
            Self::Effect => TimeDelta::days(3),
            Self::Licence | Self::Policy | Self::Grant | Self::Consent => TimeDelta::days(30),
        }
    }

    const fn timed_out(self) -> (FailureCode, &'static str) {
        match self {
            Self::User => (FailureCode::UserNotFound, "The tenant has no user with this sign-in name."),
            Self::Licence => (FailureCode::TimedOut, "The user got no licence with Teams Phone."),
            Self::Policy => (FailureCode::TimedOut, "The tenant did not get the voice routing policy of the route."),
            Self::Grant => (FailureCode::TimedOut, "The user was not given the voice routing policy."),
            Self::Consent => (FailureCode::TimedOut, "The service did not get the permission that it lacks."),
            Self::Effect => (FailureCode::TimedOut, "What Microsoft accepted did not take effect."),
        }
    }
}

impl TeamsUser {
    /// The user after an attempt. `jitter` (0–1000) spreads the looks at users that were asked for together.
    #[must_use]
    pub fn after(self, outcome: Outcome, jitter: u16, now: Timestamp) -> Self {
        let a_day = LOOK_PAUSE + TimeDelta::seconds(5 * i64::from(jitter));
        match (self.state, outcome) {
            (_, Outcome::Advanced) => {
                // What Microsoft does may have to be asked for more than once.
                let missing = self.missing.filter(|missing| matches!(missing, Missing::Effect | Missing::Grant));
                Self { missing, failure: None, attempts: 0, due_at: now, ..self }
            }
            (State::Releasing, Outcome::Done) => {
                Self { number: None, policy: None, person: None, ..self.restarted(State::Released, now) }
            }
            (State::Applied, Outcome::Done) => {
                Self { missing: None, found: None, failure: None, attempts: 0, due_at: now + a_day, ..self }
            }
            (_, Outcome::Done) => Self { replaces: false, due_at: now + a_day, ..self.restarted(State::Applied, now) },
            (State::Drifted, Outcome::Drifted(found)) => {
                Self { found: Some(found), failure: None, attempts: 0, due_at: now + a_day, ..self }
            }
            (_, Outcome::Drifted(found)) => {
                Self { found: Some(found), due_at: now + a_day, ..self.restarted(State::Drifted, now) }
            }
            // Whatever it takes: a number stays with whoever Microsoft gave it to.
            (State::Releasing, Outcome::Impossible(failure)) => {
                Self { failure: Some(failure), attempts: 0, due_at: now + REFUSED_PAUSE, ..self }
            }
            (State::Pending, Outcome::Impossible(failure)) => {
                Self { failure: Some(failure), replaces: false, ..self.restarted(State::Failed, now) }
            }
            (_, Outcome::Impossible(failure)) => {
                Self { failure: Some(failure), attempts: 0, due_at: now + a_day, ..self }
            }
            (State::Pending, Outcome::Waits(missing, failure))
                if self.missing == Some(missing) && now - self.waits_since >= missing.patience() =>
            {
                let (code, detail) = missing.timed_out();
                let failure = failure.unwrap_or(Failure { code, detail: detail.to_owned(), request_id: None });
                Self { failure: Some(failure), replaces: false, ..self.restarted(State::Failed, now) }
            }
            (_, Outcome::Waits(missing, failure)) => {
                let attempts = self.attempts.saturating_add(1).min(DELIVERY_ATTEMPTS - 1);
                // Five seconds, ten, twenty, and so on; or minutes, if people have to do something.
                let pause = pause_after(attempts, jitter).unwrap_or(TimeDelta::hours(1));
                let pause = if missing == Missing::Effect { pause } else { (pause * 60).min(TimeDelta::hours(1)) };
                let waits_since = if self.missing == Some(missing) { self.waits_since } else { now };
                Self { missing: Some(missing), waits_since, failure, attempts, due_at: now + pause, ..self }
            }
            (_, Outcome::Trouble(detail)) => {
                let attempts = self.attempts.saturating_add(1).min(DELIVERY_ATTEMPTS - 1);
                let pause = pause_after(attempts, jitter).unwrap_or(TimeDelta::hours(1));
                let failure = Failure { code: FailureCode::Unreachable, detail, request_id: None };
                Self { failure: Some(failure), attempts, due_at: now + pause, ..self }
            }
        }
    }

    /// Begins anew as another user of the directory, once nothing is left with the one before.
    #[must_use]
    pub fn moved_to(self, wanted: &super::Wanted) -> Self {
        Self {
            tenant: wanted.tenant.clone(),
            teams_user: wanted.teams_user.clone(),
            person: None,
            progress: Progress::Find,
            operation: None,
            ..self
        }
    }
}
