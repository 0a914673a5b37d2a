//! JSON of e-mail address changes.

use chrono::{DateTime, Utc};
use domain::values::email::EmailAddress;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::operations::{Progress, Requested};
use crate::http::field::{self, Field};
use crate::http::{Valid, nullable};
use crate::resources::second_factors::again::Again;
use crate::security::given::{GivenPassword, LinkToken};
use crate::shown;

type GivenPasswordField = Field<GivenPassword>;
type LinkTokenField = Field<LinkToken>;

/// A request to change an e-mail address. It repeats the caller's password, so that somebody who finds an open browser
/// can't take over an account.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"email": "new@contoso.example", "password": "correct horse battery staple", "code": null}))]
pub struct ChangeEmail {
    /// The new address, to which the confirmation link is sent.
    #[schema(required = true)]
    #[validate(required)]
    email: field::EmailAddress,
    /// The password that you sign in with.
    #[schema(required = true)]
    #[validate(required)]
    password: GivenPasswordField,
    /// The six digits from your authenticator app, or a recovery code, if you have a second factor.
    code: nullable::Code,
}

impl From<Valid<ChangeEmail>> for (EmailAddress, Again) {
    fn from(request: Valid<ChangeEmail>) -> Self {
        let ChangeEmail { email, password, code } = request.into_inner();
        let GivenPassword(password) = password.required();
        (email.required(), Again { password, code: code.given() })
    }
}

/// A requested change of an e-mail address. Nothing changes until it is confirmed and, if necessary, agreed to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"email": "new@contoso.example", "expires_at": "2026-11-24T09:30:00Z", "needs_consent": true, "effective_from": null}))]
pub struct EmailChange {
    /// The new address, to which the confirmation link is sent.
    #[schema(value_type = field::EmailAddress)]
    pub email: String,
    /// When the links expire.
    pub expires_at: DateTime<Utc>,
    /// Whether the old address has to agree. It was sent a link for that.
    pub needs_consent: bool,
    /// When the change can take effect without consent; `null` if it can't, or if none is needed.
    pub effective_from: Option<DateTime<Utc>>,
}

impl EmailChange {
    /// The JSON of a requested change.
    #[must_use]
    pub fn new(email: &EmailAddress, requested: Requested) -> Self {
        let Requested { expires_at, needs_consent, effective_from } = requested;
        Self { email: email.given().to_owned(), expires_at, needs_consent, effective_from }
    }
}

/// An answer of the old address to a change.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"token": "q0gJ3Zk0yJvE3oY1c8e2cQh1m0n9t4r7v5x8z2a6b3d", "agree": true}))]
pub struct AnswerEmailChange {
    /// The token in the link that was sent to the old address.
    #[schema(required = true)]
    #[validate(required)]
    token: LinkTokenField,
    /// `true` agrees to the change, `false` stops it.
    #[schema(required = true)]
    #[validate(required)]
    agree: field::Flag,
}

impl From<Valid<AnswerEmailChange>> for (LinkToken, bool) {
    fn from(request: Valid<AnswerEmailChange>) -> Self {
        let AnswerEmailChange { token, agree } = request.into_inner();
        (token.required(), agree.required())
    }
}

/// Where a change of an e-mail address stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EmailChangeState {
    /// The new address is in use.
    Changed,
    /// The old address has to agree first.
    WaitsForConsent,
    /// The old address has time to stop it. Follow the link again after `effective_from`.
    WaitsForPause,
    /// The new address has to be confirmed first.
    WaitsForConfirmation,
    /// The change was stopped.
    Cancelled,
}

impl From<Progress> for EmailChangeState {
    fn from(progress: Progress) -> Self {
        match progress {
            Progress::Changed => Self::Changed,
            Progress::WaitsForConsent => Self::WaitsForConsent,
            Progress::WaitsUntil(_) => Self::WaitsForPause,
            Progress::WaitsForConfirmation => Self::WaitsForConfirmation,
            Progress::Cancelled => Self::Cancelled,
        }
    }
}

/// A confirmed change of an e-mail address.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"name": "Contoso Telecom", "email": "new@contoso.example", "state": "changed", "effective_from": null}))]
pub struct EmailChanged {
    /// The name of the account.
    #[schema(value_type = shown::Name)]
    pub name: String,
    /// The new address, to sign in with as soon as `state` is `changed`.
    #[schema(value_type = field::EmailAddress)]
    pub email: String,
    /// Where the change stands.
    pub state: EmailChangeState,
    /// With `waits_for_pause`: when the link works; otherwise `null`.
    pub effective_from: Option<DateTime<Utc>>,
}

/// A change of an e-mail address after the answer of the old one. It does not tell the new one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"name": "Contoso Telecom", "state": "waits_for_confirmation"}))]
pub struct EmailChangeAnswered {
    /// The name of the account.
    #[schema(value_type = shown::Name)]
    pub name: String,
    /// Where the change stands.
    pub state: EmailChangeState,
}
