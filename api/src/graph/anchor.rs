//! The anchor user of a route's domain: Microsoft activates the domain once the tenant has a licensed user with a sign-in
//! name in it (Microsoft, "Configure a Session Border Controller for multiple tenants").
//!
//! Everything can be asked for again after a crash. A user that an interrupted attempt has made is found by its sign-in
//! name. Which licence the service gives is stored before it is given, so that no licence is lost.

use domain::Timestamp;
use domain::direct_routing::{Anchor, AnchorState, Failure, Link, Outcome, anchor_name, anchor_nickname};
use domain::enterprise::Country;
use domain::values::route_domain::RouteDomain;
use domain::values::tenant::Tenant;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

use super::client::{Graph, Unanswered};
use crate::security::secret_token::SecretToken;

/// The service plan "Teams Phone", `MCOEV`.
pub(super) const TEAMS_PHONE: Uuid = uuid!("e43b5b99-8dfb-405f-9987-dc307f34bcbd");
/// The service plan "Teams", `TEAMS1`. Products with Teams Phone alone are add-ons to one with Teams.
const TEAMS: Uuid = uuid!("57ff2da0-773e-42df-b2af-ffb7a2317929");

/// The products of a tenant, with what is needed to choose one.
const PRODUCTS: &str =
    "/subscribedSkus?$select=skuId,capabilityStatus,appliesTo,consumedUnits,prepaidUnits,servicePlans";

/// The anchor user of a route, with what is needed to make it.
pub struct AnchorSteps<'a> {
    /// The client.
    pub graph: &'a Graph,
    /// The domain and tenant.
    pub link: &'a Link,
    /// Where the enterprise is: licences are given for a country.
    pub country: &'a Country,
    /// When the attempt is made.
    pub now: Timestamp,
    /// The anchor user, as far as it is known. Kept up to date, also if a step fails.
    pub anchor: Option<Anchor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DirectoryUser {
    id: Uuid,
    user_principal_name: Option<String>,
    #[serde(default)]
    assigned_licenses: Vec<AssignedLicence>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssignedLicence {
    sku_id: Uuid,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product {
    sku_id: Uuid,
    capability_status: Option<String>,
    applies_to: Option<String>,
    consumed_units: Option<i64>,
    prepaid_units: Option<Units>,
    #[serde(default)]
    service_plans: Vec<Plan>,
}

#[derive(Deserialize)]
struct Units {
    enabled: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Plan {
    service_plan_id: Uuid,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Domain {
    pub(super) is_verified: bool,
}

impl DirectoryUser {
    fn has(&self, product: Uuid) -> bool {
        self.assigned_licenses.iter().any(|licence| licence.sku_id == product)
    }
}

impl Product {
    fn contains(&self, plan: Uuid) -> bool {
        self.service_plans.iter().any(|contained| contained.service_plan_id == plan)
    }

    /// Whether it has a licence for a user that nobody has.
    fn is_spare(&self) -> bool {
        let enabled = self.prepaid_units.as_ref().and_then(|units| units.enabled).unwrap_or_default();
        self.capability_status.as_deref() == Some("Enabled")
            && self.applies_to.as_deref().is_none_or(|to| to == "User")
            && self.consumed_units.unwrap_or_default() < enabled
    }
}

impl AnchorSteps<'_> {
    /// Finds or makes the user, and gives it a licence with Teams Phone unless it has one.
    pub async fn license(&mut self) -> Result<Outcome, Unanswered> {
        let user = match self.find().await? {
            Some(user) => user,
            None => match self.create().await? {
                Ok(user) => user,
                Err(outcome) => return Ok(outcome),
            },
        };
        let known = self.anchor.filter(|anchor| anchor.id == user.id);
        let anchor = known.unwrap_or(Anchor { id: user.id, licence: None, state: AnchorState::Created });
        self.anchor = Some(anchor);
        let products: Vec<Product> = self.graph.list(&self.link.tenant, PRODUCTS, self.now).await?;
        let phones: Vec<&Product> = products.iter().filter(|product| product.contains(TEAMS_PHONE)).collect();
        if !phones.iter().any(|product| user.has(product.sku_id)) {
            let Some(licence) = anchor.licence else {
                let complete = phones.iter().filter(|product| product.is_spare() && product.contains(TEAMS));
                let spare = complete.chain(phones.iter().filter(|product| product.is_spare())).next();
                return Ok(self.choose(anchor, spare.map(|product| product.sku_id)));
            };
            match self.change_licences(user.id, json!([{"skuId": licence, "disabledPlans": []}]), json!([])).await {
                // Somebody else was given the last one.
                Err(Unanswered::Refused { status: 400, detail, .. }) => {
                    self.anchor = Some(Anchor { licence: None, state: AnchorState::Created, ..anchor });
                    return Ok(Outcome::NotYet(detail));
                }
                given => given?,
            }
        }
        if anchor.state == AnchorState::Created {
            self.anchor = Some(Anchor { state: AnchorState::Licensed, ..anchor });
        }
        Ok(Outcome::Taken(None))
    }

    /// Chooses the product of which the user is given a licence, if there is a spare one.
    fn choose(&mut self, anchor: Anchor, spare: Option<Uuid>) -> Outcome {
        self.anchor = Some(Anchor { licence: spare, state: AnchorState::Created, ..anchor });
        if spare.is_some() {
            return Outcome::Noted;
        }
        Outcome::NotYet("The tenant has no unassigned licence with Teams Phone (service plan MCOEV).".to_owned())
    }

    /// Checks whether Teams has taken notice of the licensed user. One that was deleted meanwhile is made again.
    pub async fn wait_for_teams(&mut self) -> Result<Outcome, Unanswered> {
        match self.license().await? {
            Outcome::Taken(_) => {}
            other => return Ok(other),
        }
        let Some(anchor) = self.anchor else { return Ok(not_known()) };
        let path = format!("/admin/teams/userConfigurations/{}", anchor.id);
        match self.graph.call(&self.link.tenant, Method::GET, &path, None, self.now).await {
            Ok(_) => {
                self.anchor = Some(Anchor { state: AnchorState::Known, ..anchor });
                Ok(Outcome::Taken(None))
            }
            Err(Unanswered::Refused { status: 404, .. }) => Ok(not_known()),
            Err(other) => Err(other),
        }
    }

    /// Looks after the user of an established route: makes one again that was deleted, and takes the licence back once
    /// Teams knows the user.
    pub async fn look_after(&mut self) -> Result<Outcome, Unanswered> {
        let found = self.find().await?.map(|user| user.id);
        if self.anchor.is_some_and(|anchor| Some(anchor.id) != found) {
            // If it is only not found everywhere, its licence is still known.
            self.anchor = self.anchor.map(|anchor| Anchor { state: AnchorState::Created, ..anchor });
        }
        if self.anchor.is_none_or(|anchor| anchor.state != AnchorState::Known) {
            match self.wait_for_teams().await? {
                Outcome::Taken(_) => {}
                other => return Ok(other),
            }
        }
        self.take_licence_back().await
    }

    async fn take_licence_back(&mut self) -> Result<Outcome, Unanswered> {
        let Some(anchor @ Anchor { id, licence: Some(licence), .. }) = self.anchor else {
            return Ok(Outcome::Taken(None));
        };
        if let Err(error) = self.change_licences(id, json!([]), json!([licence])).await {
            let Unanswered::Refused { status: 400, detail, .. } = error else { return Err(error) };
            // An interrupted attempt, or somebody else, may have taken it back.
            if self.find().await?.is_some_and(|user| user.has(licence)) {
                return Ok(Outcome::Impossible { reason: Failure::Refused, detail });
            }
        }
        self.anchor = Some(Anchor { licence: None, ..anchor });
        Ok(Outcome::Taken(None))
    }

    /// The user, by its id or its sign-in name; `None` if there is none with this sign-in name. One that was renamed is no
    /// longer of use, and its licence is taken back.
    async fn find(&mut self) -> Result<Option<DirectoryUser>, Unanswered> {
        let name = anchor_name(&self.link.domain);
        let known = self.anchor.map(|anchor| anchor.id.to_string());
        for key in known.into_iter().chain([name.clone()]) {
            let found = find_user(self.graph, &self.link.tenant, &key, self.now).await?;
            let Some(user) = found else { continue };
            if user.user_principal_name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(&name)) {
                return Ok(Some(user));
            }
            let licence = self.anchor.and_then(|anchor| anchor.licence).filter(|licence| user.has(*licence));
            if let Some(licence) = licence {
                match self.change_licences(user.id, json!([]), json!([licence])).await {
                    // Somebody else has taken it, or gives it to a group that the user is in.
                    Err(Unanswered::Refused { status: 400, .. }) => {}
                    taken => taken?,
                }
            }
            // Until there is another one, the old id says that there was one.
            self.anchor = self.anchor.map(|anchor| Anchor { licence: None, state: AnchorState::Created, ..anchor });
        }
        Ok(None)
    }

    /// Makes the user, or says why it can't be made. Nobody can sign in as it: its password is random and not kept.
    async fn create(&self) -> Result<Result<DirectoryUser, Outcome>, Unanswered> {
        let Link { domain, tenant, .. } = self.link;
        let body = json!({
            "accountEnabled": true,
            "displayName": display_name(domain),
            "mailNickname": anchor_nickname(domain),
            "userPrincipalName": anchor_name(domain),
            "usageLocation": self.country.as_str(),
            "passwordProfile": {
                "forceChangePasswordNextSignIn": true,
                // It has three of the four kinds of characters, as Microsoft asks, whatever the token is.
                "password": format!("aA1-{}", SecretToken::generate().expose()),
            },
        });
        let made = self.graph.call(tenant, Method::POST, "/users", Some(&body), self.now).await;
        let Err(Unanswered::Refused { status: 400, is_conflict, detail, .. }) = made else {
            return made?.single().map(Ok);
        };
        if is_conflict {
            // An interrupted attempt made it, and it can't be found everywhere yet.
            return Err(Unanswered::Trouble { detail, retry_after: None });
        }
        let path = format!("/domains/{}", domain.as_str());
        let found: Option<Domain> = self.graph.find(tenant, &path, self.now).await?;
        let is_there = found.is_some_and(|domain| domain.is_verified);
        // The directory may not know everywhere that the domain is verified.
        let waits = Outcome::NotYet(detail.clone());
        Ok(Err(if is_there { waits } else { Outcome::Impossible { reason: Failure::DomainGone, detail } }))
    }

    async fn change_licences(&self, user: Uuid, add: Value, remove: Value) -> Result<(), Unanswered> {
        change_licences(self.graph, &self.link.tenant, user, (add, remove), self.now).await
    }
}

/// The display name of the anchor user of a domain, by which it is told from users that others made.
pub(super) fn display_name(domain: &RouteDomain) -> String {
    format!("TeamMate: keeps {} activated, do not delete", domain.as_str())
}

/// Takes a licence back from a user. Does nothing if the user is gone or does not have it.
pub async fn take_back(
    graph: &Graph,
    tenant: &Tenant,
    (user, licence): (Uuid, Uuid),
    now: Timestamp,
) -> Result<(), Unanswered> {
    match find_user(graph, tenant, &user.to_string(), now).await? {
        Some(found) if found.has(licence) => {
            change_licences(graph, tenant, user, (json!([]), json!([licence])), now).await
        }
        _ => Ok(()),
    }
}

/// The user with an object id or sign-in name.
async fn find_user(
    graph: &Graph,
    tenant: &Tenant,
    key: &str,
    now: Timestamp,
) -> Result<Option<DirectoryUser>, Unanswered> {
    graph.find(tenant, &format!("/users/{key}?$select=id,userPrincipalName,assignedLicenses"), now).await
}

async fn change_licences(
    graph: &Graph,
    tenant: &Tenant,
    user: Uuid,
    (add, remove): (Value, Value),
    now: Timestamp,
) -> Result<(), Unanswered> {
    let body = json!({"addLicenses": add, "removeLicenses": remove});
    let path = format!("/users/{user}/assignLicense");
    graph.call(tenant, Method::POST, &path, Some(&body), now).await.map(drop)
}

fn not_known() -> Outcome {
    Outcome::NotYet("Teams does not know the licensed user of the domain yet. That takes up to 24 hours.".to_owned())
}
