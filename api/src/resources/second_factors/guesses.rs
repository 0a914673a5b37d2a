//! Guesses at passwords and secrets: counted in the database before their outcome is known, each after the one before.

use std::time::Duration;

use chrono::TimeDelta;
use domain::id::MemberId;
use domain::limits::{GUESSES_ALARMING, GUESSES_PER_DAY};
use domain::refusal::Refusal;
use domain::session::{Guesses, Turn};
use domain::values::email::EmailAddress;
use persistence::members::Member;
use persistence::{guesses, members};

use crate::access::Origin;
use crate::app::{App, Tx};
use crate::error::Result;
use crate::events::record::record_own_sign_in;
use crate::mail::{Letter, News, SecondFactorNotice};
use crate::security::secret_token::hash;

/// An attempt whose turn has come.
#[derive(Debug, Clone)]
pub struct Attempt {
    subject: Vec<u8>,
    number: u32,
}

/// Counts an attempt at the password of an address, or at the secret of an API client, and waits for its turn. Refused
/// if too many wait or were made today. Known and unknown names are treated alike.
pub async fn wait(app: &App, origin: Origin, name: &str) -> Result<Attempt> {
    let subject = hash(name);
    let key = subject.clone();
    let counted = app.write_as(origin, move |tx| {
        let now = tx.now;
        let (after, turn) = Guesses::attempt(guesses::find(tx, &key)?, now);
        guesses::save(tx, &key, after)?;
        Ok((now, turn))
    });
    match counted.await? {
        (now, Turn::At(turn, number)) => {
            tokio::time::sleep((turn - now).to_std().unwrap_or_default()).await;
            Ok(Attempt { subject, number })
        }
        (now, Turn::Ceiling(until)) => Err(paused(until - now, true).into()),
        (now, Turn::Crowded(until)) => Err(paused(until - now, false).into()),
    }
}

fn paused(left: TimeDelta, is_ceiling: bool) -> Refusal {
    let left = left.to_std().unwrap_or(Duration::ZERO);
    Refusal::SignInPaused { seconds: left.as_secs() + 1, is_ceiling }
}

impl Attempt {
    /// Notes that the attempt succeeded, so that the count begins anew.
    pub async fn succeeded(self, app: &App, origin: Origin) -> Result<()> {
        app.write_as(origin, move |tx| Ok(guesses::forget(tx, &self.subject)?)).await
    }

    /// Records that a wrong password was given for a member, and tells the member if it happens often. For an unknown
    /// address, something of the same cost is stored.
    pub async fn failed(self, app: &App, origin: Origin, member: Option<MemberId>) -> Result<()> {
        app.write_as(origin, move |tx| {
            let Some(member) = member.map(|id| members::by_id(tx, id)).transpose()?.flatten() else {
                let again = guesses::find(tx, &self.subject)?;
                return Ok(again.map(|again| guesses::save(tx, &self.subject, again)).transpose().map(drop)?);
            };
            record_own_sign_in(tx, &member, "wrong_password")?;
            if matches!(self.number, GUESSES_ALARMING | GUESSES_PER_DAY) {
                let Member { account, email, .. } = &member;
                let notice = News::SecondFactor { notice: SecondFactorNotice::WrongPasswords };
                tx.send(account.id, &Letter::new(email, &account.name, notice))?;
            }
            Ok(())
        })
        .await
    }
}

/// The name under which attempts of a member who is signed in are counted.
#[must_use]
pub fn again_name(member: MemberId) -> String {
    format!("again {member}")
}

/// Forgets the attempts at the password of a member, signed in or not: a new one was set by a link.
pub fn forget(tx: &mut Tx<'_>, member: MemberId, email: &EmailAddress) -> Result<()> {
    guesses::forget(tx, &hash(&again_name(member)))?;
    Ok(guesses::forget(tx, &hash(email.canonical()))?)
}
