//! The permissions that the service needs in a tenant, and how an administrator grants them there (Microsoft, "Admin
//! consent on the Microsoft identity platform").

use chrono::TimeDelta;
use domain::Timestamp;
use domain::values::tenant::Tenant;
use serde::Deserialize;
use url::Url;
use uuid::Uuid;

use super::client::{Graph, Unanswered};

/// A permission of Microsoft Graph, and what the service needs it for.
#[derive(Debug, Clone, Copy)]
pub struct Permission {
    /// Its name at Microsoft.
    pub name: &'static str,
    /// What the service does with it, for people.
    pub needed_for: &'static str,
}

/// The permission without which policies are not assigned.
pub(super) const POLICY_PERMISSION: &str = "TeamsPolicyUserAssign.ReadWrite.All";

/// The application permissions that the service needs, and no more.
pub const PERMISSIONS: [Permission; 6] = [
    Permission { name: "Domain.ReadWrite.All", needed_for: "Adding, verifying and removing the domains of routes." },
    Permission {
        name: "User.ReadWrite.All",
        needed_for: "Making the anchor user of a domain, giving it a licence, and finding the users of the tenant.",
    },
    Permission { name: "Organization.Read.All", needed_for: "Finding a free licence for the anchor user." },
    Permission {
        name: "TeamsUserConfiguration.Read.All",
        needed_for: "Reading what users have in Teams: their numbers and policies.",
    },
    Permission {
        name: "TeamsTelephoneNumber.ReadWrite.All",
        needed_for: "Assigning numbers to users in Teams, and taking them back.",
    },
    Permission { name: POLICY_PERMISSION, needed_for: "Finding the voice routing policy, and assigning it to users." },
];

/// How long a token is new, so that none is asked for in its place.
const NEW: TimeDelta = TimeDelta::seconds(1);

/// What the login server says of a tenant (`OpenID` Connect Discovery).
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    roles: Vec<String>,
}

impl Graph {
    /// Where an administrator of a tenant grants the permissions. Microsoft leads back to `redirect_uri` with `state`.
    #[must_use]
    pub fn admin_consent_url(&self, own: &Tenant, redirect_uri: &str, state: &str) -> String {
        let base = format!("{}/v2.0/adminconsent", self.login(self.tenant(own)));
        let mut url = Url::parse(&base).expect("the login URL is one, and tenants need no escaping");
        url.query_pairs_mut()
            .append_pair("client_id", self.client_id())
            .append_pair("scope", "https://graph.microsoft.com/.default")
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("state", state);
        url.into()
    }

    /// The id of a tenant that is named by one of its domains.
    pub async fn tenant_id(&self, own: &Tenant) -> Result<Uuid, Unanswered> {
        let tenant = self.tenant(own);
        if let Ok(id) = Uuid::try_parse(tenant.as_str()) {
            return Ok(id);
        }
        let Discovery { issuer } = self.discover(tenant).await?;
        let id = issuer.split('/').find_map(|part| Uuid::try_parse(part).ok());
        id.ok_or_else(|| Unanswered::Trouble {
            detail: "Microsoft did not say which tenant it is.".to_owned(),
            retry_after: None,
        })
    }

    /// The permissions that the service has in a tenant, by a new token; `None` if the token does not say so.
    pub async fn ask_for_permissions(&self, own: &Tenant, now: Timestamp) -> Result<Option<Vec<String>>, Unanswered> {
        self.check_quiet(self.tenant(own), now).await?;
        self.forget_token(own, now - NEW).await;
        self.token(self.tenant(own), now).await?;
        Ok(self.permissions(own).await)
    }
}

/// The permissions that an access token names: its `roles`. It is only read, by whoever it was issued to.
pub(super) fn roles_of(token: &str) -> Option<Vec<String>> {
    use base64::Engine as _;
    let payload = token.split('.').nth(1)?;
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).ok()?;
    let Claims { mut roles } = serde_json::from_slice(&payload).ok()?;
    roles.retain(|role| PERMISSIONS.iter().any(|permission| permission.name == role));
    roles.sort();
    roles.dedup();
    Some(roles)
}
