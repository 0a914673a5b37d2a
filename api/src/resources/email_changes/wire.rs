//! JSON of e-mail address changes.

use chrono::{DateTime, Utc};
use domain::values::email::EmailAddress;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::http::Valid;
use crate::http::field;
use crate::shown;

/// A request to change an e-mail address.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"email": "new@contoso.example"}))]
pub struct ChangeEmail {
    /// The new address, to which the confirmation link is sent.
    #[schema(required = true)]
    #[validate(required)]
    email: field::EmailAddress,
}

impl From<Valid<ChangeEmail>> for EmailAddress {
    fn from(request: Valid<ChangeEmail>) -> Self {
        let ChangeEmail { email } = request.into_inner();
        email.required()
    }
}

/// A requested change of an e-mail address. Nothing changes until it is confirmed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"email": "new@contoso.example"}))]
pub struct EmailChange {
    /// The new address, to which the confirmation link is sent.
    #[schema(value_type = field::EmailAddress)]
    pub email: String,
    /// When the confirmation link expires.
    pub expires_at: DateTime<Utc>,
}

/// A confirmed change of an e-mail address.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"name": "Contoso Telecom", "email": "new@contoso.example"}))]
pub struct EmailChanged {
    /// The name of the account.
    #[schema(value_type = shown::Name)]
    pub name: String,
    /// The new address, to sign in with from now on.
    #[schema(value_type = field::EmailAddress)]
    pub email: String,
}
