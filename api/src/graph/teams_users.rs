//! Numbers and voice routing policies of users, assigned in Teams and taken back through Microsoft Graph (R14).
//!
//! Everything can be asked for again after a crash: what the service is about to give is stored before, and what a user
//! has is read back before it counts.

use chrono::TimeDelta;
use domain::Timestamp;
use domain::teams::{Failure, FailureCode, Found, Missing, Outcome, Policy, Progress, RETRY_AFTER};
use domain::teams::{State, TeamsUser, Wanted};
use domain::values::phone_number::PhoneNumber;
use domain::values::user_principal_name::UserPrincipalName;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Graph, Reply, Unanswered};
use super::consent::POLICY_PERMISSION;
use super::teams_documents::{
    AssignedPolicy, Configuration, NumberAssignment, Operation, Person, Plan, VOICE_ROUTING, digits, is_same_number,
    is_under_way, operation_of, shown_number,
};

/// The shortest pause that Microsoft can ask for.
const PAUSE_MIN: TimeDelta = TimeDelta::seconds(1);
/// The longest one.
const PAUSE_MAX: TimeDelta = TimeDelta::days(1);
pub(super) const NUMBERS: &str = "/admin/teams/telephoneNumberManagement";

/// What came of an attempt: the user as far as it has got, and the outcome.
#[derive(Debug)]
pub struct Attempt {
    /// The user with what was found or given, also if the attempt failed then.
    pub user: TeamsUser,
    /// What came of the attempt; `None` if Microsoft asks to be left alone for a while.
    pub outcome: Option<Outcome>,
    /// For how long Microsoft asks to be left alone about the whole tenant.
    pub pause: Option<TimeDelta>,
}

/// Attempts what a user needs next. `wanted` is `None` if the user was deleted.
pub async fn attempt(graph: &Graph, user: TeamsUser, wanted: Option<&Wanted>, now: Timestamp) -> Attempt {
    let mut steps = Steps { graph, user, now };
    let outcome = match (steps.user.state, wanted) {
        (State::Pending, Some(wanted)) if steps.user.has_moved(wanted) => match steps.let_go().await {
            Ok(Outcome::Done) => {
                steps.user = steps.user.moved_to(wanted);
                Ok(Outcome::Advanced)
            }
            other => other,
        },
        (State::Pending, Some(wanted)) => steps.apply(wanted).await,
        (State::Applied | State::Drifted, Some(wanted)) => steps.look(wanted).await,
        (State::Releasing, _) => steps.let_go().await,
        // Users that wait, or have something, have a route, unless they are being released.
        _ => Ok(Outcome::Waits(Missing::Effect, None)),
    };
    let Steps { user, .. } = steps;
    match outcome {
        Ok(outcome) => Attempt { user, outcome: Some(outcome), pause: None },
        Err(Unanswered::Trouble { retry_after: Some(pause), .. }) => {
            Attempt { user, outcome: None, pause: Some(pause.clamp(PAUSE_MIN, PAUSE_MAX)) }
        }
        Err(unanswered) => Attempt { user, outcome: Some(judge(unanswered)), pause: None },
    }
}

/// What a failed request means, where its step does not know better.
fn judge(unanswered: Unanswered) -> Outcome {
    match unanswered {
        Unanswered::Trouble { detail, .. } => Outcome::Trouble(detail),
        Unanswered::Refused { status: 403, detail, request_id, .. } => {
            let code = FailureCode::Refused;
            Outcome::Waits(Missing::Consent, Some(Failure { code, detail, request_id }))
        }
        // What was just made may not be found everywhere yet, or found already.
        Unanswered::Refused { status: 404, detail, .. } | Unanswered::Refused { is_conflict: true, detail, .. } => {
            Outcome::Trouble(detail)
        }
        Unanswered::Refused { detail, request_id, .. } => {
            Outcome::Impossible(Failure { code: FailureCode::Refused, detail, request_id })
        }
    }
}

pub(super) fn impossible(code: FailureCode, detail: String) -> Outcome {
    Outcome::Impossible(Failure { code, detail, request_id: None })
}

/// An attempt at a user.
pub(super) struct Steps<'a> {
    pub(super) graph: &'a Graph,
    pub(super) user: TeamsUser,
    pub(super) now: Timestamp,
}

impl Steps<'_> {
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Reply, Unanswered> {
        self.graph.call(&self.user.tenant, Method::POST, path, Some(body), self.now).await
    }

    async fn find_object<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Unanswered> {
        self.graph.find(&self.user.tenant, path, self.now).await
    }

    /// Gives the user its number and its policy, as far as it has not got them.
    async fn apply(&mut self, wanted: &Wanted) -> Result<Outcome, Unanswered> {
        if self.user.number.is_some() && self.user.number != wanted.number {
            // It keeps its old number until Microsoft has let go of it.
            return match self.take_number_back().await? {
                Outcome::Done => Ok(Outcome::Advanced),
                other => Ok(other),
            };
        }
        loop {
            let outcome = match self.user.progress {
                Progress::Find | Progress::Revoke => self.find(wanted).await?,
                Progress::Compare => return self.compare(wanted).await,
                Progress::AssignNumber => self.assign_number(wanted).await?,
                Progress::GrantPolicy => self.grant_policy(wanted).await?,
                Progress::Check => return self.check(wanted).await,
            };
            if let Some(outcome) = outcome {
                return Ok(outcome);
            }
        }
    }

    /// The user with its name in the tenant; `None` if there is none.
    pub(super) async fn person(&self, name: &UserPrincipalName) -> Result<Option<Person>, Unanswered> {
        let name = utf8_percent_encode(name.canonical(), NON_ALPHANUMERIC);
        self.find_object(&format!("/users/{name}?$select=id,assignedPlans")).await
    }

    /// Finds the user. `None` if it is there and has a licence.
    async fn find(&mut self, wanted: &Wanted) -> Result<Option<Outcome>, Unanswered> {
        let Some(person) = self.person(&wanted.teams_user).await? else {
            return Ok(Some(Outcome::Waits(Missing::User, None)));
        };
        if self.user.holds_something() && self.user.person.is_some_and(|known| known != person.id) {
            // The name belongs to somebody else by now. Who had it gives back what it got.
            return match self.let_go().await? {
                Outcome::Done => {
                    (self.user.person, self.user.progress) = (None, Progress::Find);
                    Ok(Some(Outcome::Advanced))
                }
                other => Ok(Some(other)),
            };
        }
        if !person.assigned_plans.iter().any(Plan::is_enabled_phone) {
            return Ok(Some(Outcome::Waits(Missing::Licence, None)));
        }
        (self.user.person, self.user.progress) = (Some(person.id), Progress::Compare);
        Ok(None)
    }

    /// Compares what the user has with what it is to have. What it is about to get is noted, to be stored before it is given.
    async fn compare(&mut self, wanted: &Wanted) -> Result<Outcome, Unanswered> {
        let Some(person) = self.user.person else {
            self.user.progress = Progress::Find;
            return Ok(Outcome::Advanced);
        };
        let Some(configuration) = self.configuration(person).await? else {
            self.user.progress = Progress::Find;
            return Ok(Outcome::Waits(Missing::Effect, None));
        };
        if let (Some(number), Some(own)) = (configuration.number(), &wanted.number)
            && !is_same_number(number, own)
        {
            if !self.user.replaces {
                let detail = format!("The user has the number {} in Teams.", shown_number(number));
                return Ok(impossible(FailureCode::OtherNumber, detail));
            }
            return self.take_away(number.to_owned(), person).await;
        }
        let Some(policy_id) = &wanted.policy_id else { return Ok(Outcome::Waits(Missing::Policy, None)) };
        let has_policy = configuration.policy().is_some_and(|policy| policy.is(Some(policy_id), &wanted.policy_name));
        if let Some(other) = self.foreign_policy(&configuration).filter(|_| !has_policy) {
            return Ok(other);
        }
        self.user.number.clone_from(&wanted.number);
        self.user.policy = Some(Policy { id: Some(policy_id.clone()), name: wanted.policy_name.clone() });
        self.user.progress = match &wanted.number {
            Some(number) if !configuration.has_number(number) => Progress::AssignNumber,
            _ if !has_policy => Progress::GrantPolicy,
            _ => Progress::Check,
        };
        if self.user.progress == Progress::AssignNumber {
            self.user = self.user.clone().asking_for_number(self.now);
        }
        if self.user.progress == Progress::Check { Ok(Outcome::Done) } else { Ok(Outcome::Advanced) }
    }

    /// Asks for the number. `None` if Microsoft accepts that, or does it already.
    async fn assign_number(&mut self, wanted: &Wanted) -> Result<Option<Outcome>, Unanswered> {
        let (Some(number), Some(person)) = (&wanted.number, self.user.person) else {
            self.user.progress = Progress::GrantPolicy;
            return Ok(None);
        };
        let body = json!({
            "telephoneNumber": number.as_str(),
            "assignmentTargetId": person,
            "numberType": "directRouting",
            "assignmentCategory": "primary",
        });
        let asked = self.post(&format!("{NUMBERS}/numberAssignments/assignNumber"), &body).await;
        let mut operation = None;
        match asked {
            Ok(reply) => operation = operation_of(&reply),
            // An interrupted attempt may have asked for it.
            Err(Unanswered::Refused { status: 409, .. } | Unanswered::Refused { is_conflict: true, .. }) => {}
            Err(Unanswered::Refused { status: 400 | 404, detail, request_id, .. }) => {
                let failure = Failure { code: FailureCode::Refused, detail, request_id };
                if let Some(outcome) = self.why_not(number, person, failure).await? {
                    return Ok(Some(outcome));
                }
            }
            Err(other) => return Err(other),
        }
        let asking = self.user.clone().asking_for_number(self.now);
        self.user = TeamsUser { operation, progress: Progress::GrantPolicy, ..asking };
        Ok(None)
    }

    /// Why a number could not be assigned; `None` if the user has it.
    async fn why_not(
        &self,
        number: &PhoneNumber,
        person: Uuid,
        failure: Failure,
    ) -> Result<Option<Outcome>, Unanswered> {
        let because = |code| Some(Outcome::Impossible(Failure { code, ..failure.clone() }));
        Ok(match self.number_assignment(number.as_str()).await? {
            Some(NumberAssignment { assignment_target_id: Some(holder), .. }) if holder == person => None,
            Some(found) if found.is_changing() => None,
            Some(NumberAssignment { assignment_target_id: Some(_), .. }) => because(FailureCode::NumberTaken),
            Some(found) if found.is_on_premises() => because(FailureCode::NumberOnPremises),
            _ => because(FailureCode::Refused),
        })
    }

    /// Gives the user the policy. `None` if Microsoft accepts that.
    async fn grant_policy(&mut self, wanted: &Wanted) -> Result<Option<Outcome>, Unanswered> {
        let (Some(policy), Some(person)) = (&wanted.policy_id, self.user.person) else {
            return Ok(Some(Outcome::Waits(Missing::Policy, None)));
        };
        self.user.progress = Progress::Check;
        match self.change_policy("assign", person, Some(policy)).await {
            Ok(()) => Ok(Some(Outcome::Waits(Missing::Effect, None))),
            Err(error) => match self.refused_policy(error).await {
                Ok(outcome) => Ok(Some(outcome)),
                Err(other) => {
                    self.user.progress = Progress::GrantPolicy;
                    Err(other)
                }
            },
        }
    }

    /// What it means that Microsoft refused to change a policy: that it does not do so, unless a permission is missing.
    pub(super) async fn refused_policy(&self, error: Unanswered) -> Result<Outcome, Unanswered> {
        let Unanswered::Refused { status: status @ (400 | 403), detail, request_id, .. } = error else {
            return Err(error);
        };
        let granted = self.graph.permissions(&self.user.tenant).await;
        let lacks = granted.is_none_or(|granted| !granted.iter().any(|name| name == POLICY_PERMISSION));
        let (code, missing) = if status == 403 && lacks {
            (FailureCode::Refused, Missing::Consent)
        } else {
            (FailureCode::PolicyRefused, Missing::Grant)
        };
        Ok(Outcome::Waits(missing, Some(Failure { code, detail, request_id })))
    }

    /// Checks whether number and policy have taken effect.
    async fn check(&mut self, wanted: &Wanted) -> Result<Outcome, Unanswered> {
        let Some(person) = self.user.person else {
            self.user.progress = Progress::Find;
            return Ok(Outcome::Advanced);
        };
        let configuration = self.configuration(person).await?;
        let has = |number: &PhoneNumber| configuration.as_ref().is_some_and(|found| found.has_number(number));
        if let Some(number) = wanted.number.as_ref().filter(|number| !has(number)) {
            let asked = self.ask_for_number(number, person).await?;
            let has_to_be_granted = self.user.missing == Some(Missing::Grant);
            return Ok(match asked {
                Outcome::Waits(Missing::Effect, None) if has_to_be_granted => {
                    Outcome::Waits(Missing::Grant, Some(self.policy_refused()))
                }
                other => other,
            });
        }
        let policy = configuration.as_ref().and_then(Configuration::policy);
        if policy.is_some_and(|policy| policy.is(wanted.policy_id.as_deref(), &wanted.policy_name)) {
            self.user.operation = None;
            return Ok(Outcome::Done);
        }
        if self.user.missing == Some(Missing::Grant) {
            return Ok(Outcome::Waits(Missing::Grant, Some(self.policy_refused())));
        }
        if self.user.attempts >= RETRY_AFTER {
            if let Some(other) = configuration.as_ref().and_then(|found| self.foreign_policy(found)) {
                return Ok(other);
            }
            return Ok(self.grant_policy(wanted).await?.unwrap_or(Outcome::Waits(Missing::Effect, None)));
        }
        Ok(Outcome::Waits(Missing::Effect, None))
    }

    /// That the user was given a policy which this service did not make, and which it may not replace.
    fn foreign_policy(&self, configuration: &Configuration) -> Option<Outcome> {
        let other = configuration.own_policy().filter(|other| !self.user.replaces && !other.is_of_this_service())?;
        let detail = format!("The user was given the policy {} in Teams.", other.shown().unwrap_or_default());
        Some(impossible(FailureCode::OtherPolicy, detail))
    }

    /// That Microsoft does not change the policy, as it was said when it was asked for.
    pub(super) fn policy_refused(&self) -> Failure {
        let known = self.user.failure.clone().filter(|failure| failure.code == FailureCode::PolicyRefused);
        known.unwrap_or_else(|| Failure {
            code: FailureCode::PolicyRefused,
            detail: "Microsoft Graph did not change the voice routing policy.".to_owned(),
            request_id: None,
        })
    }

    /// Asks what became of a number that the user was to get, and does not have yet.
    async fn ask_for_number(&mut self, number: &PhoneNumber, person: Uuid) -> Result<Outcome, Unanswered> {
        let (status, failed) = self.operation().await?;
        if let Some(detail) = failed {
            let failure = Failure { code: FailureCode::Refused, detail, request_id: None };
            let outcome = self.why_not(number, person, failure).await?;
            return Ok(outcome.unwrap_or(Outcome::Waits(Missing::Effect, None)));
        }
        if !is_under_way(status.as_deref()) {
            let found = self.number_assignment(number.as_str()).await?;
            match found.as_ref().and_then(|found| found.assignment_target_id) {
                Some(holder) if holder == person => {}
                Some(_) => {
                    let detail = format!("Somebody else has the number {} in Teams.", number.as_str());
                    return Ok(impossible(FailureCode::NumberTaken, detail));
                }
                None if found.as_ref().is_some_and(NumberAssignment::is_changing) => {}
                None if self.user.may_be_assigned(self.now) => {}
                // It was never asked for, as far as Microsoft is concerned. Somebody may have changed the user since.
                None => (self.user.progress, self.user.operation) = (Progress::Compare, None),
            }
            if found.is_some_and(|found| found.activation_state.as_deref() == Some("assignmentFailed")) {
                let detail = format!("Microsoft could not assign the number {}.", number.as_str());
                return Ok(impossible(FailureCode::Refused, detail));
            }
        }
        Ok(Outcome::Waits(Missing::Effect, None))
    }

    /// The status of the operation under way, if there is one that Microsoft knows, and why it failed if it has.
    pub(super) async fn operation(&self) -> Result<(Option<String>, Option<String>), Unanswered> {
        let Some(id) = &self.user.operation else { return Ok((None, None)) };
        let found: Option<Operation> = self.find_object(&format!("{NUMBERS}/operations('{id}')")).await?;
        let Some(operation) = found else { return Ok((None, None)) };
        let is_failed = |status: &Option<String>| status.as_deref() == Some("failed");
        let failed = operation.numbers.iter().find(|number| is_failed(&number.status));
        let failed = (is_failed(&operation.status) || failed.is_some()).then(|| {
            let message = failed.and_then(|number| number.message.clone()).unwrap_or_default();
            let message: String = message.chars().filter(|c| !c.is_control()).take(300).collect();
            format!("Microsoft could not change the number. {message}").trim_end().to_owned()
        });
        Ok((operation.status, failed))
    }

    /// Looks at a user that has what it should have, or has had it.
    async fn look(&mut self, wanted: &Wanted) -> Result<Outcome, Unanswered> {
        if self.user.person.is_none() {
            // It was confirmed by hand.
            self.user.person = self.person(&wanted.teams_user).await?.map(|person| person.id);
        }
        let Some(person) = self.user.person else { return Ok(Outcome::Drifted(Found::default())) };
        let configuration = self.configuration(person).await?;
        let number = configuration.as_ref().and_then(Configuration::number);
        let has_number = match (&wanted.number, &configuration) {
            (Some(wanted), Some(found)) => found.has_number(wanted),
            (None, _) => true,
            (Some(_), None) => false,
        };
        let policy = configuration.as_ref().and_then(Configuration::policy);
        let has_policy = policy.is_some_and(|policy| policy.is(wanted.policy_id.as_deref(), &wanted.policy_name));
        if has_number && has_policy {
            return Ok(Outcome::Done);
        }
        let found = Found { number: number.map(shown_number), policy: policy.and_then(AssignedPolicy::shown) };
        Ok(Outcome::Drifted(found))
    }

    /// What Teams says of a user; `None` if it does not know the user.
    pub(super) async fn configuration(&self, person: Uuid) -> Result<Option<Configuration>, Unanswered> {
        self.find_object(&format!("/admin/teams/userConfigurations/{person}")).await
    }

    /// What Teams says of a number; `None` if it does not know the number.
    pub(super) async fn number_assignment(&self, number: &str) -> Result<Option<NumberAssignment>, Unanswered> {
        let encoded = utf8_percent_encode(number, NON_ALPHANUMERIC);
        let path = format!("{NUMBERS}/numberAssignments?$filter=telephoneNumber%20eq%20'{encoded}'");
        let found: Result<Vec<NumberAssignment>, _> = self.graph.list(&self.user.tenant, &path, self.now).await;
        let is_meant = |found: &NumberAssignment| {
            found.telephone_number.as_deref().is_some_and(|own| digits(own) == digits(number))
        };
        match found {
            Ok(found) => Ok(found.into_iter().find(is_meant)),
            Err(Unanswered::Refused { status: 404, .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }

    pub(super) async fn change_policy(
        &self,
        action: &str,
        person: Uuid,
        policy: Option<&String>,
    ) -> Result<(), Unanswered> {
        let mut change = json!({
            "@odata.type": "#microsoft.graph.teamsAdministration.teamsPolicyUserAssignment",
            "userId": person, "policyType": VOICE_ROUTING,
        });
        if let Some(policy) = policy {
            change["policyId"] = json!(policy);
        }
        let path = format!("/admin/teams/policy/userAssignments/{action}");
        self.post(&path, &json!({"value": [change]})).await.map(drop)
    }
}
