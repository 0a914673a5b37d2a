//! Requesting, agreeing to, confirming and cancelling changes of e-mail addresses.

use chrono::TimeDelta;
use domain::Timestamp;
use domain::account::{Account, Tier, check_open};
use domain::limits::{EMAIL_CHANGE_HOURS, EMAIL_CHANGE_PAUSE_HOURS};
use domain::refusal::Refusal;
use domain::status::Status;
use domain::values::email::EmailAddress;
use persistence::email_changes::{EmailChange, NewEmailChange, Side};
use persistence::members::Member;
use persistence::{email_changes, members, password_resets, sessions};
use serde_json::{Value, json};

use crate::access::Actor;
use crate::app::Tx;
use crate::error::Result;
use crate::events::record::{NewEvent, record, record_for};
use crate::mail::{Letter, News, SecretLink};
use crate::resources::accounts::routing;
use crate::security::secret_token::SecretToken;

/// A requested change.
#[derive(Debug, Clone, Copy)]
pub struct Requested {
    /// When both of its links expire.
    pub expires_at: Timestamp,
    /// Whether the old address has to agree.
    pub needs_consent: bool,
    /// When it can take effect without that; `None` if it can't, or if no consent is needed.
    pub effective_from: Option<Timestamp>,
}

/// Where a change stands after one of its links was followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The new address has replaced the old one.
    Changed,
    /// The old address has to agree.
    WaitsForConsent,
    /// The pause in which the old address is told has to end: until this instant.
    WaitsUntil(Timestamp),
    /// The new address has to be confirmed.
    WaitsForConfirmation,
    /// The change was stopped.
    Cancelled,
}

/// Requests a new address for an activated account below, which was loaded for the actor. The old address has to agree.
/// For operators, a pause in which it can stop the change is enough, because an owner may have lost the mailbox.
pub fn request_for_account(tx: &mut Tx<'_>, actor: &Actor, account: &Account, new: &EmailAddress) -> Result<Requested> {
    check_open(account.status)?;
    if account.status == Status::Pending {
        return Err(Refusal::NotActivated.into());
    }
    let pause = TimeDelta::hours(EMAIL_CHANGE_PAUSE_HOURS);
    let not_before = (actor.tier() == Tier::Platform).then(|| tx.now + pause);
    let notice = |link, until| match until {
        Some(effective_from) => News::EmailChangeByOperator { link, effective_from },
        None => News::EmailChangeConsent(link),
    };
    let requested = ask(tx, account, (&account.email, new), (false, not_before), notice)?;
    let after = json!({"email": new.given()});
    record(tx, &NewEvent::to_account(account, "email_change_requested", Value::Null, after))?;
    Ok(requested)
}

/// Requests a new address for a member to sign in with. The old address is told, and can stop the change.
pub fn request_for_member(tx: &mut Tx<'_>, member: &Member, new: &EmailAddress) -> Result<Requested> {
    let notice = |link, _| News::EmailChangeNotice { link: Some(link) };
    let requested = ask(tx, &member.account, (&member.email, new), (true, None), notice)?;
    let after = json!({"email": new.given()});
    record_for(tx, &member.account, member.id, "email_change_requested", (Value::Null, after))?;
    Ok(requested)
}

/// Confirms the new address with the token that was sent to it. The change takes effect if the old address has agreed;
/// otherwise it waits.
pub fn confirm(tx: &mut Tx<'_>, token_hash: &[u8]) -> Result<(EmailChange, Progress)> {
    let now = tx.now;
    let found = load(tx, Side::New, token_hash)?;
    let progress = match found.not_before {
        _ if found.is_agreed(now) => carry_out(tx, &found)?,
        not_before => {
            email_changes::agree(tx, Side::New, &found, now)?;
            not_before.map_or(Progress::WaitsForConsent, Progress::WaitsUntil)
        }
    };
    Ok((found, progress))
}

/// Answers for the old address, with the token that was sent to it: agrees to the change, or stops it.
pub fn answer(tx: &mut Tx<'_>, token_hash: &[u8], agrees: bool) -> Result<(EmailChange, Progress)> {
    let found = load(tx, Side::Old, token_hash)?;
    if !agrees {
        cancel(tx, &found.account, &found.old)?;
        return Ok((found, Progress::Cancelled));
    }
    let now = tx.now;
    email_changes::agree(tx, Side::Old, &found, now)?;
    let progress = if found.is_confirmed { carry_out(tx, &found)? } else { Progress::WaitsForConfirmation };
    Ok((found, progress))
}

/// Cancels the pending change of an address of an account. Not found if there is none.
pub fn cancel(tx: &mut Tx<'_>, account: &Account, old: &EmailAddress) -> Result<()> {
    if !withdraw(tx, account, old)? {
        return Err(Refusal::NotFound.into());
    }
    Ok(())
}

/// Cancels the pending change of an address, if there is one: after a reset of the password, or when its member leaves.
pub fn withdraw(tx: &mut Tx<'_>, account: &Account, old: &EmailAddress) -> Result<bool> {
    if !email_changes::cancel(tx, account.id, old.canonical())? {
        return Ok(false);
    }
    if account.email.canonical() == old.canonical() {
        record(tx, &NewEvent::to_account(account, "email_change_cancelled", Value::Null, Value::Null))?;
    }
    if let Some(member) = members::by_email(tx, old)?.filter(|member| member.account.id == account.id) {
        record_for(tx, account, member.id, "email_change_cancelled", (Value::Null, Value::Null))?;
    }
    Ok(true)
}

/// The change of a token, with its account locked.
fn load(tx: &mut Tx<'_>, side: Side, token_hash: &[u8]) -> Result<EmailChange> {
    let now = tx.now;
    let found = email_changes::by_token(tx, side, token_hash, now)?.ok_or(Refusal::InvalidToken)?;
    persistence::accounts::lock(tx, found.account.id, persistence::accounts::Lock::Exclusive)?;
    Ok(email_changes::by_token(tx, side, token_hash, now)?.ok_or(Refusal::InvalidToken)?)
}

/// The account and its member get the new address if they have the old one. Sessions and links that belong to the old
/// address end. Refused if somebody else has the new address.
fn carry_out(tx: &mut Tx<'_>, change: &EmailChange) -> Result<Progress> {
    let now = tx.now;
    let EmailChange { account, old, new, .. } = change;
    let member = members::by_email(tx, old)?.filter(|member| member.account.id == account.id);
    if !email_changes::carry_out(tx, change, now)? {
        return Err(Refusal::EmailTaken.into());
    }
    let changed = |before: &str| (json!({"email": before}), json!({"email": new.given()}));
    if account.email.canonical() == old.canonical() {
        routing::unbind(tx, account, new)?;
        let (before, after) = changed(account.email.given());
        record(tx, &NewEvent::to_account(account, "email_changed", before, after))?;
    }
    if let Some(member) = member {
        password_resets::withdraw(tx, member.id)?;
        sessions::end_all(tx, member.id, now)?;
        record_for(tx, account, member.id, "email_changed", changed(member.email.given()))?;
    }
    Ok(Progress::Changed)
}

fn ask(
    tx: &mut Tx<'_>,
    account: &Account,
    (old, new): (&EmailAddress, &EmailAddress),
    (is_own, not_before): (bool, Option<Timestamp>),
    notice: impl FnOnce(SecretLink, Option<Timestamp>) -> News,
) -> Result<Requested> {
    let now = tx.now;
    if new.canonical() != old.canonical() && email_changes::is_claimed(tx, new)? {
        return Err(Refusal::EmailTaken.into());
    }
    let (token, consent) = (SecretToken::generate(), SecretToken::generate());
    let expires_at = not_before.unwrap_or(now) + TimeDelta::hours(EMAIL_CHANGE_HOURS);
    let link = |token: &SecretToken| SecretLink { token: token.expose().to_owned(), expires_at };
    let message = tx.send_limited(account.id, &Letter::new(new, &account.name, News::EmailChange(link(&token))))?;
    // It warns its owner, so it is neither refused nor late.
    tx.send(account.id, &Letter::new(old, &account.name, notice(link(&consent), not_before)))?;
    let change = NewEmailChange {
        account: account.id,
        old,
        new,
        token_hash: &token.hash(),
        consent_hash: &consent.hash(),
        is_own,
        not_before,
        message,
        expires_at,
    };
    email_changes::replace(tx, &change, now)?;
    Ok(Requested { expires_at, needs_consent: !is_own, effective_from: not_before })
}
