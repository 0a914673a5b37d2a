//! Operations on second factors. A wrong code is counted in the database, so the transaction must commit even if the
//! code is refused: such a refusal is returned as `Ok(Err(…))`.

use domain::account::Account;
use domain::id::SessionId;
use domain::refusal::Refusal;
use domain::second_factor::{Code, is_fresh};
use persistence::members::Member;
use persistence::second_factors::SecondFactor;
use persistence::{StoreConnection, members, second_factors, sessions};
use secrecy::{ExposeSecret, SecretString};

use crate::access::Actor;
use crate::app::Tx;
use crate::error::Result;
use crate::events::record::{record_own_sign_in, record_sign_in};
use crate::mail::{Letter, News, SecondFactorNotice};
use crate::security::secret_token::hash;
use crate::security::totp::{AppSecret, recovery_codes};

/// A result that is committed to the database, whether it is a success or a refusal.
pub type Committed<T> = Result<T, Refusal>;

/// Loads and locks the member who makes the request, so that concurrent requests can't change the second factor. API
/// clients are refused.
pub fn myself(tx: &mut StoreConnection, actor: &Actor) -> Result<Member> {
    let id = actor.member().ok_or(Refusal::Forbidden)?;
    members::hold(tx, id)?;
    Ok(members::by_id(tx, id)?.ok_or(Refusal::NotSignedIn)?)
}

/// Refuses if the member has a second factor that is switched on.
pub fn check_off(tx: &mut StoreConnection, member: &Member) -> Result<()> {
    let factor = second_factors::find(tx, member.id)?;
    if factor.is_some_and(|factor| factor.since.is_some()) { Err(Refusal::SecondFactorOn.into()) } else { Ok(()) }
}

/// Generates and stores a secret for an authenticator app. It has no effect until [`enable`] confirms it with a code.
pub fn prepare(tx: &mut Tx<'_>, member: &Member) -> Result<AppSecret> {
    let now = tx.now;
    check_off(tx, member)?;
    let secret = AppSecret::generate(member.email.given())?;
    let sealed = tx.seal.seal(member.id.uuid(), secret.octets())?;
    second_factors::prepare(tx, member.id, &sealed, now)?;
    Ok(secret)
}

/// Switches the second factor on with a first code from the app, and returns new recovery codes. The member's other
/// sessions end, because they were started without a code.
pub fn enable(
    tx: &mut Tx<'_>,
    (member, session): (&Member, SessionId),
    code: &Code,
) -> Result<Committed<Vec<SecretString>>> {
    let now = tx.now;
    let factor = second_factors::find(tx, member.id)?.ok_or(Refusal::SecondFactorOff)?;
    if factor.since.is_some() {
        return Err(Refusal::SecondFactorOn.into());
    }
    if let Err(refusal) = check(tx, member, &factor, code)? {
        return Ok(Err(refusal));
    }
    second_factors::enable(tx, member.id, now)?;
    sessions::end_others(tx, member.id, session, now)?;
    let codes = renew(tx, member)?;
    record_own_sign_in(tx, member, "second_factor_enabled")?;
    tell(tx, member, SecondFactorNotice::Enabled)?;
    Ok(Ok(codes))
}

/// Replaces the member's recovery codes and returns the new ones. Takes a code from the app or a recovery code.
pub fn renew_recovery_codes(tx: &mut Tx<'_>, member: &Member, code: &Code) -> Result<Committed<Vec<SecretString>>> {
    let factor = enabled(tx, member)?;
    if let Err(refusal) = check(tx, member, &factor, code)? {
        return Ok(Err(refusal));
    }
    let codes = renew(tx, member)?;
    record_own_sign_in(tx, member, "recovery_codes_renewed")?;
    Ok(Ok(codes))
}

/// Switches the second factor off. Takes a code from the app or a recovery code. The member's other sessions end.
pub fn disable(tx: &mut Tx<'_>, (member, session): (&Member, SessionId), code: &Code) -> Result<Committed<()>> {
    let now = tx.now;
    let factor = enabled(tx, member)?;
    if let Err(refusal) = check(tx, member, &factor, code)? {
        return Ok(Err(refusal));
    }
    second_factors::remove(tx, member.id)?;
    sessions::end_others(tx, member.id, session, now)?;
    record_own_sign_in(tx, member, "second_factor_disabled")?;
    tell(tx, member, SecondFactorNotice::Disabled)?;
    Ok(Ok(()))
}

/// Removes the second factor of a member who has lost both the app and the recovery codes. All its sessions end.
pub fn reset(tx: &mut Tx<'_>, member: &Member) -> Result<()> {
    let now = tx.now;
    members::hold(tx, member.id)?;
    enabled(tx, member)?;
    second_factors::remove(tx, member.id)?;
    sessions::end_all(tx, member.id, now)?;
    record_sign_in(tx, member, "second_factor_reset")?;
    tell(tx, member, SecondFactorNotice::Reset)
}

/// Checks the second factor at sign-in: passes if the member has none or if the code is right. The caller must have
/// locked the member.
pub fn demand(tx: &mut Tx<'_>, member: &Member, code: Option<&Code>) -> Result<Committed<()>> {
    let Some(factor) = second_factors::find(tx, member.id)?.filter(|factor| factor.since.is_some()) else {
        return Ok(Ok(()));
    };
    let Some(code) = code else { return Ok(Err(Refusal::CodeNeeded)) };
    check(tx, member, &factor, code)
}

fn check(tx: &mut Tx<'_>, member: &Member, factor: &SecondFactor, code: &Code) -> Result<Committed<()>> {
    let now = tx.now;
    let SecondFactor { secret, since, last_step, wrong } = factor;
    if let Code::Recovery(text) = code {
        // Recovery codes exist only once the second factor is switched on. They are too long to guess, so wrong ones
        // are not counted.
        let is_right =
            since.is_some() && second_factors::take_recovery_code(tx, member.id, &hash(text.expose_secret()))?;
        let done = if is_right { "recovery_code_used" } else { "wrong_code" };
        record_own_sign_in(tx, member, done)?;
        return Ok(if is_right { Ok(()) } else { Err(Refusal::WrongCode) });
    }
    if let Some(left) = wrong.pause(now) {
        return Ok(Err(Refusal::CodePaused { seconds: left.as_secs() + u64::from(left.subsec_nanos() > 0) }));
    }
    let secret = AppSecret::open(&tx.seal.unseal(member.id.uuid(), secret)?, member.email.given())?;
    let step = secret.step_of(code.expose(), now).filter(|step| is_fresh(*step, *last_step));
    if let Some(step) = step {
        second_factors::used(tx, member.id, step)?;
        return Ok(Ok(()));
    }
    let wrong = wrong.and_one(now);
    second_factors::set_wrong(tx, member.id, wrong)?;
    record_own_sign_in(tx, member, "wrong_code")?;
    if wrong.is_alarming() && since.is_some() {
        tell(tx, member, SecondFactorNotice::WrongCodes)?;
    }
    Ok(Err(Refusal::WrongCode))
}

fn enabled(tx: &mut StoreConnection, member: &Member) -> Result<SecondFactor> {
    let factor = second_factors::find(tx, member.id)?.filter(|factor| factor.since.is_some());
    Ok(factor.ok_or(Refusal::SecondFactorOff)?)
}

fn renew(tx: &mut StoreConnection, member: &Member) -> Result<Vec<SecretString>> {
    let codes = recovery_codes();
    let hashes: Vec<_> = codes.iter().map(|code| hash(code.expose_secret())).collect();
    second_factors::set_recovery_codes(tx, member.id, &hashes)?;
    Ok(codes)
}

/// Tells a member by e-mail what happened to its second factor or password.
pub fn tell(tx: &mut Tx<'_>, member: &Member, notice: SecondFactorNotice) -> Result<()> {
    let Account { id, name, .. } = &member.account;
    tx.send(*id, &Letter::new(&member.email, name, News::SecondFactor { notice })).map(drop)
}
