//! API clients on the wire.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use domain::api_client;
use domain::api_client::{AllowedNetworks, ClientSecret, Terms, parse_previous_seconds};
use domain::limits::PREVIOUS_SECRET_SECONDS;
use domain::values::text::ClientName;
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::operations;
use super::operations::ChangeApiClient;
use crate::error::Error;
use crate::http::body::{needing, refuse_empty};
use crate::http::{Field, Members, Unknown};
use crate::views::instant::parse_instant;
use crate::views::role::{RoleView, parse_role};

/// A program that signs in to your account.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiClient {
    /// Its id, which is its `client_id` at `POST /oauth/token`.
    #[schema(example = "client_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub id: String,
    /// What people call it.
    #[schema(example = "Billing export", min_length = 1, max_length = 120)]
    pub name: String,
    /// What it may do in the account.
    pub role: RoleView,
    /// The addresses and networks that it may call from; from anywhere when there are none.
    #[schema(max_items = 50, example = json!(["192.0.2.0/28"]))]
    pub allowed_networks: Vec<String>,
    /// Until when it works; `null` is for ever.
    #[schema(example = "2030-01-01T00:00:00Z")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it last got an access token, which works for 10 minutes; `null` before the first.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Its live secrets, newest first: one, or two while they are being exchanged.
    #[schema(max_items = 2)]
    pub secrets: Vec<ApiClientSecret>,
    /// Its new secret, only in the answer that makes it: then it is stored as a hash, so keep it where programs keep secrets.
    /// `null` everywhere else.
    #[schema(example = "teammate_cs_gk1Bo1wNzT2SrZ1qnPcNSSs2vmPo0UNb9T3jJqG0x7Q", min_length = 55, max_length = 55)]
    pub client_secret: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A live secret of an API client, which itself is shown only when it is made.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiClientSecret {
    /// Its last four characters.
    #[schema(example = "x7Qk", min_length = 4, max_length = 4)]
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

/// A page of API clients.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiClientPage {
    /// The API clients of this page, in the list's order.
    #[schema(max_items = 200)]
    pub items: Vec<ApiClient>,
    /// Give it as `cursor` to get the next page; `null` on the last one.
    #[schema(max_length = 60)]
    pub next_cursor: Option<String>,
}

/// Changes of an API client: a merge patch.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PatchApiClient {
    /// What people call it: 1–120 characters.
    #[schema(value_type = String, required = false, example = "Billing export", min_length = 1, max_length = 120)]
    #[serde(default)]
    name: Field<String>,
    /// What it may do in the account.
    #[schema(value_type = RoleView, required = false)]
    #[serde(default)]
    role: Field<String>,
    /// The IPv4 and IPv6 addresses, and networks in CIDR form, that it may call from; from anywhere when the list is empty.
    #[schema(value_type = Vec<String>, required = false, max_items = 50, example = json!(["192.0.2.0/28"]))]
    #[serde(default)]
    allowed_networks: Field<Vec<String>>,
    /// Until when it works (RFC 3339, in the future); `null` is for ever.
    #[schema(value_type = Option<DateTime<Utc>>, example = "2030-01-01T00:00:00Z")]
    #[serde(default)]
    expires_at: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl PatchApiClient {
    /// The command, or everything that is wrong with it.
    pub fn command(self) -> Result<ChangeApiClient, Error> {
        let command = self.read(false)?;
        refuse_empty(command == ChangeApiClient::default())?;
        Ok(command)
    }

    fn read(self, creates: bool) -> Result<ChangeApiClient, Error> {
        let mut members = Members::new(self.unknown);
        let change = ChangeApiClient {
            name: members.needed(creates, "/name", self.name, ClientName::parse),
            role: members.needed(creates, "/role", self.role, parse_role),
            expires_at: members.nullable("/expires_at", self.expires_at, parse_instant),
            networks: members.list("/allowed_networks", self.allowed_networks, AllowedNetworks::parse),
        };
        members.finish(Some(change))
    }
}

/// An API client to be made.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct CreateApiClient(PatchApiClient);

impl PartialSchema for CreateApiClient {
    fn schema() -> RefOr<Schema> {
        needing(PatchApiClient::schema(), &["name", "role"], "An API client to be made.")
    }
}

impl ToSchema for CreateApiClient {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("CreateApiClient")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        PatchApiClient::schemas(schemas);
    }
}

impl CreateApiClient {
    /// The command, or everything that is wrong with it.
    pub fn command(self) -> Result<operations::CreateApiClient, Error> {
        let ChangeApiClient { name, role, expires_at, networks } = self.0.read(true)?;
        let refused = "a creation without it is refused";
        let terms = Terms {
            role: role.expect(refused),
            expires_at: expires_at.flatten(),
            networks: networks.unwrap_or_default(),
        };
        Ok(operations::CreateApiClient { name: name.expect(refused), terms })
    }
}

/// How a secret is exchanged.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct RotateSecret {
    /// For how many seconds the secret until now goes on working. A week if left out; 0 if it has leaked: then the tokens that it
    /// was used for end at once, too.
    #[schema(value_type = i32, required = false, example = 604_800, minimum = 0, maximum = 2_592_000)]
    #[serde(default)]
    previous_secret_expires_in: Field<i64>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl RotateSecret {
    /// The seconds, or everything that is wrong with it.
    pub fn seconds(self) -> Result<i64, Error> {
        let mut members = Members::new(self.unknown);
        let pointer = "/previous_secret_expires_in";
        let given =
            members.optional(pointer, self.previous_secret_expires_in, |seconds| parse_previous_seconds(*seconds));
        members.finish(Some(given.unwrap_or(PREVIOUS_SECRET_SECONDS)))
    }
}
