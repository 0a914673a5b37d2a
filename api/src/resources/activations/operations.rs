//! Looking at the link of an activation or an invitation and redeeming it.

use domain::Timestamp;
use domain::account::{Account, Scope};
use domain::authority::Role;
use domain::refusal::Refusal;
use domain::status::{Status, Transition};
use domain::values::email::EmailAddress;
use persistence::accounts::Lock;
use persistence::members::{Member, NewMember};
use persistence::{StoreConnection, accounts, activations, invitations, members};
use serde_json::json;

use crate::access::Origin;
use crate::error::Error;
use crate::events::record::{NewEvent, record, record_own_sign_in};
use crate::ids::new_id;
use crate::security::secret_token::SecretToken;

/// What a token opens.
#[derive(Debug, Clone)]
pub enum Link {
    /// The account that it activates.
    Account(Account),
    /// The member who joins with it, and until when it works.
    Invitation(Member, Timestamp),
}

/// What a token opens. Reading it consumes nothing.
pub fn preview(tx: &mut StoreConnection, token: &SecretToken, now: Timestamp) -> Result<Link, Error> {
    if let Some(account) = activations::account_by_token(tx, hashes(token), now)?
        && account.status == Status::Pending
    {
        return Ok(Link::Account(account));
    }
    let (member, expires_at) = invitations::by_token(tx, &token.hash(), now)?.ok_or(Refusal::InvalidToken)?;
    Ok(Link::Invitation(members::by_id(tx, member)?.ok_or(Refusal::InvalidToken)?, expires_at))
}

/// What the database may hold of an activation link's token. Links from before it knew their age are there by the hash alone.
fn hashes(token: &SecretToken) -> [Vec<u8>; 2] {
    [token.hash_by_age(), token.hash()]
}

/// Redeems a token: the account is active, and its owner signs in with the password of this hash; or a member has joined, and
/// does. Of any number of concurrent redemptions one wins.
pub fn redeem(
    tx: &mut StoreConnection,
    origin: &Origin,
    token: &SecretToken,
    password_hash: &str,
    now: Timestamp,
) -> Result<Link, Error> {
    match preview(tx, token, now)? {
        Link::Account(account) => {
            accounts::lock(tx, account.id, Lock::Exclusive)?;
            let Link::Account(account) = preview(tx, token, now)? else {
                return Err(Refusal::InvalidToken.into());
            };
            activate(tx, origin, &account, token, password_hash, now).map(Link::Account)
        }
        Link::Invitation(member, expires_at) => {
            // Whoever removes the member or invites it again holds the account.
            accounts::lock(tx, member.account.id, Lock::Exclusive)?;
            if !invitations::join(tx, member.id, &token.hash(), password_hash, now)? {
                return Err(Refusal::InvalidToken.into());
            }
            record_own_sign_in(tx, origin, &member, "joined", now)?;
            Ok(Link::Invitation(member, expires_at))
        }
    }
}

fn activate(
    tx: &mut StoreConnection,
    origin: &Origin,
    account: &Account,
    token: &SecretToken,
    password_hash: &str,
    now: Timestamp,
) -> Result<Account, Error> {
    account.status.after(Transition::Activate)?;
    if !activations::redeem(tx, hashes(token), now)? {
        return Err(Refusal::InvalidToken.into());
    }
    let email = EmailAddress::parse(&account.email)
        .map_err(|fault| persistence::Error::Corrupt(format!("stored address: {}", fault.code)))?;
    let member =
        NewMember { id: new_id(now), account: account.id, email: &email, role: Role::Owner, password_hash, now };
    members::insert(tx, &member)?;
    accounts::activate(tx, account, now)?;
    let (before, after) = (json!({"status": "pending"}), json!({"status": "active", "owner": member.id.to_string()}));
    record(tx, origin, now, &NewEvent::to_account(account, "activated", before, after))?;
    Ok(accounts::by_id(tx, &Scope::Platform, account.tier, account.id)?.ok_or(Refusal::NotFound)?)
}
