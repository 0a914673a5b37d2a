//! The operations of `/members`.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, delete, get, patch, post};
use domain::authority::{Role, Target};
use domain::member;
use domain::principal::Principal;
use domain::refusal::Refusal;
use persistence::{invitations, members};

use super::operations;
use super::wire::{InviteMember, Member, MemberPage, PatchMember};
use crate::access::{Change, Create, Read};
use crate::app::App;
use crate::error::Error;
use crate::http::page::Paging;
use crate::http::params::{IdempotencyKeyHeader, IfMatch, IfNoneMatch, PageQuery};
use crate::http::query::Query;
use crate::http::{Answer, Body, Caller, Conditions, IdempotencyKey};
use crate::resources::second_factors;

const PATH: &str = "/members";

/// Invite a member
///
/// For owners, and for people only: an API client never says who signs in. Sends an e-mail whose link lets the member choose a password, once, within
/// 72 hours.
#[utoipa::path(
    tag = "Members",
    operation_id = "invite_member",
    params(IdempotencyKeyHeader),
    request_body(content = InviteMember, example = json!({"email": "bea@contoso.example", "role": "billing"})),
    responses(
        (status = 201, description = "Invited; the e-mail is on its way.", body = Member, headers(("Location" = String, description = "Where the member is."), ("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`email_taken`: another account or member has the address. `too_many_members`: an account has at most 500. `idempotency_key_in_use`."),
    ),
    security(("bearer" = []))
)]
#[post("")]
pub(crate) async fn invite_member(
    app: Data<App>,
    caller: Caller<Create>,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer, Error> {
    let command = body.parse::<InviteMember, operations::InviteMember>();
    let outbox = Arc::clone(&app.outbox);
    app.write_once(caller, key.with_body(&body), move |tx, actor, now| {
        actor.may(Target::Members)?;
        let command = command.get()?;
        let account = actor.own_account(tx)?;
        let member = operations::invite(tx, actor, &account, command, now, &outbox)?;
        let location = format!("{PATH}/{}", member.id);
        Ok(answer(member)?.created(location))
    })
    .await
}

/// List members
///
/// For owners: those of your own account, by the time of their invitation.
#[utoipa::path(
    tag = "Members",
    operation_id = "list_members",
    params(PageQuery),
    responses((status = 200, description = "A page of members.", body = MemberPage, headers(("Link" = String, description = "The next page, if there is one (RFC 8288).")))),
    security(("bearer" = []))
)]
#[get("")]
pub(crate) async fn list_members(app: Data<App>, caller: Caller<Read>, request: HttpRequest) -> Result<Answer, Error> {
    let text = request.query_string().to_owned();
    app.read(caller, move |tx, actor, _| {
        actor.may(Target::Members)?;
        let mut query = Query::read(&text)?;
        let paging = Paging::from_query(PATH, &text, &mut query)?;
        query.finish()?;
        let caller = actor.name();
        let (after, limit) = (paging.after(&caller)?, paging.limit + 1);
        let found = invitations::list(tx, actor.account(), after, paging.newest_first, limit)?;
        paging.answer(&caller, found, |member| member.id.uuid(), Member::from)
    })
    .await
}

/// Read a member
///
/// For owners: one of your own account, with its `ETag`.
#[utoipa::path(
    tag = "Members",
    operation_id = "get_member",
    params(("member_id" = String, Path, description = "The id of the member.", example = "member_01h455vb4pex5vsknk084sn02q"), IfNoneMatch),
    responses(
        (status = 200, description = "The member.", body = Member, headers(("ETag" = String, description = "For `If-Match` and `If-None-Match`."))),
        (status = 304, description = "It is what you have."),
    ),
    security(("bearer" = []))
)]
#[get("/{member_id}")]
pub(crate) async fn get_member(
    app: Data<App>,
    caller: Caller<Read>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    let answer = app
        .read(caller, move |tx, actor, _| {
            actor.may(Target::Members)?;
            answer(operations::load(tx, actor, &id)?)
        })
        .await?;
    Ok(conditions.answer(answer))
}

/// Give a member another role
///
/// For owners, and for people only. It counts from the member's next request on. An account always has an owner who has joined.
#[utoipa::path(
    tag = "Members",
    operation_id = "update_member",
    params(("member_id" = String, Path, description = "The id of the member.", example = "member_01h455vb4pex5vsknk084sn02q"), IfMatch),
    request_body(content((PatchMember = "application/merge-patch+json", example = json!({"role": "provisioner"})), (PatchMember = "application/json", example = json!({"role": "provisioner"})))),
    responses(
        (status = 200, description = "The member after the change.", body = Member, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`last_owner`: make another member owner first."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
    ),
    security(("bearer" = []))
)]
#[patch("/{member_id}")]
pub(crate) async fn update_member(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    body: Body,
) -> Result<Answer, Error> {
    let role = body.parse::<PatchMember, Role>();
    app.write(caller, move |tx, actor, now| {
        actor.may(Target::Members)?;
        let account = actor.own_account(tx)?;
        let member = operations::load(tx, actor, &id)?;
        let role = *role.get()?;
        conditions.check_version(member.version)?;
        answer(operations::set_role(tx, actor, &account, member, role, now)?)
    })
    .await
}

/// Remove a member
///
/// For owners, and for people only. The member's sessions end with its next request, and its address is free. An account always has an owner who has
/// joined.
#[utoipa::path(
    tag = "Members",
    operation_id = "remove_member",
    params(("member_id" = String, Path, description = "The id of the member.", example = "member_01h455vb4pex5vsknk084sn02q"), IfMatch),
    responses(
        (status = 204, description = "Removed."),
        (status = 409, description = "`last_owner`: make another member owner first."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
    ),
    security(("bearer" = []))
)]
#[delete("/{member_id}")]
pub(crate) async fn remove_member(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    app.write(caller, move |tx, actor, now| {
        actor.may(Target::Members)?;
        let account = actor.own_account(tx)?;
        let member = operations::load(tx, actor, &id)?;
        conditions.check_version(member.version)?;
        operations::remove(tx, actor, &account, &member, now)?;
        Ok(Answer::no_content())
    })
    .await
}

/// Send an invitation again
///
/// For owners, and for people only. Earlier links are void.
#[utoipa::path(
    tag = "Members",
    operation_id = "resend_invitation",
    params(("member_id" = String, Path, description = "The id of the member.", example = "member_01h455vb4pex5vsknk084sn02q"), IfMatch, IdempotencyKeyHeader),
    responses(
        (status = 200, description = "The e-mail is on its way.", body = Member, headers(("ETag" = String, description = "For `If-Match`."))),
        (status = 409, description = "`already_joined`: whoever has forgotten the password asks for a reset. `idempotency_key_in_use`."),
        (status = 412, description = "`precondition_failed`: somebody changed it since you read it."),
        (status = 422, description = "`idempotency_key_reused`: use a new key for a new request."),
    ),
    security(("bearer" = []))
)]
#[post("/{member_id}/resend-invitation")]
pub(crate) async fn resend_invitation(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer, Error> {
    let outbox = Arc::clone(&app.outbox);
    app.write_once(caller, key.without_body(), move |tx, actor, now| {
        actor.may(Target::Members)?;
        let account = actor.own_account(tx)?;
        let member = operations::load(tx, actor, &id)?;
        conditions.check_version(member.version)?;
        answer(operations::resend(tx, actor, &account, &member, now, &outbox)?)
    })
    .await
}

/// Take a member's second factor away
///
/// For owners, and for people only: for a member who has lost the app and the recovery codes. Make sure that it is the member who asks. The member is
/// told by e-mail. Your own second factor is switched off with a code.
#[utoipa::path(
    tag = "Members",
    operation_id = "reset_second_factor",
    params(("member_id" = String, Path, description = "The id of the member.", example = "member_01h455vb4pex5vsknk084sn02q"), IfMatch),
    responses(
        (status = 204, description = "The member signs in with its password alone, until it has another one."),
        (status = 409, description = "`no_second_factor`: the member has none. `own_second_factor`: switch your own off with a code of it."),
        (status = 412, description = "`precondition_failed`: somebody changed the member since you read it."),
    ),
    security(("bearer" = []))
)]
#[delete("/{member_id}/second-factor")]
pub(crate) async fn reset_second_factor(
    app: Data<App>,
    caller: Caller<Change>,
    id: Path<String>,
    conditions: Conditions,
) -> Result<Answer, Error> {
    let outbox = Arc::clone(&app.outbox);
    app.write(caller, move |tx, actor, now| {
        actor.may(Target::Members)?;
        actor.own_account(tx)?;
        let seen = operations::load(tx, actor, &id)?;
        conditions.check_version(seen.version)?;
        if actor.principal() == Principal::Member(seen.id) {
            return Err(Refusal::OwnSecondFactor.into());
        }
        let member = members::by_id(tx, seen.id)?.ok_or(Refusal::NotFound)?;
        second_factors::operations::reset(tx, actor.origin(), &member, now, &outbox)?;
        Ok(Answer::no_content())
    })
    .await
}

fn answer(member: member::Member) -> Result<Answer, Error> {
    let version = member.version;
    Answer::resource(&Member::from(member), version)
}
