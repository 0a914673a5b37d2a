//! Asking a signed-in member for the password and the code again, before a change that could hand over the account.

use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::second_factor::Code;
use persistence::members;
use secrecy::SecretString;

use super::guesses;
use super::operations::{demand, myself};
use crate::access::Permission;
use crate::app::Call;
use crate::error::{Error, Result, value_error};
use crate::http::Context;

/// What a member gives again.
#[derive(Debug, Clone)]
pub struct Again {
    /// The password.
    pub password: SecretString,
    /// The code of the second factor.
    pub code: Option<Code>,
}

/// Checks the password of the member who calls. Returns its hash. API clients are refused. Wrong passwords slow down
/// further ones, as at sign-in.
pub async fn check_password<P: Permission>(
    call: &Call<P>,
    context: &Context,
    password: SecretString,
) -> Result<String> {
    let own = call.read(|tx, actor| {
        let id = actor.member().ok_or(Refusal::Forbidden)?;
        let member = members::by_id(tx, id)?.ok_or(Refusal::NotSignedIn)?;
        Ok((id, member.password_hash))
    });
    let (id, hash) = own.await?;
    // Strangers who guess at the address don't keep its member, who is signed in, from this.
    let name = guesses::again_name(id);
    let attempt = guesses::wait(&call.app, context.anonymous(), &name).await?;
    if !call.app.passwords.verify(password, Some(hash.clone())).await? {
        attempt.failed(&call.app, context.anonymous(), Some(id)).await?;
        return Err(wrong_password());
    }
    attempt.succeeded(&call.app, context.anonymous()).await?;
    Ok(hash)
}

/// Checks the password and, if the member who calls has a second factor, the code. API clients are refused: only people
/// can do what this protects. Returns the hash of the password that was right.
pub async fn check<P: Permission>(call: &Call<P>, context: &Context, again: Again) -> Result<String> {
    let Again { password, code } = again;
    let hash = check_password(call, context, password).await?;
    let right = hash.clone();
    let checked = call.write(move |tx, actor| {
        let member = myself(tx, actor)?;
        if member.password_hash != hash {
            return Err(wrong_password());
        }
        demand(tx, &member, code.as_ref())
    });
    checked.await?.map_err(|refusal| match refusal {
        Refusal::WrongCode | Refusal::CodeNeeded => {
            Error::validation(Error::from(refusal).at_pointer("/code").faults())
        }
        refusal => refusal.into(),
    })?;
    Ok(right)
}

/// Not a 401, which would mean that the access token does not work.
#[must_use]
pub fn wrong_password() -> Error {
    let fault = Fault::new("wrong_password", "This is not your password.");
    Error::validation(vec![value_error("/password", fault)])
}
