//! What happens to a route after an attempt to perform its pending step through Microsoft Graph: it advances, waits or
//! fails. The waiting time of each stage is limited.

use chrono::TimeDelta;

use super::{Command, Failure, Stage};
use crate::Timestamp;
use crate::delivery::pause_after;
use crate::limits::DELIVERY_ATTEMPTS;
use crate::values::route_domain::VerificationTxt;

/// The pause between two checks of an established route.
const CHECK_PAUSE: TimeDelta = TimeDelta::days(1);
/// The pause between two checks of a new one, as long as something is missing.
const CHECK_PAUSE_OF_NEW: TimeDelta = TimeDelta::minutes(15);
/// How long an established route is new.
const NEW_FOR: TimeDelta = TimeDelta::days(7);

/// The outcome of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The step is complete. The first step returns the TXT record.
    Taken(Option<VerificationTxt>),
    /// Store what was found, then continue the step immediately.
    Noted,
    /// Somebody else has to act first. The text tells people what has to be done.
    NotYet(String),
    /// Microsoft Graph failed or asked the service to slow down.
    Trouble {
        /// A description of what happened, for people.
        detail: String,
        /// How long Microsoft Graph asks the service to wait.
        retry_after: Option<TimeDelta>,
    },
    /// The step can't be completed.
    Impossible {
        /// The reason for the failure.
        reason: Failure,
        /// A description of what happened, for people.
        detail: String,
    },
}

/// What to do with the route after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Run a command on the route.
    Go {
        /// The command to run.
        command: Command,
        /// What went wrong, if anything did.
        error: Option<String>,
    },
    /// Leave the route in its stage and try again later.
    Wait {
        /// When to try again.
        due_at: Timestamp,
        /// The number of consecutive attempts for which Microsoft Graph was unreachable or sent an unusable response.
        attempts: i32,
        /// What the route is waiting for, for people; `None` if it waits for nothing.
        error: Option<String>,
    },
}

impl Stage {
    /// How long a route may stay in this stage before it fails.
    #[must_use]
    pub const fn patience(&self) -> TimeDelta {
        match self {
            Self::ConsentRequested => TimeDelta::days(14),
            Self::DomainPending(_) => TimeDelta::days(7),
            Self::DomainVerified(_) => TimeDelta::days(30),
            Self::Activating(_) => TimeDelta::days(3),
        }
    }

    /// The pause before the next attempt when somebody else has to act first.
    #[must_use]
    pub const fn pause(&self) -> TimeDelta {
        match self {
            Self::DomainPending(_) => TimeDelta::minutes(1),
            Self::ConsentRequested | Self::DomainVerified(_) | Self::Activating(_) => TimeDelta::minutes(5),
        }
    }
}

/// Decides what to do after an attempt. The route has been in `stage` since `since`; the last `attempts` attempts in a
/// row got no usable response. `jitter` (0–1000) spreads the retries of routes that failed together.
#[must_use]
pub fn judge(stage: &Stage, since: Timestamp, attempts: i32, outcome: Outcome, jitter: u16, now: Timestamp) -> Verdict {
    let fail = |reason, error| Verdict::Go { command: Command::Fail(reason), error: Some(error) };
    match outcome {
        Outcome::Noted => Verdict::Wait { due_at: now, attempts: 0, error: None },
        Outcome::Taken(txt) => Verdict::Go { command: Command::Confirm(txt), error: None },
        Outcome::Impossible { reason, detail } => fail(reason, detail),
        Outcome::Trouble { detail, .. } if now - since >= stage.patience() => fail(Failure::Unreachable, detail),
        Outcome::NotYet(error) if now - since >= stage.patience() => fail(Failure::TimedOut, error),
        Outcome::NotYet(error) => Verdict::Wait { due_at: now + stage.pause(), attempts: 0, error: Some(error) },
        Outcome::Trouble { detail, retry_after } => wait_out(attempts, detail, retry_after, jitter, now),
    }
}

/// Decides when to check a route again that has been established since `since`. Whatever is found, the route does not fail:
/// calls may still work. As long as something `is_missing` that others may add at any time, the next check is soon.
#[must_use]
pub fn judge_check(
    since: Timestamp,
    attempts: i32,
    outcome: Outcome,
    is_missing: bool,
    jitter: u16,
    now: Timestamp,
) -> Verdict {
    let wait = |pause, error| Verdict::Wait { due_at: now + pause, attempts: 0, error };
    // Routes that were due together are spread over more than an hour.
    let a_day = CHECK_PAUSE + TimeDelta::seconds(5 * i64::from(jitter));
    match outcome {
        Outcome::Noted => Verdict::Wait { due_at: now, attempts, error: None },
        Outcome::Taken(_) if is_missing && now - since < NEW_FOR => wait(CHECK_PAUSE_OF_NEW, None),
        Outcome::Taken(_) => wait(a_day, None),
        Outcome::NotYet(error) => {
            // Five minutes, ten, twenty, and so on.
            let attempts = attempts.saturating_add(1).min(10);
            let pause = (TimeDelta::minutes(5) * (1 << (attempts - 1))).min(a_day);
            Verdict::Wait { due_at: now + pause, attempts, error: Some(error) }
        }
        Outcome::Impossible { detail, .. } => wait(a_day, Some(detail)),
        Outcome::Trouble { detail, retry_after } => wait_out(attempts, detail, retry_after, jitter, now),
    }
}

/// Pauses grow to an hour and stay there. An outage is not the enterprise's fault, so attempts go on.
fn wait_out(attempts: i32, detail: String, retry_after: Option<TimeDelta>, jitter: u16, now: Timestamp) -> Verdict {
    let attempts = attempts.saturating_add(1).min(DELIVERY_ATTEMPTS - 1);
    let pause = pause_after(attempts, jitter).unwrap_or(TimeDelta::hours(1));
    let pause = retry_after.map_or(pause, |asked| asked.clamp(pause, TimeDelta::days(1)));
    Verdict::Wait { due_at: now + pause, attempts, error: Some(detail) }
}
