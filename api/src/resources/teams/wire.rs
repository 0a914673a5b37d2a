//! JSON of users in Teams.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::teams::{self, FailureCode, Found, Next, State, TeamsUser};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::http::{Valid, field};
use crate::resources::direct_routing::wire::ResponsibleParty;
use crate::shown;

/// How far a user has come in Teams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TeamsState {
    /// Nobody has asked for it: the user has nothing in Teams from this service.
    NotRequested,
    /// It is to get its number and voice routing policy. `next` says what it waits for.
    Pending,
    /// It has its number and policy in Teams.
    Applied,
    /// It can't get them as things are: `failure` tells why.
    Failed,
    /// It had them, and somebody changed them in Teams: `found` says what it has there.
    Drifted,
    /// Number and policy are being taken back. Nobody else can have the number yet.
    Releasing,
    /// Number and policy were taken back.
    Released,
}

impl From<State> for TeamsState {
    fn from(state: State) -> Self {
        match state {
            State::NotRequested => Self::NotRequested,
            State::Pending => Self::Pending,
            State::Applied => Self::Applied,
            State::Failed => Self::Failed,
            State::Drifted => Self::Drifted,
            State::Releasing => Self::Releasing,
            State::Released => Self::Released,
        }
    }
}

/// Why something did not work at Microsoft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TeamsFailureCode {
    /// The tenant has no user with this sign-in name.
    UserNotFound,
    /// The sign-in name is in another domain than the enterprise's e-mail address, in a tenant that several enterprises
    /// share.
    OtherDomain,
    /// The user has another number in Teams, which this service did not give it.
    OtherNumber,
    /// The user was given another voice routing policy in Teams, which this service did not give it.
    OtherPolicy,
    /// The number belongs to somebody else in Teams.
    NumberTaken,
    /// The number is managed in the tenant's local directory, so that it can't be assigned in Teams.
    NumberOnPremises,
    /// Microsoft Graph does not assign voice routing policies here. An administrator has to.
    PolicyRefused,
    /// Microsoft Graph refused a request.
    Refused,
    /// Microsoft Graph could not be reached, or gave invalid responses. The service tries again.
    Unreachable,
    /// What others had to do was not done in time.
    TimedOut,
}

impl From<FailureCode> for TeamsFailureCode {
    fn from(code: FailureCode) -> Self {
        match code {
            FailureCode::UserNotFound => Self::UserNotFound,
            FailureCode::OtherDomain => Self::OtherDomain,
            FailureCode::OtherNumber => Self::OtherNumber,
            FailureCode::OtherPolicy => Self::OtherPolicy,
            FailureCode::NumberTaken => Self::NumberTaken,
            FailureCode::NumberOnPremises => Self::NumberOnPremises,
            FailureCode::PolicyRefused => Self::PolicyRefused,
            FailureCode::Refused => Self::Refused,
            FailureCode::Unreachable => Self::Unreachable,
            FailureCode::TimedOut => Self::TimedOut,
        }
    }
}

/// What went wrong at Microsoft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"code": "other_number", "detail": "The user has the number +4930901899 in Teams.", "request_id": null}))]
pub struct TeamsFailure {
    /// Its code.
    pub code: TeamsFailureCode,
    /// What happened, in plain English.
    #[schema(value_type = shown::RouteError)]
    pub detail: String,
    /// The id by which Microsoft's support finds the request; `null` if there is none.
    #[schema(value_type = Option<shown::MicrosoftRequestId>)]
    pub request_id: Option<String>,
}

/// The next step of a user in Teams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"step": "assign_licence", "by": "enterprise", "detail": "Give the user a licence with Teams Phone in the Microsoft 365 admin center. The service notices it."}))]
pub struct TeamsNextStep {
    /// The step: `apply`, `create_user`, `assign_licence`, `run_script`, `grant_policy`, `give_consent`, `wait`,
    /// `apply_again`, `decide` or `confirm`.
    #[schema(value_type = shown::Label)]
    pub step: &'static str,
    /// Who must take the step.
    pub by: ResponsibleParty,
    /// Instructions in plain English.
    #[schema(value_type = shown::Detail)]
    pub detail: String,
}

impl From<Next> for TeamsNextStep {
    fn from(Next { step, by, detail }: Next) -> Self {
        Self { step: step.as_str(), by: by.into(), detail }
    }
}

/// What a user has in Teams instead of what this service gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"number": "+4930901899", "policy": "Global"}))]
pub struct FoundInTeams {
    /// Its number, as Teams shows it; `null` if it has none.
    #[schema(value_type = Option<shown::FoundNumber>)]
    pub number: Option<String>,
    /// The name, or else the id, of its voice routing policy; `null` if it has none.
    #[schema(value_type = Option<shown::FoundPolicy>)]
    pub policy: Option<String>,
}

/// What a user has in Teams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"state": "applied", "in_directory": true, "teams_user_id": "5c802b19-3600-43f1-9767-7b9edc7f38ab", "number": "+4930901820", "policy": "TeamMate kiosk.emea.teammate.example", "found": null, "failure": null, "next": null}))]
pub struct UserInTeams {
    /// How far it has come.
    pub state: TeamsState,
    /// Whether the tenant's directory has it, and offers it among `GET /enterprises/{enterprise_id}/teams-users`; `null` as
    /// long as the service has not read the directory to its end. If it is `false`, check `teams_user`.
    #[schema(example = true)]
    pub in_directory: Option<bool>,
    /// Its object id in the tenant's directory; `null` until it was found.
    #[schema(value_type = Option<shown::Uuid>)]
    pub teams_user_id: Option<Uuid>,
    /// The number that this service gave it in Teams, or is about to give it; `null` if there is none. While it is not
    /// `null`, no other user can have the number.
    #[schema(value_type = Option<shown::PhoneNumber>)]
    pub number: Option<String>,
    /// The name of the voice routing policy that this service gave it, or is about to give it; `null` if there is none.
    #[schema(value_type = Option<shown::PolicyName>)]
    pub policy: Option<String>,
    /// What it has in Teams instead, if it is `drifted`; otherwise `null`.
    pub found: Option<FoundInTeams>,
    /// What went wrong last; `null` if nothing did.
    pub failure: Option<TeamsFailure>,
    /// The next step and who must take it; `null` once it has what it should have.
    pub next: Option<TeamsNextStep>,
    /// When the service next does something about it by itself; `null` if it does not. The `ETag` does not change with
    /// this time.
    pub next_attempt_at: Option<DateTime<Utc>>,
}

impl UserInTeams {
    /// The JSON of a user in Teams; `None` is one for whom nobody has asked. `in_directory` says whether the tenant's
    /// directory has it, `automatic` says whether the service takes the
    /// steps itself.
    #[must_use]
    pub fn view(user: Option<&TeamsUser>, in_directory: Option<bool>, automatic: bool) -> Self {
        let Some(user) = user else {
            let next = Next::of_new();
            return Self {
                state: TeamsState::NotRequested,
                in_directory,
                teams_user_id: None,
                number: None,
                policy: None,
                found: None,
                failure: None,
                next: Some(next.into()),
                next_attempt_at: None,
            };
        };
        let failure = |failure: &teams::Failure| TeamsFailure {
            code: failure.code.into(),
            detail: failure.detail.clone(),
            request_id: failure.request_id.clone(),
        };
        let found = |Found { number, policy }: &Found| FoundInTeams { number: number.clone(), policy: policy.clone() };
        let acts =
            automatic && matches!(user.state, State::Pending | State::Applied | State::Drifted | State::Releasing);
        Self {
            state: user.state.into(),
            in_directory,
            teams_user_id: user.person,
            number: user.number.as_ref().map(|number| number.as_str().to_owned()),
            policy: user.policy.as_ref().map(|policy| policy.name.clone()),
            found: user.found.as_ref().map(found),
            failure: user.failure.as_ref().map(failure),
            next: user.next(automatic).map(Into::into),
            next_attempt_at: acts.then_some(user.due_at),
        }
    }
}

/// How many users of an enterprise are in which state in Teams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"not_requested": 0, "pending": 118, "applied": 240, "failed": 2, "drifted": 0, "releasing": 0, "released": 0}))]
pub struct TeamsCounts {
    /// For whom nobody has asked.
    #[schema(value_type = shown::Counted)]
    pub not_requested: i64,
    /// That are to get their number and policy.
    #[schema(value_type = shown::Counted)]
    pub pending: i64,
    /// That have their number and policy.
    #[schema(value_type = shown::Counted)]
    pub applied: i64,
    /// That can't get them as things are.
    #[schema(value_type = shown::Counted)]
    pub failed: i64,
    /// That were changed in Teams.
    #[schema(value_type = shown::Counted)]
    pub drifted: i64,
    /// Whose number and policy are being taken back.
    #[schema(value_type = shown::Counted)]
    pub releasing: i64,
    /// Whose number and policy were taken back.
    #[schema(value_type = shown::Counted)]
    pub released: i64,
}

impl TeamsCounts {
    /// The JSON of these counts.
    #[must_use]
    pub fn view(counts: &HashMap<State, i64>) -> Self {
        let of = |state| counts.get(&state).copied().unwrap_or_default();
        Self {
            not_requested: of(State::NotRequested),
            pending: of(State::Pending),
            applied: of(State::Applied),
            failed: of(State::Failed),
            drifted: of(State::Drifted),
            releasing: of(State::Releasing),
            released: of(State::Released),
        }
    }
}

/// What became of asking for all users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"requested": 118, "counts": {"not_requested": 0, "pending": 118, "applied": 240, "failed": 0, "drifted": 0, "releasing": 0, "released": 0}}))]
pub struct AppliedToAll {
    /// How many users are now to get their number and policy because of this request.
    #[schema(value_type = shown::Counted)]
    pub requested: i64,
    /// How many users are in which state afterwards.
    pub counts: TeamsCounts,
}

/// How to apply users in Teams.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"replace": false}))]
pub struct ApplyInTeams {
    /// Whether another number or voice routing policy that a user has in Teams is taken away for it. Left out, or `false`:
    /// the user fails with `other_number` or `other_policy` instead, and keeps what it has.
    replace: field::Flag,
}

/// Whether what a user has in Teams may be taken away.
#[derive(Debug, Clone, Copy)]
pub struct Replace(pub bool);

impl From<Valid<ApplyInTeams>> for Replace {
    fn from(request: Valid<ApplyInTeams>) -> Self {
        let ApplyInTeams { replace } = request.into_inner();
        Self(replace.given().unwrap_or(false))
    }
}
