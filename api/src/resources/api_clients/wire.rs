//! Request and response bodies of `/api-clients`.

use chrono::{DateTime, Utc};
use domain::api_client::{ClientSecret, PreviousSecretSeconds, Terms};
use domain::{api_client, limits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::operations::{self, ChangeApiClient};
use crate::http::field;
use crate::http::page::{Listed, Page};
use crate::http::{Valid, nullable};
use crate::shown;
use crate::views::role::RoleView;

/// A program that signs in to your account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"name": "Billing export", "allowed_networks": ["192.0.2.0/28"], "client_secret": "teammate_cs_gk1Bo1wNzT2SrZ1qnPcNSSs2vmPo0UNb9T3jJqG0x7Q"}))]
pub struct ApiClient {
    /// The id of the API client. It is the `client_id` at `POST /oauth/token`.
    #[schema(example = "client_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// Its display name.
    #[schema(value_type = field::AccountName)]
    pub name: String,
    /// Its role, which decides what it may do in the account.
    pub role: RoleView,
    /// The IP addresses and networks that it may call from; an empty list allows all.
    #[schema(value_type = field::AllowedNetworks)]
    pub allowed_networks: Vec<String>,
    /// When it expires; `null` means never.
    #[schema(example = "2030-01-01T00:00:00Z")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it last got an access token, which is valid for 10 minutes; `null` if it never did.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Its valid secrets, newest first: one, or two during a rotation.
    #[schema(value_type = Secrets)]
    pub secrets: Vec<ApiClientSecret>,
    /// The new secret, only in the response that creates it; `null` in all other responses. The service keeps only a
    /// hash, so store the secret safely.
    #[schema(value_type = Option<shown::ClientSecret>)]
    pub client_secret: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A valid secret of an API client. The secret itself is shown only in the response that creates it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"hint": "x7Qk"}))]
pub struct ApiClientSecret {
    /// The last four characters of the secret.
    #[schema(value_type = shown::Hint)]
    pub hint: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it expires, if a newer secret has replaced it; otherwise `null`.
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

/// An API client to create.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"name": "Billing export", "allowed_networks": ["192.0.2.0/28"], "expires_at": "2030-01-01T00:00:00Z"}))]
pub struct CreateApiClient {
    /// Its display name, 1–120 characters.
    #[schema(required = true)]
    #[validate(required)]
    name: field::ClientName,
    /// Its role, which decides what it may do in the account.
    #[schema(required = true)]
    #[validate(required)]
    role: field::Role,
    /// The IPv4 and IPv6 addresses, and networks in CIDR notation, that it may call from. An empty list allows all.
    allowed_networks: field::AllowedNetworks,
    /// When it expires (RFC 3339, in the future); `null` means never.
    expires_at: nullable::Instant,
}

impl From<Valid<CreateApiClient>> for operations::CreateApiClient {
    fn from(request: Valid<CreateApiClient>) -> Self {
        let CreateApiClient { name, role, allowed_networks, expires_at } = request.into_inner();
        let terms = Terms {
            role: role.required(),
            expires_at: expires_at.given(),
            networks: allowed_networks.given().unwrap_or_default(),
        };
        Self { name: name.required(), terms }
    }
}

/// Changes to an API client, as a merge patch.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"name": "Billing export", "allowed_networks": ["192.0.2.0/28"], "expires_at": "2030-01-01T00:00:00Z"}))]
pub struct PatchApiClient {
    /// Its display name, 1–120 characters.
    name: field::ClientName,
    /// Its role, which decides what it may do in the account.
    role: field::Role,
    /// The IPv4 and IPv6 addresses, and networks in CIDR notation, that it may call from. An empty list allows all.
    allowed_networks: field::AllowedNetworks,
    /// When it expires (RFC 3339, in the future); `null` means never.
    expires_at: nullable::Instant,
}

impl From<Valid<PatchApiClient>> for ChangeApiClient {
    fn from(request: Valid<PatchApiClient>) -> Self {
        let PatchApiClient { name, role, allowed_networks, expires_at } = request.into_inner();
        Self {
            name: name.given(),
            role: role.given(),
            expires_at: expires_at.change(),
            networks: allowed_networks.given(),
        }
    }
}

/// Options of a secret rotation.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"previous_secret_expires_in": 604_800}))]
pub struct RotateSecret {
    /// For how many seconds the current secret remains valid: 0 to 2592000 (30 days), by default a week. Send 0 if the
    /// secret has leaked. It then stops working at once, and so do access tokens that were issued for it.
    previous_secret_expires_in: field::PreviousSecretSeconds,
}

impl From<Valid<RotateSecret>> for PreviousSecretSeconds {
    fn from(request: Valid<RotateSecret>) -> Self {
        let RotateSecret { previous_secret_expires_in } = request.into_inner();
        previous_secret_expires_in.given().unwrap_or_default()
    }
}

type Secrets = shown::Many<ApiClientSecret, 0, { limits::CLIENT_SECRETS_MAX }>;
