//! What comes next on a route, and who must do it.

use super::{Failure, Stage, State};
use crate::next_step::NextStep;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// What has to be done.
    pub step: NextStep,
    /// Who must do it.
    pub by: Party,
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
    pub const fn after(state: &State) -> Option<Self> {
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
