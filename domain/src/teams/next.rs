//! What comes next for a user in Teams, and who has to do it.

use super::{FailureCode, Missing, Policy, Progress, State, TeamsUser};
use crate::direct_routing::Party;

/// The next step of a user in Teams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The step.
    pub step: Step,
    /// Who has to do it.
    pub by: Party,
    /// Instructions for people.
    pub detail: String,
}

/// What has to be done next for a user in Teams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Ask for the number and the policy in Teams.
    Apply,
    /// Make the user in the tenant, or correct its name here.
    CreateUser,
    /// Give the user a licence with Teams Phone.
    AssignLicence,
    /// Run the script that sets voice routing up in Teams.
    RunScript,
    /// Assign the voice routing policy in Teams PowerShell.
    GrantPolicy,
    /// Grant the service what it lacks in the tenant.
    GiveConsent,
    /// Wait until Microsoft has done what was asked for.
    Wait,
    /// Fix the cause of the failure and ask again.
    ApplyAgain,
    /// Decide what holds: what Teams has, or what the service gave.
    Decide,
    /// Do in Teams what is to be done, and confirm it.
    Confirm,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 10] = [
        Self::Apply,
        Self::CreateUser,
        Self::AssignLicence,
        Self::RunScript,
        Self::GrantPolicy,
        Self::GiveConsent,
        Self::Wait,
        Self::ApplyAgain,
        Self::Decide,
        Self::Confirm,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::CreateUser => "create_user",
            Self::AssignLicence => "assign_licence",
            Self::RunScript => "run_script",
            Self::GrantPolicy => "grant_policy",
            Self::GiveConsent => "give_consent",
            Self::Wait => "wait",
            Self::ApplyAgain => "apply_again",
            Self::Decide => "decide",
            Self::Confirm => "confirm",
        }
    }

    const fn by(self) -> Party {
        match self {
            Self::Wait => Party::Microsoft,
            Self::Confirm => Party::Platform,
            _ => Party::Enterprise,
        }
    }

    const fn instruction(self) -> &'static str {
        match self {
            Self::Apply => "Apply the user: it then gets its number and voice routing policy in Teams.",
            Self::CreateUser => {
                "The tenant has no user with this sign-in name. Make it there, or correct `teams_user`. The service looks \
                 for it again."
            }
            Self::AssignLicence => {
                "Give the user a licence with Teams Phone in the Microsoft 365 admin center. The service notices it."
            }
            Self::RunScript => {
                "A Teams Administrator of the tenant has to run the script of `GET …/routes/{region}/powershell`, which \
                 makes the voice routing policy. The service finds it and goes on."
            }
            Self::GrantPolicy => {
                "Microsoft Graph does not change the voice routing policy in this tenant. A Teams Administrator has to run, \
                 in Teams PowerShell: "
            }
            Self::GiveConsent => {
                "The service lacks a permission in the tenant. A Global Administrator grants it with a consent link: see \
                 `POST /enterprises/{enterprise_id}/direct-routing/consent-links`."
            }
            Self::Wait => "Microsoft carries out what was asked for. That takes minutes, sometimes hours.",
            Self::ApplyAgain => "Fix the cause that `failure` describes, then apply the user again.",
            Self::Decide => {
                "Somebody changed the user in Teams: `found` says what it has there. Apply it again with `replace` to give \
                 it what it should have, change it here, or release it."
            }
            Self::Confirm => {
                "The service has no access to Microsoft Graph. Do it in the Teams admin center, then confirm it."
            }
        }
    }
}

impl Next {
    /// The next step of a user for whom nobody has asked.
    #[must_use]
    pub fn of_new() -> Self {
        Self { step: Step::Apply, by: Step::Apply.by(), detail: Step::Apply.instruction().to_owned() }
    }
}

impl TeamsUser {
    /// The next step, and who has to do it; `None` if there is none. `automatic` says whether the service takes the steps
    /// itself.
    #[must_use]
    pub fn next(&self, automatic: bool) -> Option<Next> {
        let step = match (self.state, self.missing) {
            (State::Applied, _) => return None,
            (State::NotRequested | State::Released, _) => Step::Apply,
            (State::Pending | State::Releasing, _) if !automatic => Step::Confirm,
            (State::Failed, _) => Step::ApplyAgain,
            (State::Drifted, _) => Step::Decide,
            (State::Releasing, None) if self.failure.as_ref().is_some_and(is_final) => Step::Confirm,
            (State::Pending | State::Releasing, None | Some(Missing::Effect)) => Step::Wait,
            (State::Pending | State::Releasing, Some(missing)) => match missing {
                Missing::User => Step::CreateUser,
                Missing::Licence => Step::AssignLicence,
                Missing::Policy => Step::RunScript,
                Missing::Grant => Step::GrantPolicy,
                Missing::Consent => Step::GiveConsent,
                Missing::Effect => Step::Wait,
            },
        };
        let detail = match (step, &self.policy) {
            (Step::GrantPolicy, Some(policy)) => format!("{}{}", step.instruction(), self.grant(policy)),
            (Step::Confirm, _) if automatic => {
                "Microsoft refuses to take it back: `failure` says why. Take it back in the Teams admin center, then staff \
                 confirm it. The service tries again by itself, too."
                    .to_owned()
            }
            (Step::ApplyAgain, _) if self.failure.as_ref().is_some_and(is_replaceable) => {
                "Take away what the user has in Teams, or apply it with `replace`, which does so.".to_owned()
            }
            _ => step.instruction().to_owned(),
        };
        Some(Next { step, by: step.by(), detail })
    }

    /// The line of Teams PowerShell that assigns a policy to the user, or takes it back.
    fn grant(&self, policy: &Policy) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let is_taken_back = self.state == State::Releasing || self.progress == Progress::Revoke;
        // Whoever has to lose it may have another name by now.
        let id = self.person.filter(|_| is_taken_back).map(|person| person.to_string());
        let user = quoted(id.as_deref().unwrap_or(self.teams_user.canonical()));
        let name = if is_taken_back { "$null".to_owned() } else { quoted(&policy.name) };
        format!("Grant-CsOnlineVoiceRoutingPolicy -Identity {user} -PolicyName {name}")
    }
}

/// Whether it does not pass by itself.
fn is_final(failure: &super::Failure) -> bool {
    failure.code != FailureCode::Unreachable
}

const fn is_replaceable(failure: &super::Failure) -> bool {
    matches!(failure.code, FailureCode::OtherNumber | FailureCode::OtherPolicy)
}
