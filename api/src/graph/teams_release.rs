//! Taking numbers and voice routing policies of users in Teams back (R14).

use domain::teams::{Failure, FailureCode, Missing, Outcome, Progress, RETRY_AFTER};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::client::Unanswered;
use super::teams_documents::{Configuration, NumberAssignment};
use super::teams_users::{NUMBERS, Steps, impossible, is_under_way, operation_of};

impl Steps<'_> {
    /// Takes the number back, then the policy. `is_followed`: somebody else needs the policy by now.
    pub(super) async fn let_go(&mut self, is_followed: bool) -> Result<Outcome, Unanswered> {
        match self.take_number_back().await? {
            Outcome::Done => {}
            other => return Ok(other),
        }
        if is_followed {
            self.user.policy = None;
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
        if self.user.progress != Progress::Check || self.user.attempts >= RETRY_AFTER {
            match self.change_policy("unassign", person, None).await {
                Ok(()) | Err(Unanswered::Refused { status: 404, .. }) => self.user.progress = Progress::Check,
                Err(other) => return Err(other),
            }
        }
        Ok(Outcome::Waits(Missing::Effect, None))
    }

    /// Takes the number back. Done once Microsoft says that the user no longer has it.
    pub(super) async fn take_number_back(&mut self) -> Result<Outcome, Unanswered> {
        let (Some(number), Some(person)) = (self.user.number.clone(), self.user.person) else {
            self.user.number = None;
            return Ok(Outcome::Done);
        };
        let found = self.number_assignment(number.as_str()).await?;
        let Some(found) = found.filter(|found| found.assignment_target_id == Some(person)) else {
            // It may be about to get it.
            if is_under_way(self.operation().await?.0.as_deref()) {
                return Ok(Outcome::Waits(Missing::Effect, None));
            }
            (self.user.number, self.user.operation) = (None, None);
            return Ok(Outcome::Done);
        };
        self.unassign(number.as_str().to_owned(), found).await
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
        match self.call(Method::POST, &format!("{NUMBERS}/numberAssignments/unassignNumber"), Some(&body)).await {
            Ok(reply) => {
                self.user.operation = operation_of(&reply);
                let failure = failed.map(|detail| Failure { code: FailureCode::Refused, detail, request_id: None });
                Ok(Outcome::Waits(Missing::Effect, failure))
            }
            // It may be gone, or on its way.
            Err(Unanswered::Refused { status: 404 | 409, .. }) => Ok(Outcome::Waits(Missing::Effect, None)),
            Err(other) => Err(other),
        }
    }
}
