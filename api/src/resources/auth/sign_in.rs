//! Signing in with an e-mail address, a password and, for members with a second factor, a code.

use domain::refusal::Refusal;
use domain::second_factor::Code;
use domain::values::email::EmailAddress;
use persistence::members::{self, Member};
use secrecy::SecretString;

use super::operations::{self, SignIn};
use crate::app::{App, Tx};
use crate::error::{Error, Result};
use crate::http::Context;
use crate::resources::second_factors::guesses;

/// The credentials of a sign-in request.
#[derive(Debug)]
pub struct Attempt {
    /// The e-mail address; `None` if it is malformed.
    pub email: Option<EmailAddress>,
    /// The password.
    pub password: SecretString,
    /// The code of the second factor.
    pub code: Option<Code>,
}

/// Verifies the credentials, then checks the second factor and runs `then` for the member in one transaction. An
/// unknown address takes the same time and gets the same answer as a wrong password.
pub async fn sign_in<T, F>(app: &App, context: &Context, attempt: Attempt, mut then: F) -> Result<T>
where
    T: Send + 'static,
    F: FnMut(&mut Tx<'_>, &Member) -> Result<T> + Send + 'static,
{
    let Attempt { email, password, code } = attempt;
    let name = email.as_ref().map(|email| email.canonical().to_owned()).unwrap_or_default();
    let guess = guesses::wait(app, context.anonymous(), &name).await?;
    let known = match email {
        Some(email) => app.database.read(move |tx| members::credentials(tx, &email).map_err(Error::from)).await?,
        None => None,
    };
    let hash = known.as_ref().map(|(_, hash)| hash.clone());
    let right = app.passwords.verify(password, hash).await?;
    let (true, Some((member, password_hash))) = (right, known.clone()) else {
        guess.failed(app, context.anonymous(), known.map(|(member, _)| member)).await?;
        return Err(Refusal::WrongCredentials.into());
    };
    let sign_in = SignIn { member, password_hash, code };
    let done = app
        .write_as(context.anonymous(), move |tx| match operations::admit(tx, &sign_in)? {
            Ok(member) => then(tx, &member).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        })
        .await??;
    guess.succeeded(app, context.anonymous()).await?;
    Ok(done)
}
