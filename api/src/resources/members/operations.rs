//! Operations on the members of the caller's own account. Every change locks the account, so that two owners who remove
//! each other at the same time can't leave the account without an owner.

use chrono::TimeDelta;
use domain::Timestamp;
use domain::account::Account;
use domain::authority::{Action, Role};
use domain::id::{MemberId, MessageId};
use domain::limits::{ACTIVATION_HOURS, MEMBERS_MAX};
use domain::member::Member;
use domain::refusal::Refusal;
use domain::values::email::EmailAddress;
use persistence::invitations::NewInvitation;
use persistence::{StoreConnection, accounts, invitations, members, sessions};
use serde_json::{Value, json};

use crate::access::Actor;
use crate::app::Tx;
use crate::error::Result;
use crate::events::record::record_for;
use crate::ids::new_id;
use crate::mail::{Letter, News, SecretLink};
use crate::resources::email_changes;
use crate::security::secret_token::SecretToken;

/// An invitation of a new member.
#[derive(Debug, Clone)]
pub struct InviteMember {
    /// The address that the invitation is sent to and that the member signs in with.
    pub email: EmailAddress,
    /// The member's role.
    pub role: Role,
}

/// Loads a member of the actor's own account. Unless the actor only reads, the member is locked, because members also
/// change themselves.
pub fn load(tx: &mut StoreConnection, actor: &Actor, id: &str) -> Result<Member> {
    let id = MemberId::parse(id).ok_or(Refusal::NotFound)?;
    if actor.action() != Action::Read && invitations::by_id(tx, actor.account(), id)?.is_some() {
        members::hold(tx, id)?;
    }
    Ok(invitations::by_id(tx, actor.account(), id)?.ok_or(Refusal::NotFound)?)
}

/// Invites a member and queues the e-mail. The address then belongs to the account and is unique among all accounts
/// (R1).
pub fn invite(tx: &mut Tx<'_>, account: &Account, command: &InviteMember) -> Result<Member> {
    let now = tx.now;
    let InviteMember { email, role } = command;
    if invitations::count(tx, account.id)?.0 >= MEMBERS_MAX {
        return Err(Refusal::TooManyMembers.into());
    }
    if !accounts::claim_email(tx, email, account.id)? {
        return Err(Refusal::EmailTaken.into());
    }
    let link = Link::write(tx, account, email, *role)?;
    let id = new_id(now);
    invitations::invite(tx, account.id, id, email, *role, &link.stored(), now)?;
    let after = json!({"email": email.given(), "role": role.as_str()});
    record_for(tx, account, id, "invited", (Value::Null, after))?;
    found(tx, account, id)
}

/// Sends a new invitation to a member that has not joined. Earlier links stop working.
pub fn resend(tx: &mut Tx<'_>, account: &Account, member: &Member) -> Result<Member> {
    let now = tx.now;
    member.check_invitable()?;
    let link = Link::write(tx, account, &member.email, member.role)?;
    invitations::replace(tx, member.id, &link.stored(), now)?;
    record_for(tx, account, member.id, "invitation_resent", (Value::Null, Value::Null))?;
    found(tx, account, member.id)
}

/// Changes a member's role. It takes effect with the member's next request.
pub fn set_role(tx: &mut Tx<'_>, account: &Account, before: Member, role: Role) -> Result<Member> {
    if role == before.role {
        return Ok(before);
    }
    before.check_may_leave(invitations::count(tx, account.id)?.1)?;
    invitations::set_role(tx, &before, role)?;
    let changed = (json!({"role": before.role.as_str()}), json!({"role": role.as_str()}));
    record_for(tx, account, before.id, "updated", changed)?;
    found(tx, account, before.id)
}

/// Removes a member and ends its sessions. Its address becomes free, unless it is also the address of the account.
pub fn remove(tx: &mut Tx<'_>, account: &Account, member: &Member) -> Result<()> {
    let now = tx.now;
    member.check_may_leave(invitations::count(tx, account.id)?.1)?;
    email_changes::operations::withdraw(tx, account, &member.email)?;
    invitations::remove(tx, member.id, now)?;
    sessions::end_all(tx, member.id, now)?;
    if member.email.canonical() != account.email.canonical() {
        accounts::free_email(tx, member.email.canonical(), account.id)?;
    }
    let before = json!({"email": member.email.given(), "role": member.role.as_str()});
    record_for(tx, account, member.id, "removed", (before, Value::Null))
}

fn found(tx: &mut StoreConnection, account: &Account, id: MemberId) -> Result<Member> {
    Ok(invitations::by_id(tx, account.id, id)?.ok_or(Refusal::NotFound)?)
}

struct Link {
    message: MessageId,
    token_hash: Vec<u8>,
    expires_at: Timestamp,
}

impl Link {
    fn write(tx: &mut Tx<'_>, account: &Account, email: &EmailAddress, role: Role) -> Result<Self> {
        let token = SecretToken::generate();
        let expires_at = tx.now + TimeDelta::hours(ACTIVATION_HOURS);
        let link = SecretLink { token: token.expose().to_owned(), expires_at };
        let (account_kind, role) = (account.tier.noun().to_owned(), role.as_str().to_owned());
        let news = News::Invitation { account_kind, role, link };
        let message = tx.send_limited(account.id, &Letter::new(email, &account.name, news))?;
        Ok(Self { message, token_hash: token.hash(), expires_at })
    }

    fn stored(&self) -> NewInvitation<'_> {
        NewInvitation { token_hash: &self.token_hash, message: self.message, expires_at: self.expires_at }
    }
}
