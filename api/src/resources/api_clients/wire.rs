//! API clients on the wire.

use chrono::{DateTime, Utc};
use domain::api_client;
use domain::api_client::{ClientSecret, PreviousSecretSeconds, Terms};
use domain::limits;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::operations;
use super::operations::ChangeApiClient;
use crate::http::field::{self, Unknown};
use crate::http::page::{Listed, Page};
use crate::http::{Valid, nullable};
use crate::shown;
use crate::views::role::RoleView;

/// A program that signs in to your account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"name": "Billing export", "allowed_networks": ["192.0.2.0/28"], "client_secret": "teammate_cs_gk1Bo1wNzT2SrZ1qnPcNSSs2vmPo0UNb9T3jJqG0x7Q"}))]
pub struct ApiClient {
    /// Its id, which is its `client_id` at `POST /oauth/token`.
    #[schema(example = "client_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// What people call it.
    #[schema(value_type = field::AccountName)]
    pub name: String,
    /// What it may do in the account.
    pub role: RoleView,
    /// The addresses and networks that it may call from; from anywhere when there are none.
    #[schema(value_type = field::AllowedNetworks)]
    pub allowed_networks: Vec<String>,
    /// Until when it works; `null` is for ever.
    #[schema(example = "2030-01-01T00:00:00Z")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it last got an access token, which works for 10 minutes; `null` before the first.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Its live secrets, newest first: one, or two while they are being exchanged.
    #[schema(value_type = Secrets)]
    pub secrets: Vec<ApiClientSecret>,
    /// Its new secret, only in the answer that makes it: then it is stored as a hash, so keep it where programs keep secrets.
    /// `null` everywhere else.
    #[schema(value_type = Option<shown::ClientSecret>)]
    pub client_secret: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A live secret of an API client, which itself is shown only when it is made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"hint": "x7Qk"}))]
pub struct ApiClientSecret {
    /// Its last four characters.
    #[schema(value_type = shown::Hint)]
    pub hint: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when it works, if a newer one has taken its place.
    pub expires_at: Option<DateTime<Utc>>,
}

impl From<api_client::ApiClient> for ApiClient {
    fn from(client: api_client::ApiClient) -> Self {
        let api_client::ApiClient { id, name, terms, secrets, last_used_at, version: _, created_at, updated_at } =
            client;
        let Terms { role, expires_at, networks } = terms;
        let secret = |ClientSecret { hint, created_at, expires_at }| ApiClientSecret { hint, created_at, expires_at };
        Self {
            id: id.to_string(),
            name: name.into_string(),
            role: role.into(),
            allowed_networks: networks.texts(),
            expires_at,
            last_used_at,
            secrets: secrets.into_iter().map(secret).collect(),
            client_secret: None,
            created_at,
            updated_at,
        }
    }
}

impl Listed for ApiClient {
    const PLURAL: &str = "API clients";
}

/// A page of API clients.
pub type ApiClientPage = Page<ApiClient>;

/// An API client to be made.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"name": "Billing export", "allowed_networks": ["192.0.2.0/28"], "expires_at": "2030-01-01T00:00:00Z"}))]
pub struct CreateApiClient {
    /// What people call it: 1–120 characters.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    name: field::ClientName,
    /// What it may do in the account.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    role: field::Role,
    /// The IPv4 and IPv6 addresses, and networks in CIDR form, that it may call from; from anywhere when the list is empty.
    #[serde(default)]
    allowed_networks: field::AllowedNetworks,
    /// Until when it works (RFC 3339, in the future); `null` is for ever.
    #[serde(default)]
    expires_at: nullable::Instant,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<CreateApiClient>> for operations::CreateApiClient {
    fn from(request: Valid<CreateApiClient>) -> Self {
        let CreateApiClient { name, role, allowed_networks, expires_at, unknown: _ } = request.into_inner();
        let terms = Terms {
            role: role.required(),
            expires_at: expires_at.given(),
            networks: allowed_networks.given().unwrap_or_default(),
        };
        Self { name: name.required(), terms }
    }
}

/// Changes of an API client: a merge patch.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"name": "Billing export", "allowed_networks": ["192.0.2.0/28"], "expires_at": "2030-01-01T00:00:00Z"}))]
pub struct PatchApiClient {
    /// What people call it: 1–120 characters.
    #[serde(default)]
    name: field::ClientName,
    /// What it may do in the account.
    #[serde(default)]
    role: field::Role,
    /// The IPv4 and IPv6 addresses, and networks in CIDR form, that it may call from; from anywhere when the list is empty.
    #[serde(default)]
    allowed_networks: field::AllowedNetworks,
    /// Until when it works (RFC 3339, in the future); `null` is for ever.
    #[serde(default)]
    expires_at: nullable::Instant,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<PatchApiClient>> for ChangeApiClient {
    fn from(request: Valid<PatchApiClient>) -> Self {
        let PatchApiClient { name, role, allowed_networks, expires_at, unknown: _ } = request.into_inner();
        Self {
            name: name.given(),
            role: role.given(),
            expires_at: expires_at.change(),
            networks: allowed_networks.given(),
        }
    }
}

/// How a secret is exchanged.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"previous_secret_expires_in": 604_800}))]
pub struct RotateSecret {
    /// For how many seconds the secret until now goes on working. A week if left out; 0 if it has leaked: then the tokens that it
    /// was used for end at once, too.
    #[serde(default)]
    previous_secret_expires_in: field::PreviousSecretSeconds,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<RotateSecret>> for PreviousSecretSeconds {
    fn from(request: Valid<RotateSecret>) -> Self {
        let RotateSecret { previous_secret_expires_in, unknown: _ } = request.into_inner();
        previous_secret_expires_in.given().unwrap_or_default()
    }
}

/// The live secrets of an API client.
type Secrets = shown::Many<ApiClientSecret, 0, { limits::CLIENT_SECRETS_MAX }>;
