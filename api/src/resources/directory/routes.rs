//! Handlers of `/enterprises/{id}/teams-users`.

use actix_web::{HttpRequest, get, post};
use domain::refusal::Refusal;
use persistence::directories::{self, UserFilter};

use super::operations;
use super::wire::{TeamsDirectoryUser, TeamsDirectoryUserPage, TeamsUsersSync};
use crate::access::{Change, Read};
use crate::app::Call;
use crate::error::Result;
use crate::http::params::{IdempotencyKeyHeader, PageQuery};
use crate::http::query::{Query, flag};
use crate::http::{Answer, Id, IdempotencyKey};
use crate::resources::telephony::ListRequest;
use crate::shown;

/// List the users of a tenant
///
/// Lists the users of the enterprise's Microsoft 365 tenant who can have a phone in Teams, in a stable order, so that one
/// can be picked as `teams_user`. Guests, users that can't sign in and the service's own users are left out. The list is empty until
/// `POST /enterprises/{enterprise_id}/teams-users/sync` was called once; afterwards the service keeps it current.
#[utoipa::path(
    params(
        PageQuery,
        ("q" = Option<shown::Search>, Query, description = "Only users whose user principal name or display name contains this text (case-insensitive)."),
        ("licensed" = Option<bool>, Query, description = "`true`: only users with a licence with Teams Phone. `false`: only users without one."),
        ("assigned" = Option<bool>, Query, description = "`true`: only users that are users of this enterprise already. `false`: only those that are not."),
    ),
    responses((status = 200, description = "A page of users of the tenant.", body = TeamsDirectoryUserPage)),
)]
#[get("")]
pub(crate) async fn list_teams_users(call: Call<Read>, id: Id, request: HttpRequest) -> Result<Answer> {
    let (path, text) = (format!("/enterprises/{id}/teams-users"), request.query_string().to_owned());
    call.read_question(&format!("GET {path}?{text}"), move |tx, actor| {
        let account = actor.load_enterprise(tx, &id)?;
        let mut query = Query::read(&text)?;
        let list = ListRequest::from_query(path.clone(), &text, &mut query)?;
        let licensed = query.parameter("licensed", "true or false", flag)?;
        let assigned = query.parameter("assigned", "true or false", flag)?;
        query.finish()?;
        let caller = actor.name();
        let filter = UserFilter { licensed, assigned, page: list.filter(&caller, false)? };
        let rows = directories::list(tx, account.id, &filter)?;
        list.paging.answer(&caller, rows, |user| user.person, TeamsDirectoryUser::from)
    })
    .await
}

/// Read when the users of a tenant were read
///
/// Says when the users of the enterprise's tenant were last read, what went wrong, how many there were
/// then, and how many were left out of the list for which reason.
#[utoipa::path(responses((status = 200, description = "When they were read, and how many they are.", body = TeamsUsersSync)))]
#[get("/sync")]
pub(crate) async fn get_teams_users_sync(call: Call<Read>, id: Id) -> Result<Answer> {
    call.read(move |tx, actor| {
        let account = actor.load_enterprise(tx, &id)?;
        let directory = directories::by_account(tx, account.id)?;
        Answer::ok(&TeamsUsersSync::view(directory.as_ref(), directories::counts(tx, account.id)?))
    })
    .await
}

/// Read the users of a tenant
///
/// Has the service read the users of the enterprise's tenant now: all of them the first time, afterwards what has changed.
/// That happens in the background. From then on the service reads the changes once a day by itself.
#[utoipa::path(params(IdempotencyKeyHeader), responses(
    (status = 200, description = "When they were read before, and how many they are.", body = TeamsUsersSync),
    (status = 409, description = "`no_microsoft_graph`: the service does not use Microsoft Graph. `account_closed`: the account is closed."),
))]
#[post("/sync")]
pub(crate) async fn sync_teams_users(call: Call<Change>, id: Id, key: IdempotencyKey) -> Result<Answer> {
    let app = call.app.clone();
    let has_graph = app.graph.is_some();
    let answer = call
        .write_once(key.without_body(), move |tx, actor| {
            let account = actor.load_enterprise(tx, &id)?;
            if !has_graph {
                return Err(Refusal::NoMicrosoftGraph.into());
            }
            let directory = operations::ask(tx, &account)?;
            Answer::ok(&TeamsUsersSync::view(Some(&directory), directories::counts(tx, account.id)?))
        })
        .await;
    app.directories_ready.notify_one();
    answer
}
