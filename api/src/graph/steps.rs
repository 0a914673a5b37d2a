//! The steps of a route as calls of Microsoft Graph: the domain, its verification record, its anchor user
//! and its voice routing policy.

use domain::Timestamp;
use domain::direct_routing::{Anchor, Failure, Link, Outcome, Stage, policy_name};
use domain::enterprise::Country;
use domain::limits::VOICE_POLICY_ID_MAX;
use domain::values::route_domain::VerificationTxt;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::anchor::{AnchorSteps, Domain};
use super::client::{Graph, Unanswered};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DnsRecord {
    record_type: String,
    #[serde(default)]
    text: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Policy {
    /// Its name, with `Tag:` in front or not.
    #[serde(default)]
    name: Option<String>,
    policy_id: String,
}

/// Whether two names are those of one policy.
pub(super) fn is_same_policy(one: &str, other: &str) -> bool {
    bare_name(one) == bare_name(other)
}

/// The name of a policy as it is compared: Microsoft writes `Tag:` in front of some, and ignores case.
pub(super) fn bare_name(name: &str) -> String {
    let tagged = name.split_at_checked(4).filter(|(tag, _)| tag.eq_ignore_ascii_case("Tag:"));
    tagged.map_or(name, |(_, name)| name).to_lowercase()
}

/// What there is to do for a route.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// The domain and tenant of the route.
    pub link: &'a Link,
    /// What the route waits for; `None` if it is established.
    pub stage: Option<&'a Stage>,
    /// The anchor user, as far as it is known.
    pub anchor: Option<Anchor>,
    /// The id of the voice routing policy, as far as it is known.
    pub voice_policy: Option<&'a str>,
    /// The country of the enterprise.
    pub country: &'a Country,
}

/// What came of an attempt.
#[derive(Debug)]
pub struct Attempt {
    /// What came of the step.
    pub outcome: Outcome,
    /// The anchor user, as far as it is known now.
    pub anchor: Option<Anchor>,
    /// The id of the voice routing policy of an established route; `None` if Teams has none with its name.
    pub voice_policy: Option<String>,
}

/// Attempts the step that a route waits for, or looks after an established route. All of it can be retried: it detects what
/// an interrupted attempt has already done.
pub async fn attempt(graph: &Graph, task: Task<'_>, now: Timestamp) -> Attempt {
    let Task { link, stage, anchor, voice_policy, country } = task;
    let mut voice_policy = voice_policy.map(str::to_owned);
    let mut steps = AnchorSteps { graph, link, country, now, anchor };
    let tried = match stage {
        Some(Stage::ConsentRequested) => take_on(graph, link, now).await,
        Some(Stage::DomainPending(_)) => verify(graph, link, now).await,
        Some(Stage::DomainVerified(_)) => steps.license().await,
        Some(Stage::Activating(_)) => steps.wait_for_teams().await,
        None => look_after(&mut steps, &mut voice_policy).await,
    };
    let outcome = tried.unwrap_or_else(|unanswered| match unanswered {
        Unanswered::Trouble { detail, retry_after } => Outcome::Trouble { detail, retry_after },
        // The consent of the tenant, or a permission of it, is still missing.
        Unanswered::Refused { status: 403, detail, .. } => Outcome::NotYet(format!(
            "{detail}. A Global Administrator of the tenant grants what is missing at {}",
            graph.consent_url(&link.tenant)
        )),
        Unanswered::Refused { status: 404, detail, .. } if matches!(stage, Some(Stage::DomainPending(_))) => {
            Outcome::Impossible { reason: Failure::DomainGone, detail }
        }
        // Graph is eventually consistent: what was just made may not be found everywhere yet, or found already.
        Unanswered::Refused { status: 404, detail, .. } | Unanswered::Refused { is_conflict: true, detail, .. } => {
            Outcome::Trouble { detail, retry_after: None }
        }
        Unanswered::Refused { detail, .. } => Outcome::Impossible { reason: Failure::Refused, detail },
    });
    Attempt { outcome, anchor: steps.anchor, voice_policy }
}

/// Looks after an established route: its anchor user, unless it was established without one, and its voice routing policy.
async fn look_after(steps: &mut AnchorSteps<'_>, voice_policy: &mut Option<String>) -> Result<Outcome, Unanswered> {
    let checked = if steps.anchor.is_some() { steps.look_after().await } else { Ok(Outcome::Taken(None)) };
    if matches!(checked, Ok(Outcome::Noted) | Err(Unanswered::Trouble { .. })) {
        return checked;
    }
    match find_voice_policy(steps.graph, steps.link, steps.now).await {
        Ok(found) => *voice_policy = found,
        // Without this permission, the policy is not found by itself. All else works.
        Err(Unanswered::Refused { status: 403, .. }) => {}
        Err(other) => return Err(other),
    }
    checked
}

/// Finds the voice routing policy that the script for the domain makes.
async fn find_voice_policy(graph: &Graph, link: &Link, now: Timestamp) -> Result<Option<String>, Unanswered> {
    let name = policy_name(&link.domain);
    let encoded = name.replace(' ', "%20");
    let path = format!("/admin/teams/policy/getPolicyId(type='OnlineVoiceRoutingPolicy',name='{encoded}')");
    let found: Vec<Policy> = match graph.list(&link.tenant, &path, now).await {
        Err(Unanswered::Refused { status: 404, .. }) => Vec::new(),
        other => other?,
    };
    let is_meant = |policy: &Policy| {
        policy.name.as_deref().is_some_and(|own| is_same_policy(own, &name))
            && (1..=VOICE_POLICY_ID_MAX).contains(&policy.policy_id.len())
    };
    Ok(found.into_iter().find(is_meant).map(|policy| policy.policy_id))
}

/// Adds the domain to the tenant and reads the TXT record that verifies it.
async fn take_on(graph: &Graph, link: &Link, now: Timestamp) -> Result<Outcome, Unanswered> {
    let Link { domain, tenant } = link;
    let name = domain.as_str();
    let added = graph.call(tenant, Method::POST, "/domains", Some(&json!({"id": name})), now).await;
    if let Err(Unanswered::Refused { status: status @ (400 | 409), detail, .. }) = added {
        // An interrupted attempt may have added it.
        match graph.call(tenant, Method::GET, &format!("/domains/{name}"), None, now).await {
            Ok(_) => {}
            Err(Unanswered::Refused { status: 404, .. }) => {
                let reason = if status == 409 { Failure::DomainTaken } else { Failure::Refused };
                return Ok(Outcome::Impossible { reason, detail });
            }
            Err(other) => return Err(other),
        }
    } else {
        added?;
    }
    let path = format!("/domains/{name}/verificationDnsRecords");
    let records: Vec<DnsRecord> = graph.list(tenant, &path, now).await?;
    let mut texts = records.into_iter().filter(|record| record.record_type.eq_ignore_ascii_case("txt"));
    let txt = texts.find_map(|record| VerificationTxt::parse(record.text.as_deref()?).ok());
    Ok(match txt {
        Some(txt) => Outcome::Taken(Some(txt)),
        None => Outcome::Trouble {
            detail: "Microsoft Graph returned no TXT record for the domain.".to_owned(),
            retry_after: None,
        },
    })
}

/// Asks Microsoft to check the TXT record.
async fn verify(graph: &Graph, link: &Link, now: Timestamp) -> Result<Outcome, Unanswered> {
    let Link { domain, tenant } = link;
    let name = domain.as_str();
    let path = format!("/domains/{name}");
    match graph.call(tenant, Method::POST, &format!("{path}/verify"), None, now).await {
        Ok(reply) if reply.single::<Domain>()?.is_verified => Ok(Outcome::Taken(None)),
        Ok(_) => Ok(Outcome::NotYet("Microsoft has not found the TXT record yet.".to_owned())),
        // Graph answers the same for a missing record and for a domain that is already verified.
        Err(Unanswered::Refused { status: 400, detail, .. }) => {
            let found: Domain = graph.call(tenant, Method::GET, &path, None, now).await?.single()?;
            Ok(if found.is_verified { Outcome::Taken(None) } else { Outcome::NotYet(detail) })
        }
        Err(other) => Err(other),
    }
}
