//! Users in Teams: whether a user has its number and voice routing policy at Microsoft, and how it gets and loses them
//! (R14).

mod attempt;
mod next;

use chrono::TimeDelta;
use uuid::Uuid;

pub use attempt::{Outcome, RETRY_AFTER};
pub use next::{Next, Step};

use crate::Timestamp;
use crate::id::{AccountId, UserId};
use crate::refusal::Refusal;
use crate::user::Settings;
use crate::values::phone_number::PhoneNumber;
use crate::values::tenant::Tenant;
use crate::values::user_principal_name::UserPrincipalName;

/// For how long a number that was asked for may still be assigned, if Microsoft does not say what became of that.
const ASSIGNING: TimeDelta = TimeDelta::minutes(10);

/// How far a user has come in Teams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Nobody has asked for it.
    NotRequested,
    /// It is to get its number and policy.
    Pending,
    /// It has its number and policy.
    Applied,
    /// It can't get them as things are.
    Failed,
    /// It had them, and somebody changed them at Microsoft.
    Drifted,
    /// Number and policy are being taken back.
    Releasing,
    /// Number and policy were taken back.
    Released,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::NotRequested,
        Self::Pending,
        Self::Applied,
        Self::Failed,
        Self::Drifted,
        Self::Releasing,
        Self::Released,
    ];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotRequested => "not_requested",
            Self::Pending => "pending",
            Self::Applied => "applied",
            Self::Failed => "failed",
            Self::Drifted => "drifted",
            Self::Releasing => "releasing",
            Self::Released => "released",
        }
    }

    /// The state with this name; `None` if there is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// How far the service has got with what a user is to get or to lose. What it is about to give is stored before it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The user has to be found in the tenant.
    Find,
    /// What it has there has to be compared with what it is to have.
    Compare,
    /// The number has to be assigned.
    AssignNumber,
    /// The policy has to be assigned.
    GrantPolicy,
    /// All was asked for, and has to take effect.
    Check,
    /// Microsoft was asked to take the policy back.
    Revoke,
}

impl Progress {
    /// Every step.
    pub const ALL: [Self; 6] =
        [Self::Find, Self::Compare, Self::AssignNumber, Self::GrantPolicy, Self::Check, Self::Revoke];

    /// The name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Find => "find",
            Self::Compare => "compare",
            Self::AssignNumber => "assign_number",
            Self::GrantPolicy => "grant_policy",
            Self::Check => "check",
            Self::Revoke => "revoke",
        }
    }

    /// The step with this name; `None` if there is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|progress| progress.as_str() == text)
    }
}

/// What a user waits for, which others have to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Missing {
    /// The tenant has no user with this sign-in name.
    User,
    /// The user has no licence with Teams Phone.
    Licence,
    /// The tenant does not have the voice routing policy of the route.
    Policy,
    /// Microsoft Graph does not assign the policy; an administrator has to.
    Grant,
    /// The service lacks a permission in the tenant.
    Consent,
    /// What was asked for has to take effect at Microsoft.
    Effect,
}

impl Missing {
    /// Everything that a user can wait for.
    pub const ALL: [Self; 6] = [Self::User, Self::Licence, Self::Policy, Self::Grant, Self::Consent, Self::Effect];

    /// The name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Licence => "licence",
            Self::Policy => "policy",
            Self::Grant => "grant",
            Self::Consent => "consent",
            Self::Effect => "effect",
        }
    }

    /// What has this name; `None` if nothing has.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|missing| missing.as_str() == text)
    }
}

/// Why a user can't get its number or policy, or can't lose them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureCode {
    /// The tenant has no user with this sign-in name.
    UserNotFound,
    /// The sign-in name is in another domain than the enterprise's, in a tenant that several enterprises share.
    OtherDomain,
    /// The user has another number in Teams, which the service did not give it.
    OtherNumber,
    /// The user was given another voice routing policy in Teams, which the service did not give it.
    OtherPolicy,
    /// The number belongs to somebody else in Teams.
    NumberTaken,
    /// The number is managed in the tenant's local directory, so that it can't be assigned in Teams.
    NumberOnPremises,
    /// Microsoft Graph does not assign voice routing policies here.
    PolicyRefused,
    /// Microsoft Graph refused a request.
    Refused,
    /// Microsoft Graph was unreachable, or sent unusable responses.
    Unreachable,
    /// What others had to do was not done in time.
    TimedOut,
}

impl FailureCode {
    /// Every code.
    pub const ALL: [Self; 10] = [
        Self::UserNotFound,
        Self::OtherDomain,
        Self::OtherNumber,
        Self::OtherPolicy,
        Self::NumberTaken,
        Self::NumberOnPremises,
        Self::PolicyRefused,
        Self::Refused,
        Self::Unreachable,
        Self::TimedOut,
    ];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserNotFound => "user_not_found",
            Self::OtherDomain => "other_domain",
            Self::OtherNumber => "other_number",
            Self::OtherPolicy => "other_policy",
            Self::NumberTaken => "number_taken",
            Self::NumberOnPremises => "number_on_premises",
            Self::PolicyRefused => "policy_refused",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
        }
    }

    /// The code with this name; `None` if there is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }
}

/// What went wrong at Microsoft, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its code.
    pub code: FailureCode,
    /// What happened.
    pub detail: String,
    /// The id by which Microsoft's support finds the request, if Microsoft gave one.
    pub request_id: Option<String>,
}

/// A voice routing policy of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its id at Microsoft; `None` if it was assigned by hand.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
}

/// What Teams has instead of what the service gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The number of the user, as Microsoft writes it.
    pub number: Option<String>,
    /// The name, or else the id, of the voice routing policy that the user was given.
    pub policy: Option<String>,
}

/// What a user is to have in Teams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The tenant.
    pub tenant: Tenant,
    /// The user there.
    pub teams_user: UserPrincipalName,
    /// Its number.
    pub number: Option<PhoneNumber>,
    /// The name of the voice routing policy of its route.
    pub policy_name: String,
    /// The id of that policy; `None` as long as the tenant does not have it.
    pub policy_id: Option<String>,
}

/// A user in Teams. It outlives the user until Microsoft has let go of what the user had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamsUser {
    /// The user.
    pub user: UserId,
    /// Its enterprise.
    pub account: AccountId,
    /// The tenant in which it is looked for, or has something.
    pub tenant: Tenant,
    /// The user there.
    pub teams_user: UserPrincipalName,
    /// How far it has come.
    pub state: State,
    /// How far the service has got, in the state [`State::Pending`].
    pub progress: Progress,
    /// Whether another number or policy may be taken away for it.
    pub replaces: bool,
    /// Its object id in the directory, once it was found.
    pub person: Option<Uuid>,
    /// The number that the service gave it, or is about to give it.
    pub number: Option<PhoneNumber>,
    /// The policy that the service gave it, or is about to give it.
    pub policy: Option<Policy>,
    /// The operation at Microsoft that assigns or takes back the number.
    pub operation: Option<String>,
    /// Until when a number that was asked for may still be assigned, although Microsoft does not show it yet.
    pub assigning_until: Option<Timestamp>,
    /// What it waits for.
    pub missing: Option<Missing>,
    /// Since when it has waited for that.
    pub waits_since: Timestamp,
    /// What Teams has instead of what it was given.
    pub found: Option<Found>,
    /// What went wrong last.
    pub failure: Option<Failure>,
    /// When it entered its state.
    pub since: Timestamp,
    /// The number of attempts in a row that have not got further.
    pub attempts: i32,
    /// When the service attempts the next step.
    pub due_at: Timestamp,
}

impl TeamsUser {
    /// A user that is to get its number and policy.
    #[must_use]
    pub fn requested(user: UserId, account: AccountId, wanted: &Wanted, replaces: bool, now: Timestamp) -> Self {
        Self {
            user,
            account,
            tenant: wanted.tenant.clone(),
            teams_user: wanted.teams_user.clone(),
            state: State::Pending,
            progress: Progress::Find,
            replaces,
            person: None,
            number: None,
            policy: None,
            operation: None,
            assigning_until: None,
            missing: None,
            waits_since: now,
            found: None,
            failure: None,
            since: now,
            attempts: 0,
            due_at: now,
        }
    }

    /// Whether it has, or is about to get, something at Microsoft.
    #[must_use]
    pub const fn holds_something(&self) -> bool {
        self.number.is_some() || self.policy.is_some()
    }

    /// Whether it was given things as another user, or in another tenant, than it is to have them now.
    #[must_use]
    pub fn has_moved(&self, wanted: &Wanted) -> bool {
        self.tenant != wanted.tenant || self.teams_user.canonical() != wanted.teams_user.canonical()
    }

    /// A number is about to be asked for, or was.
    #[must_use]
    pub fn asking_for_number(self, now: Timestamp) -> Self {
        Self { operation: None, assigning_until: Some(now + ASSIGNING), ..self }
    }

    /// Whether a number that Microsoft does not show may still be assigned.
    #[must_use]
    pub fn may_be_assigned(&self, now: Timestamp) -> bool {
        self.assigning_until.is_some_and(|until| now < until)
    }

    /// Whether nothing but the time of its next attempt has changed.
    #[must_use]
    pub fn differs_in_time_only(&self, before: &Self) -> bool {
        let Self { due_at, attempts, .. } = *before;
        Self { attempts, due_at, ..self.clone() } == *before
    }

    /// It is to get its number and policy, or to be looked at again now.
    pub fn apply(self, replaces: bool, now: Timestamp) -> Result<Self, Refusal> {
        match self.state {
            State::Releasing => Err(Refusal::WrongTeamsState { state: self.state.as_str(), command: "applied" }),
            State::Applied => Ok(Self { due_at: now, attempts: 0, ..self }),
            State::Pending if replaces == self.replaces && self.missing != Some(Missing::Grant) => {
                Ok(Self { due_at: now, attempts: 0, ..self })
            }
            _ => Ok(Self { replaces, ..self.restarted(State::Pending, now) }),
        }
    }

    /// Its number and policy are to be taken back.
    #[must_use]
    pub fn release(self, now: Timestamp) -> Self {
        match self.state {
            State::NotRequested | State::Releasing | State::Released => self,
            _ if self.holds_something() => self.restarted(State::Releasing, now),
            _ => Self { person: None, ..self.restarted(State::Released, now) },
        }
    }

    /// The settings of the user have changed: what it has in Teams has to follow, if it is there.
    #[must_use]
    pub fn follow(self, before: &Settings, after: &Settings, now: Timestamp) -> Self {
        let is_same = before.teams_user.canonical() == after.teams_user.canonical()
            && before.default_number == after.default_number
            && before.voice_route == after.voice_route;
        match self.state {
            State::Pending | State::Applied | State::Failed | State::Drifted if !is_same => {
                Self { replaces: false, ..self.restarted(State::Pending, now) }
            }
            _ => self,
        }
    }

    /// Somebody has done by hand what it waits for.
    pub fn confirm(self, wanted: Option<&Wanted>, now: Timestamp) -> Result<Self, Refusal> {
        match (self.state, wanted) {
            (State::Releasing, _) => {
                Ok(Self { number: None, policy: None, person: None, ..self.restarted(State::Released, now) })
            }
            (State::Pending | State::Failed | State::Drifted, Some(wanted)) => Ok(Self {
                person: self.person.filter(|_| !self.has_moved(wanted)),
                tenant: wanted.tenant.clone(),
                teams_user: wanted.teams_user.clone(),
                number: wanted.number.clone(),
                policy: Some(Policy { id: wanted.policy_id.clone(), name: wanted.policy_name.clone() }),
                ..self.restarted(State::Applied, now)
            }),
            _ => Err(Refusal::WrongTeamsState { state: self.state.as_str(), command: "confirmed" }),
        }
    }

    /// Begins with a state. What it has at Microsoft stays known.
    fn restarted(self, state: State, now: Timestamp) -> Self {
        Self {
            state,
            progress: Progress::Find,
            missing: None,
            waits_since: now,
            found: None,
            failure: None,
            since: now,
            attempts: 0,
            due_at: now,
            ..self
        }
    }
}

#[cfg(test)]
mod tests;
