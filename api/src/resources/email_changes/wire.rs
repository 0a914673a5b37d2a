//! Changes of addresses on the wire.

use chrono::{DateTime, Utc};
use domain::values::email::EmailAddress;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::http::Valid;
use crate::http::field::{self, Unknown};
use crate::shown;

/// The address that is to be.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"email": "new@contoso.example"}))]
pub struct ChangeEmail {
    /// The new address. A link is sent there, which confirms the change.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    email: field::EmailAddress,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<ChangeEmail>> for EmailAddress {
    fn from(request: Valid<ChangeEmail>) -> Self {
        let ChangeEmail { email, unknown: _ } = request.into_inner();
        email.required()
    }
}

/// A change of an address that waits to be confirmed. Until then everything stays as it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"email": "new@contoso.example"}))]
pub struct EmailChange {
    /// The new address, to which a link was sent.
    #[schema(value_type = field::EmailAddress)]
    pub email: String,
    /// Until when the link works.
    pub expires_at: DateTime<Utc>,
}

/// A change of an address that was confirmed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"name": "Contoso Telecom", "email": "new@contoso.example"}))]
pub struct EmailChanged {
    /// The name of the account.
    #[schema(value_type = shown::Name)]
    pub name: String,
    /// The new address, with which is signed in from now on.
    #[schema(value_type = field::EmailAddress)]
    pub email: String,
}
