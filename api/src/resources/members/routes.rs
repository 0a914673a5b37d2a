//! The operations of `/members`.

use actix_web::{HttpRequest, delete, get, patch, post};
use domain::authority::{Role, Target};
use domain::member;
use domain::principal::Principal;
use domain::refusal::Refusal;
use persistence::{invitations, members, sessions};

use super::operations;
use super::wire::{InviteMember, Member, MemberPage, PatchMember};
use crate::access::{Change, Create, Read};
use crate::app::Call;
use crate::error::Result;
use crate::events::record::record_sign_in;
use crate::http::page::Paging;
use crate::http::params::{IdempotencyKeyHeader, IfMatch, IfNoneMatch, PageQuery};
use crate::http::query::Query;
use crate::http::{Answer, Body, Conditions, Id, IdempotencyKey};
use crate::resources::second_factors;

const PATH: &str = "/members";

/// Invite a member
///
/// Invites a person to your own account with a role. Sends an e-mail with a link for choosing a password; the link
/// works once and expires after 72 hours. Only owners may do this; API clients can't.
#[utoipa::path(params(IdempotencyKeyHeader), request_body(content = InviteMember, example = json!({"email": "bea@contoso.example", "role": "billing"})), responses(
    (status = 201, description = "The invited member. The e-mail is queued.", body = Member, headers(("Location" = String, description = "The URL of the new member."))),
    (status = 409, description = "`email_taken`: another account or member has the address. `too_many_members`: an account can have at most 500 members."),
    (status = 429, description = "`too_many_emails`: others have caused too many e-mails to this address today. `rate_limited`: too many requests. See `Retry-After`."),
))]
#[post("")]
pub(crate) async fn invite_member(call: Call<Create>, key: IdempotencyKey, body: Body) -> Result<Answer> {
    let command = body.parse::<InviteMember, operations::InviteMember>();
    call.write_once(key.with_body(&body), move |tx, actor| {
        actor.may(Target::Members)?;
        let command = command.get()?;
        let account = actor.own_account(tx)?;
        let member = operations::invite(tx, &account, command)?;
        let location = format!("{PATH}/{}", member.id);
        Ok(answer(member)?.created(location))
    })
    .await
}

/// List members
///
/// Lists the members of your own account, sorted by the time of their invitation. Only owners may do this.
#[utoipa::path(params(PageQuery), responses((status = 200, description = "A page of members.", body = MemberPage)))]
#[get("")]
pub(crate) async fn list_members(call: Call<Read>, request: HttpRequest) -> Result<Answer> {
    let text = request.query_string().to_owned();
    call.read(move |tx, actor| {
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
/// Returns one member of your own account, with its `ETag`. Only owners may do this.
#[utoipa::path(params(IfNoneMatch), responses((status = 200, description = "The member.", body = Member)))]
#[get("/{member_id}")]
pub(crate) async fn get_member(call: Call<Read>, id: Id, conditions: Conditions) -> Result<Answer> {
    call.read_if_changed(conditions, move |tx, actor| {
        actor.may(Target::Members)?;
        answer(operations::load(tx, actor, &id)?)
    })
    .await
}

/// Change a member's role
///
/// Changes the role of a member of your own account with a merge patch and returns the member. The role takes effect
/// with the member's next request. The last owner who has joined keeps the role. Only owners may do this; API clients
/// can't.
#[utoipa::path(params(IfMatch), request_body(content = PatchMember, example = json!({"role": "provisioner"})), responses(
    (status = 200, description = "The member after the change.", body = Member),
    (status = 409, description = "`last_owner`: the account must keep an owner who has joined. Make another member an owner first."),
))]
#[patch("/{member_id}")]
pub(crate) async fn update_member(call: Call<Change>, id: Id, conditions: Conditions, body: Body) -> Result<Answer> {
    let role = body.parse::<PatchMember, Role>();
    call.write(move |tx, actor| {
        actor.may(Target::Members)?;
        let account = actor.own_account(tx)?;
        let member = operations::load(tx, actor, &id)?;
        let role = *role.get()?;
        conditions.check_version(member.version)?;
        answer(operations::set_role(tx, &account, member, role)?)
    })
    .await
}

/// Remove a member
///
/// Removes a member from your own account. Its sessions end and its e-mail address can be used again. The last owner
/// who has joined can't be removed. Only owners may do this; API clients can't.
#[utoipa::path(params(IfMatch), responses(
    (status = 204, description = "The member was removed."),
    (status = 409, description = "`last_owner`: the account must keep an owner who has joined. Make another member an owner first."),
))]
#[delete("/{member_id}")]
pub(crate) async fn remove_member(call: Call<Change>, id: Id, conditions: Conditions) -> Result<Answer> {
    call.write(move |tx, actor| {
        actor.may(Target::Members)?;
        let account = actor.own_account(tx)?;
        let member = operations::load(tx, actor, &id)?;
        conditions.check_version(member.version)?;
        operations::remove(tx, &account, &member)?;
        Ok(Answer::no_content())
    })
    .await
}

/// Resend an invitation
///
/// Sends a new invitation e-mail to a member that has not joined yet. Links from earlier e-mails stop working; the new
/// one expires after 72 hours. Only owners may do this; API clients can't.
#[utoipa::path(params(IfMatch, IdempotencyKeyHeader), responses(
    (status = 200, description = "The member. The e-mail is queued.", body = Member),
    (status = 409, description = "`already_joined`: the member has joined and needs no invitation; it can request a password reset."),
    (status = 429, description = "`too_many_emails`: others have caused too many e-mails to this address today. `rate_limited`: too many requests. See `Retry-After`."),
))]
#[post("/{member_id}/resend-invitation")]
pub(crate) async fn resend_invitation(
    call: Call<Change>,
    id: Id,
    conditions: Conditions,
    key: IdempotencyKey,
) -> Result<Answer> {
    call.write_once(key.without_body(), move |tx, actor| {
        actor.may(Target::Members)?;
        let account = actor.own_account(tx)?;
        let member = operations::load(tx, actor, &id)?;
        conditions.check_version(member.version)?;
        answer(operations::resend(tx, &account, &member)?)
    })
    .await
}

/// End a member's sessions
///
/// Signs a member out everywhere, for example because a device was lost. Its access tokens and refresh tokens stop
/// working; it can sign in again. Only owners may do this; API clients can't.
#[utoipa::path(params(IfMatch), responses((status = 204, description = "The member's sessions have ended.")))]
#[delete("/{member_id}/sessions")]
pub(crate) async fn end_member_sessions(call: Call<Change>, id: Id, conditions: Conditions) -> Result<Answer> {
    call.write(move |tx, actor| {
        actor.may(Target::Members)?;
        actor.own_account(tx)?;
        let seen = operations::load(tx, actor, &id)?;
        conditions.check_version(seen.version)?;
        let now = tx.now;
        sessions::end_all(tx, seen.id, now)?;
        let member = members::by_id(tx, seen.id)?.ok_or(Refusal::NotFound)?;
        record_sign_in(tx, &member, "sessions_ended")?;
        Ok(Answer::no_content())
    })
    .await
}

/// Remove a member's second factor
///
/// Removes the second factor of a member that has lost both its authenticator app and its recovery codes. Verify first
/// that the request really comes from the member. Its sessions end, and it is notified by e-mail. You can't remove your
/// own second factor this way; disable it with a code instead. Only owners may do this; API clients can't.
#[utoipa::path(params(IfMatch), responses(
    (status = 204, description = "The second factor was removed. The member signs in with its password only until it sets up a new one."),
    (status = 409, description = "`no_second_factor`: the member has none. `own_second_factor`: disable your own second factor with a code."),
))]
#[delete("/{member_id}/second-factor")]
pub(crate) async fn reset_second_factor(call: Call<Change>, id: Id, conditions: Conditions) -> Result<Answer> {
    call.write(move |tx, actor| {
        actor.may(Target::Members)?;
        actor.own_account(tx)?;
        let seen = operations::load(tx, actor, &id)?;
        conditions.check_version(seen.version)?;
        if actor.principal() == Principal::Member(seen.id) {
            return Err(Refusal::OwnSecondFactor.into());
        }
        let member = members::by_id(tx, seen.id)?.ok_or(Refusal::NotFound)?;
        second_factors::operations::reset(tx, &member)?;
        Ok(Answer::no_content())
    })
    .await
}

fn answer(member: member::Member) -> Result<Answer> {
    let version = member.version;
    Answer::resource(&Member::from(member), version)
}
