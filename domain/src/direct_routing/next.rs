//! What comes next on a route, and who must do it.

use super::{Failure, Stage, State};

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// What has to be done.
    pub step: NextStep,
    /// Who must do it.
    pub by: Party,
}

/// What has to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NextStep {
    /// Start the route.
    Start,
    /// Let the tenant take the domain on.
    GiveConsent,
    /// Publish the TXT record.
    PublishTxtRecord,
    /// Have a spare Phone System licence in the tenant.
    ProvideLicence,
    /// Wait.
    Wait,
    /// Mend the cause of the failure and retry.
    Retry,
    /// Remove the route and start it with another label.
    StartAnew,
}

impl NextStep {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::GiveConsent => "give_consent",
            Self::PublishTxtRecord => "publish_txt_record",
            Self::ProvideLicence => "provide_licence",
            Self::Wait => "wait",
            Self::Retry => "retry",
            Self::StartAnew => "start_anew",
        }
    }

    /// What to do, for people.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Start => "Start the route with the label that its domain is to have.",
            Self::GiveConsent => {
                "A Global Administrator of the Microsoft 365 tenant adds the route's domain there (Microsoft 365 admin \
                 center, Settings, Domains), or consents to this service doing so."
            }
            Self::PublishTxtRecord => {
                "Publish the TXT record in the DNS of the route's domain. Microsoft finds it within minutes, \
                 sometimes hours."
            }
            Self::ProvideLicence => {
                "Have one Phone System licence in the Microsoft 365 tenant that no user has: the domain is activated \
                 with it."
            }
            Self::Wait => "Microsoft makes the domain ready for calls. That takes up to 24 hours.",
            Self::Retry => "Mend what `failure` and `last_error` name, then retry.",
            Self::StartAnew => "Remove the route and start it again with another label.",
        }
    }
}

/// Who must do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    /// The enterprise, or whoever acts for it.
    Enterprise,
    /// Whoever runs the SBCs and the DNS of their base domain: the operators of this service.
    Platform,
    /// Microsoft.
    Microsoft,
}

impl Party {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enterprise => "enterprise",
            Self::Platform => "platform",
            Self::Microsoft => "microsoft",
        }
    }
}

impl Next {
    /// What comes next in a state; `None` when nothing is left to do.
    #[must_use]
    pub const fn of(state: &State) -> Option<Self> {
        let (step, by) = match state {
            State::NotStarted => (NextStep::Start, Party::Enterprise),
            State::Working { stage, .. } => match stage {
                Stage::ConsentRequested => (NextStep::GiveConsent, Party::Enterprise),
                Stage::DomainPending(_) => (NextStep::PublishTxtRecord, Party::Platform),
                Stage::DomainVerified(_) => (NextStep::ProvideLicence, Party::Enterprise),
                Stage::Activating(_) => (NextStep::Wait, Party::Microsoft),
            },
            State::Established { .. } => return None,
            State::Failed { reason: Failure::DomainTaken, .. } => (NextStep::StartAnew, Party::Enterprise),
            State::Failed { reason: Failure::Unreachable, .. } => (NextStep::Retry, Party::Platform),
            State::Failed { .. } => (NextStep::Retry, Party::Enterprise),
        };
        Some(Self { step, by })
    }
}
