//! Looking at an activation link and redeeming it.

use domain::Timestamp;
use domain::account::{Account, Scope, Status, Transition};
use domain::authority::Role;
use domain::email::EmailAddress;
use domain::refusal::Refusal;
use persistence::accounts::{self, Hold};
use persistence::members::{self, NewMember};
use persistence::{StoreConnection, activations};
use serde_json::json;

use crate::http::{Error, Origin};
use crate::record::{Happening, new_id, record};

/// The account that a token activates. Reading it consumes nothing.
pub fn preview(tx: &mut StoreConnection, token_hash: &[u8], now: Timestamp) -> Result<Account, Error> {
    let account = activations::account_by_token(tx, token_hash, now)?.ok_or(Refusal::InvalidToken)?;
    if account.status == Status::Pending { Ok(account) } else { Err(Refusal::InvalidToken.into()) }
}

/// Redeems a token: the account is active, and its owner signs in with the password of this hash. Of any number of
/// concurrent redemptions one wins.
pub fn redeem(
    tx: &mut StoreConnection,
    origin: &Origin,
    token_hash: &[u8],
    password_hash: &str,
    now: Timestamp,
) -> Result<Account, Error> {
    let id = preview(tx, token_hash, now)?.id;
    accounts::lock(tx, id, Hold::Alone)?;
    let account = preview(tx, token_hash, now)?;
    account.status.after(Transition::Activate)?;
    if !activations::redeem(tx, token_hash, now)? {
        return Err(Refusal::InvalidToken.into());
    }
    let email = EmailAddress::parse(&account.email)
        .map_err(|fault| persistence::Error::Corrupt(format!("stored address: {}", fault.code)))?;
    let member =
        NewMember { id: new_id(now), account: account.id, email: &email, role: Role::Owner, password_hash, now };
    members::insert(tx, &member)?;
    accounts::activate(tx, &account, now)?;
    let (before, after) = (json!({"status": "pending"}), json!({"status": "active", "owner": member.id.to_string()}));
    record(tx, origin, now, &Happening::to_account(&account, "activated", before, after))?;
    Ok(accounts::by_id(tx, &Scope::Platform, account.tier, account.id)?.ok_or(Refusal::NotFound)?)
}
