//! Changes of addresses on the wire.

use chrono::{DateTime, Utc};
use domain::values::email::EmailAddress;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Error;
use crate::http::{Field, Members, Unknown};
use crate::resources::accounts::wire::email;

/// The address that is to be.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ChangeEmail {
    /// The new address. A link is sent there, which confirms the change.
    #[schema(value_type = String, required = true, example = "new@contoso.example", format = "email", min_length = 3, max_length = 254)]
    #[serde(default)]
    email: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl ChangeEmail {
    /// The address, or everything that is wrong with it.
    pub fn address(self) -> Result<EmailAddress, Error> {
        let mut members = Members::new(self.unknown);
        let email = members.required("/email", self.email, email);
        members.finish(email)
    }
}

/// A change of an address that waits to be confirmed. Until then everything stays as it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct EmailChange {
    /// The new address, to which a link was sent.
    #[schema(example = "new@contoso.example", format = "email", max_length = 254)]
    pub email: String,
    /// Until when the link works.
    pub expires_at: DateTime<Utc>,
}

/// A change of an address that was confirmed.
#[derive(Debug, Serialize, ToSchema)]
pub struct EmailChanged {
    /// The name of the account.
    #[schema(example = "Contoso Telecom", max_length = 120)]
    pub name: String,
    /// The new address, with which is signed in from now on.
    #[schema(example = "new@contoso.example", format = "email", max_length = 254)]
    pub email: String,
}
