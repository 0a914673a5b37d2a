//! The users of a tenant, read from Microsoft's directory with a delta query: all of them once, then what has changed
//! (Microsoft, "Use delta query to track changes in Microsoft Graph data").

use domain::Timestamp;
use domain::directory::{Change, Link};
use domain::limits::{DIRECTORY_NAME_MAX, NAME_MAX};
use domain::values::tenant::Tenant;
use reqwest::Method;
use serde::Deserialize;
use uuid::Uuid;

use super::anchor::TEAMS_PHONE;
use super::client::{Graph, Unanswered};
use super::teams_documents::Plan;

/// The beginning, and what is read of each user.
const BEGINNING: &str = "/users/delta?$select=id,userPrincipalName,displayName,accountEnabled,userType,assignedPlans";

/// A page of users that are there or have changed.
#[derive(Debug)]
pub struct Page {
    /// The users by their object ids, in order; `None` for those that are gone.
    pub changes: Vec<(Uuid, Option<Change>)>,
    /// Where reading goes on.
    pub link: Link,
}

#[derive(Deserialize)]
struct Document {
    value: Vec<Entry>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
    #[serde(rename = "@odata.deltaLink")]
    delta: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    id: Uuid,
    #[serde(rename = "@removed")]
    removed: Option<serde_json::Value>,
    user_principal_name: Option<String>,
    display_name: Option<String>,
    account_enabled: Option<bool>,
    user_type: Option<String>,
    assigned_plans: Option<Vec<Plan>>,
}

impl Entry {
    fn change(self) -> Change {
        let cut = |text: String, most| text.chars().filter(|c| !c.is_control()).take(most).collect::<String>();
        let is_licensed = self.assigned_plans.map(|plans| plans.iter().any(Plan::is_enabled_phone));
        Change {
            person: self.id,
            name: self.user_principal_name.map(|name| cut(name, DIRECTORY_NAME_MAX)),
            display_name: self.display_name.map(|name| cut(name, NAME_MAX)),
            is_licensed,
            is_enabled: self.account_enabled,
            is_guest: self.user_type.map(|kind| kind.eq_ignore_ascii_case("Guest")),
        }
    }
}

impl Plan {
    /// Whether it is Teams Phone, and can be used.
    pub(super) fn is_enabled_phone(&self) -> bool {
        self.service_plan_id == Some(TEAMS_PHONE) && self.capability_status.as_deref() == Some("Enabled")
    }
}

/// Reads a page of the users of a tenant, from the beginning or where a page before said; `is_full` tells readings of all users
/// from those of changes. `None` if Microsoft no longer
/// knows that place, so that reading has to begin anew.
pub async fn read_page(
    graph: &Graph,
    tenant: &Tenant,
    (link, is_full): (Option<&str>, bool),
    now: Timestamp,
) -> Result<Option<Page>, Unanswered> {
    let document: Document = match graph.call(tenant, Method::GET, link.unwrap_or(BEGINNING), None, now).await {
        Ok(reply) => reply.json()?,
        Err(Unanswered::Refused { status: 410, .. }) if link.is_some() => return Ok(None),
        // Microsoft says in other ways, too, that it no longer knows what has changed since.
        Err(Unanswered::Refused { status: 400 | 404, .. }) if link.is_some() && !is_full => return Ok(None),
        Err(other) => return Err(other),
    };
    let link = match (document.next, document.delta) {
        (Some(next), _) => Link::Page(graph.below_base(&next)?),
        (None, Some(delta)) => Link::Changes(graph.below_base(&delta)?),
        (None, None) => {
            let detail = "Microsoft Graph did not say where the users go on.".to_owned();
            return Err(Unanswered::Trouble { detail, retry_after: None });
        }
    };
    let change = |entry: Entry| (entry.id, entry.removed.is_none().then(|| entry.change()));
    Ok(Some(Page { changes: document.value.into_iter().map(change).collect(), link }))
}
