//! Resetting a forgotten password by e-mail.

use chrono::TimeDelta;
use domain::Timestamp;
use domain::limits::{PASSWORD_RESET_MINUTES, PASSWORD_RESET_PAUSE_SECONDS};
use domain::refusal::Refusal;
use domain::values::email::EmailAddress;
use persistence::members::Member;
use persistence::{StoreConnection, members, password_resets, sessions};

use crate::app::Tx;
use crate::error::Result;
use crate::events::record::record_own_sign_in;
use crate::mail::{Letter, News, SecondFactorNotice, SecretLink};
use crate::resources::email_changes;
use crate::resources::second_factors::guesses;
use crate::resources::second_factors::operations::tell;
use crate::security::secret_token::SecretToken;

/// Sends a reset e-mail to the member with this address. Does nothing if there is no such member, or if the last e-mail
/// was sent less than `PASSWORD_RESET_PAUSE_SECONDS` ago. The caller can't tell these cases apart.
pub fn request(tx: &mut Tx<'_>, email: &EmailAddress) -> Result<()> {
    let now = tx.now;
    let Some(member) = members::by_email(tx, email)? else { return Ok(()) };
    members::hold(tx, member.id)?;
    let pause = TimeDelta::seconds(PASSWORD_RESET_PAUSE_SECONDS);
    if password_resets::written_at(tx, member.id)?.is_some_and(|written| now - written < pause) {
        return Ok(());
    }
    let token = SecretToken::generate();
    let expires_at = now + TimeDelta::minutes(PASSWORD_RESET_MINUTES);
    password_resets::replace(tx, member.id, &token.hash(), now, expires_at)?;
    let link = SecretLink { token: token.expose().to_owned(), expires_at };
    tx.send(member.account.id, &Letter::new(email, &member.account.name, News::PasswordReset(link)))?;
    record_own_sign_in(tx, &member, "password_reset_requested")
}

/// The member whose password a token resets.
pub fn member(tx: &mut StoreConnection, token_hash: &[u8], now: Timestamp) -> Result<Member> {
    let member = password_resets::member(tx, token_hash, now)?.ok_or(Refusal::InvalidToken)?;
    Ok(members::by_id(tx, member)?.ok_or(Refusal::InvalidToken)?)
}

/// Redeems a token: replaces the member's password, ends all its sessions, and cancels a pending change of its address.
pub fn redeem(tx: &mut Tx<'_>, token_hash: &[u8], password_hash: &str) -> Result<()> {
    let now = tx.now;
    let member = member(tx, token_hash, now)?;
    members::hold(tx, member.id)?;
    if !password_resets::redeem(tx, token_hash)? {
        return Err(Refusal::InvalidToken.into());
    }
    members::set_password(tx, member.id, password_hash)?;
    sessions::end_all(tx, member.id, now)?;
    guesses::forget(tx, member.id, &member.email)?;
    email_changes::operations::withdraw(tx, &member.account, &member.email)?;
    record_own_sign_in(tx, &member, "password_reset")?;
    tell(tx, &member, SecondFactorNotice::PasswordChanged)
}
