//! Requesting and confirming changes of e-mail addresses.

use chrono::TimeDelta;
use domain::Timestamp;
use domain::account::{Account, check_open};
use domain::limits::EMAIL_CHANGE_HOURS;
use domain::refusal::Refusal;
use domain::status::Status;
use domain::values::email::EmailAddress;
use persistence::email_changes::{EmailChange, NewEmailChange};
use persistence::members::Member;
use persistence::{email_changes, members};
use serde_json::{Value, json};

use crate::app::Tx;
use crate::error::Result;
use crate::events::record::{NewEvent, record, record_for};
use crate::mail::{Letter, News, SecretLink};
use crate::security::secret_token::SecretToken;

/// Requests a new address for an activated account that was loaded for the actor. Queues a confirmation link to the new
/// address and a notice to the old one. Returns when the link expires.
pub fn request_for_account(tx: &mut Tx<'_>, account: &Account, new: &EmailAddress) -> Result<Timestamp> {
    check_open(account.status)?;
    if account.status == Status::Pending {
        return Err(Refusal::NotActivated.into());
    }
    let expires_at = ask(tx, account, &account.email, new)?;
    let after = json!({"email": new.given()});
    record(tx, &NewEvent::to_account(account, "email_change_requested", Value::Null, after))?;
    Ok(expires_at)
}

/// Requests a new address for a member to sign in with. Queues a confirmation link to the new address and a notice to
/// the old one. Returns when the link expires.
pub fn request_for_member(tx: &mut Tx<'_>, member: &Member, new: &EmailAddress) -> Result<Timestamp> {
    let expires_at = ask(tx, &member.account, &member.email, new)?;
    let after = json!({"email": new.given()});
    record_for(tx, &member.account, member.id, "email_change_requested", (Value::Null, after))?;
    Ok(expires_at)
}

/// Confirms a change with the token that was sent to the new address. The account and its member get the new address if
/// they have the old one. Refused if somebody else has the new address.
pub fn confirm(tx: &mut Tx<'_>, token_hash: &[u8]) -> Result<(Account, EmailAddress)> {
    let now = tx.now;
    let found = email_changes::by_token(tx, token_hash, now)?.ok_or(Refusal::InvalidToken)?;
    persistence::accounts::lock(tx, found.account.id, persistence::accounts::Lock::Exclusive)?;
    let found = email_changes::by_token(tx, token_hash, now)?.ok_or(Refusal::InvalidToken)?;
    let member = members::by_email(tx, &found.old)?.filter(|member| member.account.id == found.account.id);
    let is_account_s = found.account.email.canonical() == found.old.canonical();
    if !email_changes::carry_out(tx, &found, now)? {
        return Err(Refusal::EmailTaken.into());
    }
    let EmailChange { account, new, .. } = found;
    let changed = |before: &str| (json!({"email": before}), json!({"email": new.given()}));
    if is_account_s {
        let (before, after) = changed(account.email.given());
        record(tx, &NewEvent::to_account(&account, "email_changed", before, after))?;
    }
    if let Some(member) = member {
        record_for(tx, &account, member.id, "email_changed", changed(member.email.given()))?;
    }
    Ok((account, new))
}

fn ask(tx: &mut Tx<'_>, account: &Account, old: &EmailAddress, new: &EmailAddress) -> Result<Timestamp> {
    let now = tx.now;
    if new.canonical() != old.canonical() && email_changes::is_claimed(tx, new)? {
        return Err(Refusal::EmailTaken.into());
    }
    let token = SecretToken::generate();
    let expires_at = now + TimeDelta::hours(EMAIL_CHANGE_HOURS);
    let link = SecretLink { token: token.expose().to_owned(), expires_at };
    let message = tx.send(account.id, &Letter::new(new, &account.name, News::EmailChange(link)))?;
    let notice = News::EmailChangeNotice { new: new.given().to_owned() };
    tx.send(account.id, &Letter::new(old, &account.name, notice))?;
    let hash = token.hash();
    let change = NewEmailChange { account: account.id, old, new, token_hash: &hash, message, expires_at };
    email_changes::replace(tx, &change, now)?;
    Ok(expires_at)
}
