//! Sessions: started by signing in, continued with refresh tokens, ended by signing out.

use chrono::TimeDelta;
use domain::id::{MemberId, SessionId};
use domain::limits::{SESSION_DAYS, SESSION_IDLE_DAYS, SESSIONS_MAX};
use domain::principal::Principal;
use domain::refusal::Refusal;
use domain::second_factor::Code;
use domain::session::{RefreshVerdict, judge_refresh};
use persistence::members::Member;
use persistence::sessions::OpenSession;
use persistence::{Known, members, sessions, signed_in};

use crate::app::Tx;
use crate::error::Result;
use crate::events::record::record_own_sign_in;
use crate::ids::new_id;
use crate::resources::second_factors::operations::{Committed, demand};
use crate::security::secret_token::{SecretToken, random_octets};

/// A sign-in whose password has been verified.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The member that signs in.
    pub member: MemberId,
    /// The PHC string that the password was verified against.
    pub password_hash: String,
    /// The code of the second factor, if one was given.
    pub code: Option<Code>,
}

/// Decides whether a member may sign in. Locks the member. Refuses if the password was changed since it was verified,
/// if the account does not operate, or if the member has a second factor and the code is missing or wrong. Wrong codes
/// are recorded.
pub fn admit(tx: &mut Tx<'_>, sign_in: &SignIn) -> Result<Committed<Member>> {
    let SignIn { member, password_hash, code } = sign_in;
    members::hold(tx, *member)?;
    let member = members::by_id(tx, *member)?.ok_or(Refusal::WrongCredentials)?;
    if member.password_hash != *password_hash {
        return Err(Refusal::WrongCredentials.into());
    }
    if !member.account.operates() {
        return Err(Refusal::NotOperating.into());
    }
    Ok(demand(tx, &member, code.as_ref())?.map(|()| member))
}

/// Starts a session for a member that [`admit`] has let in.
pub fn start(tx: &mut Tx<'_>, member: &Member, refresh: &SecretToken) -> Result<SessionId> {
    let now = tx.now;
    let session = new_id(now);
    for oldest in open(tx, member.id)?.iter().skip(SESSIONS_MAX - 1) {
        sessions::end(tx, oldest.id, now)?;
    }
    sessions::start(tx, session, member.id, &refresh.hash(), now, now + TimeDelta::days(SESSION_DAYS))?;
    record_own_sign_in(tx, member, "signed_in")?;
    Ok(session)
}

/// The sessions of a member that could still be continued, newest first.
pub fn open(tx: &mut Tx<'_>, member: MemberId) -> Result<Vec<OpenSession>> {
    let now = tx.now;
    Ok(sessions::open(tx, member, now, now - TimeDelta::days(SESSION_IDLE_DAYS))?)
}

/// The outcome of exchanging a refresh token.
#[derive(Debug)]
pub enum Refreshed {
    /// The next refresh token of this member's session.
    Successor(MemberId, SessionId, SecretToken),
    /// The token does not work. This is not an error, so that a session that ended because of it is committed as ended.
    Refused,
}

/// Exchanges a refresh token for the next one. Reusing an old token ends its session.
pub fn refresh(tx: &mut Tx<'_>, token: &SecretToken) -> Result<Refreshed> {
    let now = tx.now;
    let Some(found) = sessions::refresh_token(tx, &token.hash())? else { return Ok(Refreshed::Refused) };
    let successor = |salt: &[u8]| Refreshed::Successor(found.member, found.session, token.successor(salt));
    match (judge_refresh(found.facts, now), &found.successor_salt) {
        (RefreshVerdict::Rotate, _) => {
            let principal = Principal::Member(found.member);
            let signed_in = signed_in::find(tx, &mut Known::default(), principal, found.session, now)?
                .ok_or(Refusal::NotSignedIn)?;
            if !signed_in.operates {
                return Err(Refusal::NotOperating.into());
            }
            let salt = random_octets();
            let hash = token.successor(&salt).hash();
            if sessions::rotate(tx, found.session, &token.hash(), &salt, &hash, now)? {
                return Ok(successor(&salt));
            }
            // A concurrent request has just exchanged the token. On the second try it has a successor.
            refresh(tx, token)
        }
        (RefreshVerdict::RepeatSuccessor, Some(salt)) => Ok(successor(salt)),
        (RefreshVerdict::EndSession, _) => {
            sessions::end(tx, found.session, now)?;
            if let Some(member) = members::by_id(tx, found.member)? {
                record_own_sign_in(tx, &member, "refresh_token_reused")?;
            }
            Ok(Refreshed::Refused)
        }
        (RefreshVerdict::Refuse | RefreshVerdict::RepeatSuccessor, _) => Ok(Refreshed::Refused),
    }
}

/// Ends the session of a refresh token. An unknown token or a session that has ended is not an error: nobody is signed
/// in with it.
pub fn end(tx: &mut Tx<'_>, token: &SecretToken) -> Result<()> {
    let now = tx.now;
    let Some(found) = sessions::refresh_token(tx, &token.hash())? else { return Ok(()) };
    if found.facts.session_ended_at.is_some() {
        return Ok(());
    }
    sessions::end(tx, found.session, now)?;
    if let Some(member) = members::by_id(tx, found.member)? {
        record_own_sign_in(tx, &member, "signed_out")?;
    }
    Ok(())
}
