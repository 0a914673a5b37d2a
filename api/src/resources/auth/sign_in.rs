//! How somebody signs in with an address, a password and, where there is a second factor, a code.

use std::sync::Arc;

use domain::Timestamp;
use domain::refusal::Refusal;
use domain::second_factor::Code;
use domain::values::email::EmailAddress;
use persistence::members::Member;
use persistence::{StoreConnection, members};
use secrecy::SecretString;

use super::operations;
use super::operations::SignIn;
use crate::access::Origin;
use crate::app::App;
use crate::error::Error;
use crate::http::Context;
use crate::resources::second_factors::operations::Tools;

/// What somebody gave.
#[derive(Debug)]
pub struct Attempt {
    /// The address, if it could be one.
    pub email: Option<EmailAddress>,
    /// The password.
    pub password: SecretString,
    /// The code of the second factor.
    pub code: Option<Code>,
}

/// Looks at an address and a password, and then lets `then` do, in one transaction with what the second factor demands, what is to be
/// done for the member. An unknown address costs the same time and gets the same answer as a wrong password.
pub async fn sign_in<T, F>(app: &App, context: &Context, attempt: Attempt, mut then: F) -> Result<T, Error>
where
    T: Send + 'static,
    F: FnMut(&mut StoreConnection, &Origin, &Member, Timestamp) -> Result<T, Error> + Send + 'static,
{
    let Attempt { email, password, code } = attempt;
    let name = email.as_ref().map(|email| email.canonical().to_owned()).unwrap_or_default();
    tokio::time::sleep(app.sign_in_throttle.attempt(&name, context.network())).await;
    let known = match email {
        Some(email) => app.database.read(move |tx| members::credentials(tx, &email).map_err(Error::from)).await?,
        None => None,
    };
    let hash = known.as_ref().map(|(_, hash)| hash.clone());
    let right = app.passwords.verify(password, hash).await?;
    let (true, Some((member, password_hash))) = (right, known) else {
        return Err(Refusal::WrongCredentials.into());
    };
    let (now, origin) = (app.clock.now(), context.anonymous());
    let sign_in = SignIn { member, password_hash, code };
    let (seal, outbox) = (Arc::clone(&app.seal), Arc::clone(&app.outbox));
    let done = app
        .write_at(now, move |tx, _| {
            match operations::admit(tx, &origin, &sign_in, now, Tools { seal: &seal, outbox: &outbox })? {
                Ok(member) => then(tx, &origin, &member, now).map(Ok),
                Err(refusal) => Ok(Err(refusal)),
            }
        })
        .await??;
    app.sign_in_throttle.succeeded(&name, context.network());
    Ok(done)
}
