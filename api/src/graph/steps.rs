//! The steps of a route as calls of Microsoft Graph: domains, their verification records, licences.

use domain::Timestamp;
use domain::direct_routing::{Failure, Link, Outcome, Stage};
use domain::values::route_domain::VerificationTxt;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Graph, Unanswered};

/// The service plan of a Phone System licence.
const PHONE_SYSTEM: &str = "MCOEV";
/// The service that a domain supports once calls can be routed to it.
const TEAMS: &str = "OfficeCommunicationsOnline";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Domain {
    is_verified: bool,
    #[serde(default)]
    supported_services: Vec<String>,
}

#[derive(Deserialize)]
struct List<T> {
    value: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DnsRecord {
    record_type: String,
    #[serde(default)]
    text: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sku {
    capability_status: String,
    consumed_units: i64,
    prepaid_units: Units,
    service_plans: Vec<Plan>,
}

#[derive(Deserialize)]
struct Units {
    enabled: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Plan {
    service_plan_name: String,
}

impl Sku {
    fn has_spare_phone_system(&self) -> bool {
        self.capability_status == "Enabled"
            && self.consumed_units < self.prepaid_units.enabled
            && self.service_plans.iter().any(|plan| plan.service_plan_name == PHONE_SYSTEM)
    }
}

/// Attempts the step that a route waits for. Every step can be retried: it detects what an interrupted attempt has
/// already done.
pub async fn attempt(graph: &Graph, link: &Link, stage: &Stage, now: Timestamp) -> Outcome {
    let tried = match stage {
        Stage::ConsentRequested => take_on(graph, link, now).await,
        Stage::DomainPending(_) => verify(graph, link, now).await,
        Stage::DomainVerified(_) => licence(graph, link, now).await,
        Stage::Activating(_) => ready(graph, link, now).await,
    };
    tried.unwrap_or_else(|unanswered| match unanswered {
        Unanswered::Trouble { detail, retry_after } => Outcome::Trouble { detail, retry_after },
        // The consent of the tenant, or a permission of it, is still missing.
        Unanswered::Refused { status: 403, detail } => Outcome::NotYet(detail),
        Unanswered::Refused { status: 404, detail } if stage.is_about_domain() => {
            Outcome::Impossible { reason: Failure::DomainGone, detail }
        }
        // Graph is eventually consistent: a new domain may not be found everywhere yet.
        Unanswered::Refused { status: 404, detail } => Outcome::Trouble { detail, retry_after: None },
        Unanswered::Refused { detail, .. } => Outcome::Impossible { reason: Failure::Refused, detail },
    })
}

/// Adds the domain to the tenant and reads the TXT record that verifies it.
async fn take_on(graph: &Graph, link: &Link, now: Timestamp) -> Result<Outcome, Unanswered> {
    let Link { domain, tenant } = link;
    let name = domain.as_str();
    let added = graph.call::<Value>(tenant, Method::POST, "/domains", Some(&json!({"id": name})), now).await;
    if let Err(Unanswered::Refused { status: status @ (400 | 409), detail }) = added {
        // An interrupted attempt may have added it.
        match graph.call::<Domain>(tenant, Method::GET, &format!("/domains/{name}"), None, now).await {
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
    let records: List<DnsRecord> = graph.call(tenant, Method::GET, &path, None, now).await?;
    let mut texts = records.value.into_iter().filter(|record| record.record_type.eq_ignore_ascii_case("txt"));
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
    match graph.call::<Domain>(tenant, Method::POST, &format!("/domains/{name}/verify"), None, now).await {
        Ok(domain) if domain.is_verified => Ok(Outcome::Taken(None)),
        Ok(_) => Ok(Outcome::NotYet("Microsoft has not found the TXT record yet.".to_owned())),
        // Graph answers the same for a missing record and for a domain that is already verified.
        Err(Unanswered::Refused { status: 400, detail }) => {
            let found: Domain = graph.call(tenant, Method::GET, &format!("/domains/{name}"), None, now).await?;
            Ok(if found.is_verified { Outcome::Taken(None) } else { Outcome::NotYet(detail) })
        }
        Err(other) => Err(other),
    }
}

/// Checks that the tenant has an unassigned Phone System licence.
async fn licence(graph: &Graph, link: &Link, now: Timestamp) -> Result<Outcome, Unanswered> {
    let skus: List<Sku> = graph.call(&link.tenant, Method::GET, "/subscribedSkus", None, now).await?;
    Ok(if skus.value.iter().any(Sku::has_spare_phone_system) {
        Outcome::Taken(None)
    } else {
        Outcome::NotYet("The tenant has no unassigned Phone System licence (MCOEV).".to_owned())
    })
}

/// Checks whether calls can be routed to the domain.
async fn ready(graph: &Graph, link: &Link, now: Timestamp) -> Result<Outcome, Unanswered> {
    let Link { domain, tenant } = link;
    let name = domain.as_str();
    let found: Domain = graph.call(tenant, Method::GET, &format!("/domains/{name}"), None, now).await?;
    Ok(if found.is_verified && found.supported_services.iter().any(|service| service == TEAMS) {
        Outcome::Taken(None)
    } else {
        Outcome::NotYet("Microsoft has not made the domain ready for calls yet.".to_owned())
    })
}
