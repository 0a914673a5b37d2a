//! Request and response bodies of `/me`.

use domain::account::Account;
use domain::api_client::ApiClient;
use persistence::members::Member;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::operations::ChangeMe;
use crate::http::field::{self, Field};
use crate::http::{Valid, nullable};
use crate::resources::second_factors::again::Again;
use crate::resources::second_factors::wire::MySecondFactor;
use crate::security::given::{GivenPassword, NewPassword};
use crate::shown;
use crate::views::account::{ServiceView, StatusView, services_view};
use crate::views::language::LanguageView;

type GivenPasswordField = Field<GivenPassword>;
type NewPasswordField = Field<NewPassword>;

/// The member or API client that is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"type": "member", "email": "ann@contoso.example", "name": "Ann Example", "language": "en", "role": "owner"}))]
pub struct Me {
    /// The id of the member or API client.
    #[schema(example = "member_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The kind of caller: `member` or `client`.
    #[serde(rename = "type")]
    #[schema(value_type = shown::Word)]
    pub kind: &'static str,
    /// The member's e-mail address; `null` for an API client.
    #[schema(value_type = Option<field::EmailAddress>)]
    pub email: Option<String>,
    /// The display name of the member or API client; `null` for a member that has none.
    #[schema(value_type = Option<shown::Name>)]
    pub name: Option<String>,
    /// The member's preferred language; `null` if it has not chosen one, and for an API client.
    pub language: Option<LanguageView>,
    /// Its role: `owner`, `provisioner`, `billing` or `viewer`.
    #[schema(value_type = shown::Word)]
    pub role: &'static str,
    /// The account that the caller belongs to.
    pub account: MyAccount,
    /// The state of the member's second factor; `null` for an API client.
    pub second_factor: Option<MySecondFactor>,
}

impl Me {
    /// Builds the view of a member with its second factor.
    #[must_use]
    pub fn member(member: Member, second_factor: MySecondFactor) -> Self {
        let Member { id, email, role, password_hash: _, name, language, version: _, account } = member;
        Self {
            id: id.to_string(),
            kind: "member",
            email: Some(email.into_given()),
            name,
            language: language.map(Into::into),
            role: role.as_str(),
            account: account.into(),
            second_factor: Some(second_factor),
        }
    }

    /// Builds the view of an API client with the account that it belongs to.
    #[must_use]
    pub fn client(client: ApiClient, account: Account) -> Self {
        let ApiClient { id, name, terms, secrets: _, last_used_at: _, version: _, created_at: _, updated_at: _ } =
            client;
        Self {
            id: id.to_string(),
            kind: "client",
            email: None,
            name: Some(name.into_string()),
            language: None,
            role: terms.role.as_str(),
            account: account.into(),
            second_factor: None,
        }
    }
}

/// The account of the caller.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"type": "master_reseller", "name": "Contoso Telecom"}))]
pub struct MyAccount {
    /// The account's id.
    #[schema(example = "master_reseller_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The account's tier: `platform`, `master_reseller`, `reseller` or `enterprise`.
    #[serde(rename = "type")]
    #[schema(value_type = shown::Word)]
    pub tier: &'static str,
    /// The account's name.
    #[schema(value_type = shown::Name)]
    pub name: String,
    /// The services that the account has.
    #[schema(value_type = field::Services)]
    pub services: Vec<ServiceView>,
    /// The account's status.
    pub status: StatusView,
    /// Whether the account and all accounts above it are active.
    #[schema(example = true)]
    pub operates: bool,
}

impl From<Account> for MyAccount {
    fn from(account: Account) -> Self {
        let (id, operates) = (account.id_text(), account.operates());
        let Account {
            id: _,
            tier,
            master_reseller_id: _,
            reseller_id: _,
            name,
            email: _,
            billing_reference: _,
            services,
            status,
            ancestors_active: _,
            version: _,
            created_at: _,
            updated_at: _,
            activated_at: _,
            closed_at: _,
            activation: _,
            enterprise: _,
        } = account;
        Self { id, tier: tier.as_str(), name, services: services_view(services), status: status.into(), operates }
    }
}

/// A new password for the signed-in member. It repeats the present one, so that somebody who finds an open browser can't
/// take over the member.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"password": "correct horse battery staple", "new_password": "tidal lantern orchard ninety", "code": null}))]
pub struct ChangePassword {
    /// The password that you sign in with now.
    #[schema(required = true)]
    #[validate(required)]
    password: GivenPasswordField,
    /// The new password: 12–128 characters. Passwords that are easy to guess are refused, and the present one.
    #[schema(required = true)]
    #[validate(required)]
    new_password: NewPasswordField,
    /// The six digits from your authenticator app, or a recovery code, if you have a second factor.
    code: nullable::Code,
}

impl From<Valid<ChangePassword>> for (Again, SecretString) {
    fn from(request: Valid<ChangePassword>) -> Self {
        let ChangePassword { password, new_password, code } = request.into_inner();
        let (GivenPassword(password), NewPassword(new)) = (password.required(), new_password.required());
        (Again { password, code: code.given() }, new)
    }
}

/// Changes to the signed-in member, as a merge patch (RFC 7396). Fields that are left out keep their values.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"name": "Ann Example", "language": "en"}))]
pub struct PatchMe {
    /// Your display name: 1–120 characters, at least one of them visible. `null` removes it.
    name: nullable::MemberName,
    /// Your preferred language. `null` removes the choice.
    language: nullable::Language,
}

impl From<Valid<PatchMe>> for ChangeMe {
    fn from(request: Valid<PatchMe>) -> Self {
        let PatchMe { name, language } = request.into_inner();
        Self { name: name.change(), language: language.change() }
    }
}
