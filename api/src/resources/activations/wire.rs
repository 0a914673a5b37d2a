//! Activation on the wire.

use chrono::{DateTime, Utc};
use domain::account::Account;
use domain::fault::Fault;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::operations::Link;
use crate::error::Error;
use crate::http::{Field, Members, Unknown};
use crate::security::secret_token::SecretToken;
use crate::views::account::StatusView;

/// An account on the way to being activated, or one that a member joins.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActivationAccount {
    /// Its id.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub account_id: String,
    /// What it is: `master_reseller`, `reseller` or `enterprise`; `platform` of members of staff.
    #[schema(example = "reseller", max_length = 20)]
    pub account_type: &'static str,
    /// Its name.
    #[schema(example = "Nordwind Telefonie GmbH", max_length = 120)]
    pub name: String,
    /// The address that its owner, or the member who joins, signs in with.
    #[schema(example = "office@nordwind.example", format = "email", max_length = 254)]
    pub email: String,
    /// Its status.
    pub status: StatusView,
    /// Until when the link works; `null` once it is used.
    pub expires_at: Option<DateTime<Utc>>,
}

impl From<Link> for ActivationAccount {
    fn from(link: Link) -> Self {
        match link {
            Link::Account(account) => account.into(),
            Link::Invitation(member, expires_at) => {
                Self { email: member.email, expires_at: Some(expires_at), ..member.account.into() }
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
            email: account.email,
            status: account.status.into(),
            expires_at,
        }
    }
}

/// A token of an activation link.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PreviewActivation {
    /// What stands behind `#token=` in the link.
    #[schema(value_type = String, required = true, example = "q0gJ3Zk0yJvE3oY1c8e2cQh1m0n9t4r7v5x8z2a6b3d", min_length = 43, max_length = 43)]
    #[serde(default)]
    token: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl PreviewActivation {
    /// The token, if it could be one.
    pub fn command(self) -> Result<Option<SecretToken>, Error> {
        let Self { token, unknown } = self;
        let mut members = Members::new(unknown);
        let token = members.required("/token", token, |text| Ok(SecretToken::parse(text)));
        members.finish(token)
    }
}

/// A token with the password that its owner chose: for activation and for a password reset.
#[derive(Default, Deserialize, ToSchema)]
pub struct RedeemToken {
    /// What stands behind `#token=` in the link.
    #[schema(value_type = String, required = true, example = "q0gJ3Zk0yJvE3oY1c8e2cQh1m0n9t4r7v5x8z2a6b3d", min_length = 43, max_length = 43)]
    #[serde(default)]
    token: Field<String>,
    /// The password to sign in with: 12–128 characters, none of the first that are guessed.
    #[schema(value_type = String, required = true, example = "correct horse battery staple", format = "password", min_length = 12, max_length = 128)]
    #[serde(default)]
    password: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl RedeemToken {
    /// The token, if it could be one, and the password, if both were given.
    pub fn command(self) -> Result<(Option<SecretToken>, SecretString), Error> {
        let Self { token, password, unknown } = self;
        let mut members = Members::new(unknown);
        let token = members.required("/token", token, |text| Ok(SecretToken::parse(text)));
        let password = members.required("/password", password, |text| Ok::<_, Fault>(SecretString::from(text)));
        members.finish(token.zip(password))
    }
}
