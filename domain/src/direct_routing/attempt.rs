//! What happens to a route after an attempt to perform its pending step through Microsoft Graph: it advances, waits or
//! fails. The waiting time of each stage is limited.

use chrono::TimeDelta;

use super::{Command, Failure, Stage};
use crate::Timestamp;
use crate::delivery::pause_after;
use crate::limits::DELIVERY_ATTEMPTS;
use crate::values::route_domain::VerificationTxt;

/// The outcome of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The step is complete. The first step returns the TXT record.
    Taken(Option<VerificationTxt>),
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
        /// What the route is waiting for, for people.
        error: String,
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
        Outcome::Taken(txt) => Verdict::Go { command: Command::Confirm(txt), error: None },
        Outcome::Impossible { reason, detail } => fail(reason, detail),
        Outcome::Trouble { detail, .. } if now - since >= stage.patience() => fail(Failure::Unreachable, detail),
        Outcome::NotYet(error) if now - since >= stage.patience() => fail(Failure::TimedOut, error),
        Outcome::NotYet(error) => Verdict::Wait { due_at: now + stage.pause(), attempts: 0, error },
        Outcome::Trouble { detail, retry_after } => {
            // Pauses grow to an hour and stay there. An outage is not the enterprise's fault, so retries go on for the
            // full patience of the stage.
            let attempts = attempts.saturating_add(1).min(DELIVERY_ATTEMPTS - 1);
            let pause = pause_after(attempts, jitter).unwrap_or(TimeDelta::hours(1));
            let pause = retry_after.map_or(pause, |asked| asked.clamp(pause, TimeDelta::days(1)));
            Verdict::Wait { due_at: now + pause, attempts, error: detail }
        }
    }
}
