//! Previewing and redeeming the links of activation and invitation e-mails.

use domain::Timestamp;
use domain::account::{Account, Scope};
use domain::authority::Role;
use domain::refusal::Refusal;
use domain::status::{Status, Transition};
use persistence::accounts::Lock;
use persistence::members::{Member, NewMember};
use persistence::{StoreConnection, accounts, activations, invitations, members};
use serde_json::json;

use crate::app::Tx;
use crate::error::Result;
use crate::events::record::{NewEvent, record, record_own_sign_in};
use crate::ids::new_id;
use crate::security::secret_token::SecretToken;

/// The target of a link's token.
#[derive(Debug, Clone)]
pub enum Link {
    /// The account that the link activates.
    Account(Account),
    /// The member who joins with the link, and when the link expires.
    Invitation(Member, Timestamp),
}

/// Returns the target of a token without redeeming it. Refused if the token is used, expired, replaced or unknown.
pub fn preview(tx: &mut StoreConnection, token: &SecretToken, now: Timestamp) -> Result<Link> {
    if let Some(account) = activations::account_by_token(tx, hashes(token), now)?
        && account.status == Status::Pending
    {
        return Ok(Link::Account(account));
    }
    let (member, expires_at) = invitations::by_token(tx, &token.hash(), now)?.ok_or(Refusal::InvalidToken)?;
    Ok(Link::Invitation(members::by_id(tx, member)?.ok_or(Refusal::InvalidToken)?, expires_at))
}

/// The forms in which the database may store an activation token: hash by age, or the plain hash for links that were
/// stored without their age.
fn hashes(token: &SecretToken) -> [Vec<u8>; 2] {
    [token.hash_by_age(), token.hash()]
}

/// Redeems a token. An activation token makes the account active and creates its owner; an invitation token lets the
/// member join. Either then signs in with the password of this hash. If a token is redeemed concurrently, only one
/// request succeeds.
pub fn redeem(tx: &mut Tx<'_>, token: &SecretToken, password_hash: &str) -> Result<Link> {
    let now = tx.now;
    match preview(tx, token, now)? {
        Link::Account(account) => {
            accounts::lock(tx, account.id, Lock::Exclusive)?;
            let Link::Account(account) = preview(tx, token, now)? else {
                return Err(Refusal::InvalidToken.into());
            };
            activate(tx, &account, token, password_hash).map(Link::Account)
        }
        Link::Invitation(member, expires_at) => {
            // Removing or re-inviting the member also locks the account, so neither can run at the same time.
            accounts::lock(tx, member.account.id, Lock::Exclusive)?;
            if !invitations::join(tx, member.id, &token.hash(), password_hash, now)? {
                return Err(Refusal::InvalidToken.into());
            }
            record_own_sign_in(tx, &member, "joined")?;
            Ok(Link::Invitation(member, expires_at))
        }
    }
}

fn activate(tx: &mut Tx<'_>, account: &Account, token: &SecretToken, password_hash: &str) -> Result<Account> {
    let now = tx.now;
    account.status.after(Transition::Activate)?;
    if !activations::redeem(tx, hashes(token), now)? {
        return Err(Refusal::InvalidToken.into());
    }
    let member = NewMember {
        id: new_id(now),
        account: account.id,
        email: &account.email,
        role: Role::Owner,
        password_hash,
        password_is_temporary: false,
        now,
    };
    members::insert(tx, &member)?;
    accounts::activate(tx, account, now)?;
    let (before, after) = (json!({"status": "pending"}), json!({"status": "active", "owner": member.id.to_string()}));
    record(tx, &NewEvent::to_account(account, "activated", before, after))?;
    Ok(accounts::by_id(tx, &Scope::Platform, account.tier, account.id)?.ok_or(Refusal::NotFound)?)
}
