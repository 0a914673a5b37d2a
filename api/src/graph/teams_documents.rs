//! What Microsoft Graph says of users in Teams and of their numbers, as JSON. Values that the service does not know are
//! kept as text, so that new ones break nothing.

use domain::direct_routing::POLICY_NAME_START;
use domain::limits::{FOUND_NUMBER_MAX, FOUND_POLICY_MAX};
use domain::values::phone_number::PhoneNumber;
use serde::Deserialize;
use uuid::Uuid;

use super::client::Reply;
use super::steps::{bare_name, is_same_policy};

/// The type of voice routing policies.
pub(super) const VOICE_ROUTING: &str = "OnlineVoiceRoutingPolicy";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Person {
    pub(super) id: Uuid,
    #[serde(default)]
    pub(super) assigned_plans: Vec<Plan>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Plan {
    pub(super) service_plan_id: Option<Uuid>,
    pub(super) capability_status: Option<String>,
}

/// What Teams says of a user.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Configuration {
    pub(super) is_enterprise_voice_enabled: Option<bool>,
    pub(super) telephone_numbers: Option<Vec<Number>>,
    pub(super) effective_policy_assignments: Option<Vec<PolicyAssignment>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Number {
    pub(super) telephone_number: Option<String>,
    pub(super) assignment_category: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PolicyAssignment {
    pub(super) policy_type: Option<String>,
    pub(super) policy_assignment: Option<AssignedPolicy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AssignedPolicy {
    pub(super) display_name: Option<String>,
    pub(super) assignment_type: Option<String>,
    pub(super) policy_id: Option<String>,
}

/// What Teams says of a number.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NumberAssignment {
    pub(super) telephone_number: Option<String>,
    pub(super) number_type: Option<String>,
    pub(super) activation_state: Option<String>,
    pub(super) assignment_target_id: Option<Uuid>,
    pub(super) number_source: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Operation {
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) numbers: Vec<NumberStatus>,
}

#[derive(Deserialize)]
pub(super) struct NumberStatus {
    pub(super) status: Option<String>,
    pub(super) message: Option<String>,
}

impl Configuration {
    /// The number by which the user is called first.
    pub(super) fn number(&self) -> Option<&str> {
        let all = self.telephone_numbers.iter().flatten();
        let is_primary = |number: &&Number| {
            let category = number.assignment_category.as_deref();
            category.is_none_or(|category| category.eq_ignore_ascii_case("primary"))
        };
        all.into_iter().find(is_primary)?.telephone_number.as_deref()
    }

    pub(super) fn has_number(&self, wanted: &PhoneNumber) -> bool {
        self.number().is_some_and(|number| is_same_number(number, wanted))
            && self.is_enterprise_voice_enabled != Some(false)
    }

    /// The voice routing policy that the user was given itself.
    pub(super) fn own_policy(&self) -> Option<&AssignedPolicy> {
        let is_own = |policy: &&AssignedPolicy| {
            policy.assignment_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("direct"))
        };
        self.policy().filter(is_own)
    }

    /// The voice routing policy that counts for the user, whoever it has it from.
    pub(super) fn policy(&self) -> Option<&AssignedPolicy> {
        let all = self.effective_policy_assignments.iter().flatten();
        let is_meant = |assignment: &&PolicyAssignment| {
            assignment.policy_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case(VOICE_ROUTING))
        };
        all.into_iter().find(is_meant)?.policy_assignment.as_ref()
    }
}

impl AssignedPolicy {
    pub(super) fn is(&self, id: Option<&str>, name: &str) -> bool {
        (id.is_some() && self.policy_id.as_deref() == id)
            || self.display_name.as_deref().is_some_and(|own| is_same_policy(own, name))
    }

    /// Whether it is one of those that the scripts of this service make, of any route.
    pub(super) fn is_of_this_service(&self) -> bool {
        self.display_name.as_deref().is_some_and(|name| bare_name(name).starts_with(&POLICY_NAME_START.to_lowercase()))
    }

    pub(super) fn shown(&self) -> Option<String> {
        let text = self.display_name.as_deref().or(self.policy_id.as_deref())?;
        Some(text.chars().filter(|c| !c.is_control()).take(FOUND_POLICY_MAX).collect())
    }
}

impl NumberAssignment {
    /// Whether Microsoft is just changing who has it.
    pub(super) fn is_changing(&self) -> bool {
        matches!(self.activation_state.as_deref(), Some("assignmentPending" | "updatePending"))
    }

    pub(super) fn is_on_premises(&self) -> bool {
        self.number_source.as_deref() == Some("onPremises")
    }
}

/// Microsoft writes numbers with `+` or without, and with an extension or not.
pub(super) fn is_same_number(found: &str, wanted: &PhoneNumber) -> bool {
    digits(found) == digits(wanted.as_str())
}

pub(super) fn digits(text: &str) -> String {
    let number = text.split(';').next().unwrap_or_default();
    number.chars().filter(char::is_ascii_digit).collect()
}

/// A number that Microsoft names, as it is shown.
pub(super) fn shown_number(number: &str) -> String {
    number.chars().filter(|c| !c.is_control()).take(FOUND_NUMBER_MAX).collect()
}

/// Whether an operation with this status still goes on. One that Microsoft does not know does not; a status that the
/// service does not know is waited out.
pub(super) fn is_under_way(status: Option<&str>) -> bool {
    !matches!(status, None | Some("succeeded" | "failed" | "skipped"))
}

/// The id of the operation that a reply points to.
pub(super) fn operation_of(reply: &Reply) -> Option<String> {
    let (_, rest) = reply.location.as_deref()?.rsplit_once("/operations")?;
    let id = rest.trim_matches(['(', ')', '\'', '/']);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=.~".contains(c);
    (!id.is_empty() && id.len() <= 256 && id.chars().all(is_plain)).then(|| id.to_owned())
}
