//! JSON of activations.

use chrono::{DateTime, Utc};
use domain::account::Account;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::operations::Link;
use crate::http::Valid;
use crate::http::field::{self, Field};
use crate::security::given::{LinkToken, NewPassword};
use crate::shown;
use crate::views::account::StatusView;

type LinkTokenField = Field<LinkToken>;
type NewPasswordField = Field<NewPassword>;

/// The account that a link activates, or that an invited member joins.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"account_type": "reseller", "name": "Nordwind Telefonie GmbH", "email": "office@nordwind.example"}))]
pub struct ActivationAccount {
    /// Id of the account.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub account_id: String,
    /// Tier of the account: `master_reseller`, `reseller` or `enterprise`; `platform` for staff.
    #[schema(value_type = shown::Word)]
    pub account_type: &'static str,
    /// Name of the account.
    #[schema(value_type = shown::Name)]
    pub name: String,
    /// The e-mail address that the owner, or the joining member, signs in with.
    #[schema(value_type = field::EmailAddress)]
    pub email: String,
    /// Status of the account.
    pub status: StatusView,
    /// When the link expires; `null` once it has been redeemed.
    pub expires_at: Option<DateTime<Utc>>,
}

impl From<Link> for ActivationAccount {
    fn from(link: Link) -> Self {
        match link {
            Link::Account(account) => account.into(),
            Link::Invitation(member, expires_at) => {
                Self { email: member.email.into_given(), expires_at: Some(expires_at), ..member.account.into() }
            }
        }
    }
}

impl From<Account> for ActivationAccount {
    fn from(account: Account) -> Self {
        let pending = account.status == domain::status::Status::Pending;
        let expires_at = account.activation.as_ref().filter(|_| pending).map(|activation| activation.expires_at);
        Self {
            account_id: account.id_text(),
            account_type: account.tier.as_str(),
            name: account.name,
            email: account.email.into_given(),
            status: account.status.into(),
            expires_at,
        }
    }
}

/// The token of a link that was sent by e-mail.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"token": "q0gJ3Zk0yJvE3oY1c8e2cQh1m0n9t4r7v5x8z2a6b3d"}))]
pub struct PreviewActivation {
    /// The part of the link after `#token=`.
    #[schema(required = true)]
    #[validate(required)]
    token: LinkTokenField,
}

impl From<Valid<PreviewActivation>> for LinkToken {
    fn from(request: Valid<PreviewActivation>) -> Self {
        let PreviewActivation { token } = request.into_inner();
        token.required()
    }
}

/// The token of a link with the password that its recipient chose, for an activation, an invitation or a password
/// reset.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"token": "q0gJ3Zk0yJvE3oY1c8e2cQh1m0n9t4r7v5x8z2a6b3d", "password": "correct horse battery staple"}))]
pub struct RedeemToken {
    /// The part of the link after `#token=`.
    #[schema(required = true)]
    #[validate(required)]
    token: LinkTokenField,
    /// The new password: 12–128 characters. Passwords that are easy to guess are refused.
    #[schema(required = true)]
    #[validate(required)]
    password: NewPasswordField,
}

impl From<Valid<RedeemToken>> for (LinkToken, NewPassword) {
    fn from(request: Valid<RedeemToken>) -> Self {
        let RedeemToken { token, password } = request.into_inner();
        (token.required(), password.required())
    }
}
