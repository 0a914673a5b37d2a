//! Taking numbers and voice routing policies of users in Teams back (R14).

use domain::teams::{Failure, FailureCode, Missing, Outcome, Progress, RETRY_AFTER};
use serde_json::json;
use uuid::Uuid;

use super::client::Unanswered;
use super::teams_documents::{Configuration, NumberAssignment, is_under_way, operation_of};
use super::teams_users::{NUMBERS, Steps, impossible};

impl Steps<'_> {
    /// Takes the number back, then the policy.
    pub(super) async fn let_go(&mut self) -> Result<Outcome, Unanswered> {
        match self.take_number_back().await? {
            Outcome::Done => {}
            other => return Ok(other),
        }
        let (Some(policy), Some(person)) = (&self.user.policy, self.user.person) else {
            self.user.policy = None;
            return Ok(Outcome::Done);
        };
        let configuration = self.configuration(person).await?;
        let own = configuration.as_ref().and_then(Configuration::own_policy);
        if !own.is_some_and(|own| own.is(policy.id.as_deref(), &policy.name)) {
            self.user.policy = None;
            return Ok(Outcome::Done);
        }
        if self.user.missing == Some(Missing::Grant) {
            return Ok(Outcome::Waits(Missing::Grant, Some(self.policy_refused())));
        }
        if self.user.progress != Progress::Revoke || self.user.attempts >= RETRY_AFTER {
            let refused = match self.change_policy("unassign", person, None).await {
                Ok(()) | Err(Unanswered::Refused { status: 404, .. }) => None,
                Err(error) => Some(self.refused_policy(error).await?),
            };
            self.user.progress = Progress::Revoke;
            if let Some(outcome) = refused {
                return Ok(outcome);
            }
        }
        Ok(Outcome::Waits(Missing::Effect, None))
    }

    /// Takes the number back. Done once Microsoft says that the user no longer has it, and can't get it any more.
    pub(super) async fn take_number_back(&mut self) -> Result<Outcome, Unanswered> {
        if self.user.holds_something() && self.user.person.is_none() {
            // What it has was confirmed by hand.
            self.user.person = self.person(&self.user.teams_user).await?.map(|person| person.id);
        }
        let (Some(number), Some(person)) = (self.user.number.clone(), self.user.person) else {
            // Nobody has its name in the tenant: whoever had it is gone, and its number with it.
            self.user.number = None;
            return Ok(Outcome::Done);
        };
        let found = self.number_assignment(number.as_str()).await?;
        match found {
            Some(found) if found.assignment_target_id == Some(person) => {
                self.unassign(number.as_str().to_owned(), found).await
            }
            Some(found) if found.assignment_target_id.is_none() && found.is_changing() => {
                Ok(Outcome::Waits(Missing::Effect, None))
            }
            Some(found) if found.assignment_target_id.is_some() => Ok(self.number_is_back()),
            _ => {
                // It may be about to get it, also if Microsoft says that it has got it.
                let status = self.operation().await?.0;
                let is_refused = matches!(status.as_deref(), Some("failed" | "skipped"));
                if is_under_way(status.as_deref()) || (!is_refused && self.user.may_be_assigned(self.now)) {
                    return Ok(Outcome::Waits(Missing::Effect, None));
                }
                Ok(self.number_is_back())
            }
        }
    }

    fn number_is_back(&mut self) -> Outcome {
        (self.user.number, self.user.operation, self.user.assigning_until) = (None, None, None);
        Outcome::Done
    }

    /// Takes a number away that the service did not give.
    pub(super) async fn take_away(&mut self, number: String, person: Uuid) -> Result<Outcome, Unanswered> {
        let found = self.number_assignment(&number).await?;
        match found.filter(|found| found.assignment_target_id == Some(person)) {
            Some(found) => self.unassign(number, found).await,
            None => Ok(Outcome::Waits(Missing::Effect, None)),
        }
    }

    async fn unassign(&mut self, number: String, found: NumberAssignment) -> Result<Outcome, Unanswered> {
        if found.is_on_premises() {
            let detail = "The number is managed in the tenant's local directory.".to_owned();
            return Ok(impossible(FailureCode::NumberOnPremises, detail));
        }
        let (status, failed) = self.operation().await?;
        if is_under_way(status.as_deref()) {
            return Ok(Outcome::Waits(Missing::Effect, None));
        }
        let kind = found.number_type.unwrap_or_else(|| "directRouting".to_owned());
        let body = json!({"telephoneNumber": number, "numberType": kind});
        match self.post(&format!("{NUMBERS}/numberAssignments/unassignNumber"), &body).await {
            Ok(reply) => {
                (self.user.operation, self.user.assigning_until) = (operation_of(&reply), None);
                let failure = failed.map(|detail| Failure { code: FailureCode::Refused, detail, request_id: None });
                Ok(Outcome::Waits(Missing::Effect, failure))
            }
            // It may be gone, or on its way.
            Err(Unanswered::Refused { status: 404 | 409, .. }) => Ok(Outcome::Waits(Missing::Effect, None)),
            Err(other) => Err(other),
        }
    }
}
