//! The next step of a route and who has to do it.

use super::{Failure, Stage, State};
use crate::next_step::NextStep;

/// The next step of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// The step.
    pub step: NextStep,
    /// Who has to do it.
    pub by: Party,
}

/// Who has to do a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    /// The enterprise, or a reseller on its behalf.
    Enterprise,
    /// The operators of this service, who run the SBCs and the DNS of their base domains.
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
    /// The next step of a route in this state; `None` if it is established.
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
