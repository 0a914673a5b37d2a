//! What an attempt to take a step through Microsoft Graph means for a route: it goes on, waits, or fails. Nothing
//! waits for ever.

use chrono::TimeDelta;

use super::{Command, Failure, Stage};
use crate::Timestamp;
use crate::delivery::pause_after;
use crate::limits::DELIVERY_ATTEMPTS;
use crate::values::route_domain::VerificationTxt;

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The step is taken. The first one gives the TXT record.
    Taken(Option<VerificationTxt>),
    /// Somebody else has to do something first: what, for people.
    NotYet(String),
    /// Microsoft Graph was not well, or asks to be left alone for a time.
    Trouble {
        /// What happened, for people.
        detail: String,
        /// For how long it asks to be left alone.
        retry_after: Option<TimeDelta>,
    },
    /// The step can't be taken.
    Impossible {
        /// Why.
        reason: Failure,
        /// What happened, for people.
        detail: String,
    },
}

/// What to do with the route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Give it this command. `error` says what went wrong, if something did.
    Go {
        /// The command.
        command: Command,
        /// What went wrong.
        error: Option<String>,
    },
    /// Try again later.
    Wait {
        /// When.
        due_at: Timestamp,
        /// Attempts in a row that were not answered with sense.
        attempts: i32,
        /// What it waits for.
        error: String,
    },
}

impl Stage {
    /// How long the service waits for others, or for Microsoft Graph, in this stage before the route fails.
    #[must_use]
    pub const fn patience(&self) -> TimeDelta {
        match self {
            Self::ConsentRequested => TimeDelta::days(14),
            Self::DomainPending(_) => TimeDelta::days(7),
            Self::DomainVerified(_) => TimeDelta::days(30),
            Self::Activating(_) => TimeDelta::days(3),
        }
    }

    /// How long it waits before it asks again.
    #[must_use]
    pub const fn pause(&self) -> TimeDelta {
        match self {
            Self::DomainPending(_) => TimeDelta::minutes(1),
            Self::ConsentRequested | Self::DomainVerified(_) | Self::Activating(_) => TimeDelta::minutes(5),
        }
    }
}

/// Judges an attempt in a stage that lasts `since` then, after so many `attempts` in a row that were not answered with
/// sense. `jitter` (0–1000) spreads routes that met the same trouble.
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
            // Pauses grow to an hour and stay there: what is not the enterprise's fault has as long as the enterprise has.
            let attempts = attempts.saturating_add(1).min(DELIVERY_ATTEMPTS - 1);
            let pause = pause_after(attempts, jitter).unwrap_or(TimeDelta::hours(1));
            let pause = retry_after.map_or(pause, |asked| asked.clamp(pause, TimeDelta::days(1)));
            Verdict::Wait { due_at: now + pause, attempts, error: detail }
        }
    }
}
