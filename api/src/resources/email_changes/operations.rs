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
use persistence::{StoreConnection, email_changes, members};
use serde_json::{Value, json};

use crate::access::{Actor, Origin};
use crate::error::Result;
use crate::events::record::{NewEvent, record};
use crate::ids::new_id;
use crate::mail::{Letter, Outbox};
use crate::security::secret_token::SecretToken;

/// Requests a new address for an activated account that was loaded for the actor. Queues a confirmation link to the new
/// address and a notice to the old one. Returns when the link expires.
pub fn request_for_account(
    tx: &mut StoreConnection,
    actor: &Actor,
    account: &Account,
    new: &EmailAddress,
    now: Timestamp,
    outbox: &Outbox,
) -> Result<Timestamp> {
    check_open(account.status)?;
    if account.status == Status::Pending {
        return Err(Refusal::NotActivated.into());
    }
    let expires_at = ask(tx, account, &account.email, new, now, outbox)?;
    let after = json!({"email": new.given()});
    record(tx, actor.origin(), now, &NewEvent::to_account(account, "email_change_requested", Value::Null, after))?;
    Ok(expires_at)
}

/// Requests a new address for a member to sign in with. Queues a confirmation link to the new address and a notice to
/// the old one. Returns when the link expires.
pub fn request_for_member(
    tx: &mut StoreConnection,
    actor: &Actor,
    member: &Member,
    new: &EmailAddress,
    now: Timestamp,
    outbox: &Outbox,
) -> Result<Timestamp> {
    let expires_at = ask(tx, &member.account, &member.email, new, now, outbox)?;
    let what = NewEvent {
        action: "member.email_change_requested".to_owned(),
        subject: member.id.to_string(),
        ancestry: member.account.ancestry(),
        before: Value::Null,
        after: json!({"email": new.given()}),
    };
    record(tx, actor.origin(), now, &what)?;
    Ok(expires_at)
}

/// Confirms a change with the token that was sent to the new address. The account and its member get the new address if
/// they have the old one. Refused if somebody else has the new address.
pub fn confirm(
    tx: &mut StoreConnection,
    origin: &Origin,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<(Account, EmailAddress)> {
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
        record(tx, origin, now, &NewEvent::to_account(&account, "email_changed", before, after))?;
    }
    if let Some(member) = member {
        let (before, after) = changed(member.email.given());
        let action = "member.email_changed".to_owned();
        let (subject, ancestry) = (member.id.to_string(), account.ancestry());
        record(tx, origin, now, &NewEvent { action, subject, ancestry, before, after })?;
    }
    Ok((account, new))
}

fn ask(
    tx: &mut StoreConnection,
    account: &Account,
    old: &EmailAddress,
    new: &EmailAddress,
    now: Timestamp,
    outbox: &Outbox,
) -> Result<Timestamp> {
    if new.canonical() != old.canonical() && email_changes::is_claimed(tx, new)? {
        return Err(Refusal::EmailTaken.into());
    }
    let token = SecretToken::generate();
    let expires_at = now + TimeDelta::hours(EMAIL_CHANGE_HOURS);
    let message = new_id(now);
    let letter = Letter::EmailChange {
        to: new.canonical().to_owned(),
        account_name: account.name.clone(),
        token: token.expose().to_owned(),
        expires_at,
    };
    outbox.enqueue(tx, message, account.id, &letter, now)?;
    let notice = Letter::EmailChangeNotice {
        to: old.canonical().to_owned(),
        account_name: account.name.clone(),
        new: new.given().to_owned(),
    };
    outbox.enqueue(tx, new_id(now), account.id, &notice, now)?;
    let hash = token.hash();
    let change = NewEmailChange { account: account.id, old, new, token_hash: &hash, message, expires_at };
    email_changes::replace(tx, &change, now)?;
    Ok(expires_at)
}
