//! The operation of `/me`.

use actix_web::get;
use actix_web::web::Data;
use domain::authority::Target;
use domain::id::{AccountId, MemberId};
use domain::principal::Principal;
use domain::refusal::Refusal;
use persistence::{StoreConnection, api_clients, members, second_factors};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::ReadMyself;
use crate::app::App;
use crate::error::Error;
use crate::http::field;
use crate::http::params::IfNoneMatch;
use crate::http::{Answer, Caller, Conditions};
use crate::resources::second_factors::wire::MySecondFactor;
use crate::shown;
use crate::views::account::{ServiceView, StatusView, services_view};

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"type": "member", "email": "ann@contoso.example", "name": null, "role": "owner"}))]
pub struct Me {
    /// The id of the member or API client.
    #[schema(example = "member_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// What is signed in: `member` or `client`.
    #[serde(rename = "type")]
    #[schema(value_type = shown::Word)]
    pub kind: &'static str,
    /// The member's e-mail address; `null` of an API client.
    #[schema(value_type = Option<field::EmailAddress>)]
    pub email: Option<String>,
    /// The API client's name; `null` of a member.
    #[schema(value_type = Option<shown::Name>)]
    pub name: Option<String>,
    /// What it may do: `owner`, `provisioner`, `billing` or `viewer`.
    #[schema(value_type = shown::Word)]
    pub role: &'static str,
    /// The account that it signed in to.
    pub account: MyAccount,
    /// The member's second factor; `null` of an API client.
    pub second_factor: Option<MySecondFactor>,
}

/// The account that somebody signed in to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"type": "master_reseller", "name": "Contoso Telecom"}))]
pub struct MyAccount {
    /// Its id.
    #[schema(example = "master_reseller_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// What it is: `platform`, `master_reseller`, `reseller` or `enterprise`.
    #[serde(rename = "type")]
    #[schema(value_type = shown::Word)]
    pub tier: &'static str,
    /// Its name.
    #[schema(value_type = shown::Name)]
    pub name: String,
    /// Its services.
    #[schema(value_type = field::Services)]
    pub services: Vec<ServiceView>,
    /// Its status.
    pub status: StatusView,
    /// Whether it and all above it are active.
    #[schema(example = true)]
    pub operates: bool,
}

/// See who is signed in
///
/// The member or API client whose access token this is, and its account.
#[utoipa::path(
    tag = "Sign-in",
    operation_id = "get_me",
    params(IfNoneMatch),
    responses(
        (status = 200, description = "The member or API client, and its account.", body = Me, headers(("ETag" = String, description = "For `If-None-Match`."))),
        (status = 304, description = "It is what you have."),
        (status = 403, description = "`forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
    ),
    security(("bearer" = []))
)]
#[get("/me")]
pub(crate) async fn get_me(
    app: Data<App>,
    caller: Caller<ReadMyself>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    let answer = app
        .read(caller, move |tx, actor, now| {
            actor.may(Target::Myself)?;
            let account = actor.own_account(tx)?;
            let (kind, email, name, second_factor) = match actor.principal() {
                Principal::Member(id) => {
                    let member = members::by_id(tx, id)?.ok_or(Refusal::NotSignedIn)?;
                    ("member", Some(member.email), None, Some(my_second_factor(tx, id, account.id)?))
                }
                Principal::Client(id) => {
                    let client = api_clients::by_id(tx, account.id, id, now)?.ok_or(Refusal::NotSignedIn)?;
                    ("client", None, Some(client.name.into_string()), None)
                }
            };
            let operates = account.operates();
            let me = Me {
                id: actor.name(),
                kind,
                email,
                name,
                role: actor.role().as_str(),
                account: MyAccount {
                    id: account.id_text(),
                    tier: account.tier.as_str(),
                    name: account.name,
                    services: services_view(account.services),
                    status: account.status.into(),
                    operates,
                },
                second_factor,
            };
            Answer::resource(&me, 1)
        })
        .await?;
    Ok(conditions.answer(answer))
}

fn my_second_factor(
    tx: &mut StoreConnection,
    member: MemberId,
    account: AccountId,
) -> Result<MySecondFactor, persistence::Error> {
    Ok(MySecondFactor {
        enabled: second_factors::find(tx, member)?.is_some_and(|factor| factor.since.is_some()),
        required: second_factors::is_required(tx, account)?,
        recovery_codes_left: second_factors::recovery_codes_left(tx, member)?,
    })
}
