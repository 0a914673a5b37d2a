//! Removes from a tenant what the service made there for a route: its anchor user and its domain (R11).

use domain::Timestamp;
use domain::direct_routing::{Link, anchor_name};
use reqwest::Method;
use serde::Deserialize;
use uuid::Uuid;

use super::anchor::display_name;
use super::client::{Graph, Unanswered};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnchorUser {
    id: Uuid,
    display_name: Option<String>,
}

/// Removes the anchor user, if the service made it, and the domain. Both may be gone already.
pub async fn remove_domain(graph: &Graph, link: &Link, now: Timestamp) -> Result<(), Unanswered> {
    let delete = |path: String| async move { graph.call(&link.tenant, Method::DELETE, &path, None, now).await };
    let path = format!("/users/{}?$select=id,displayName", anchor_name(&link.domain));
    let found: Option<AnchorUser> = graph.find(&link.tenant, &path, now).await?;
    // One that somebody else made stays.
    let own = found.filter(|user| user.display_name.as_deref() == Some(display_name(&link.domain).as_str()));
    if let Some(AnchorUser { id, .. }) = own {
        gone(delete(format!("/users/{id}")).await.map(drop))?;
    }
    gone(delete(format!("/domains/{}", link.domain.as_str())).await.map(drop))
}

/// What is not there any more is gone.
fn gone(deleted: Result<(), Unanswered>) -> Result<(), Unanswered> {
    match deleted {
        Err(Unanswered::Refused { status: 404, .. }) => Ok(()),
        other => other,
    }
}
