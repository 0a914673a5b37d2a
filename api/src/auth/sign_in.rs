//! How somebody signs in with an address, a password and, where there is a second factor, a code.

use std::sync::Arc;

use domain::email::EmailAddress;
use domain::id::{MemberId, SessionId};
use domain::refusal::Refusal;
use domain::second_factor::Code;
use persistence::members;
use secrecy::SecretString;

use super::operations::{self, SignIn};
use crate::http::{Context, Error};
use crate::second_factors::operations::Tools;
use crate::security::secret_token::SecretToken;
use crate::service::Service;

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

/// A session that was started.
#[derive(Debug)]
pub struct Session {
    /// Whose it is.
    pub member: MemberId,
    /// Its id.
    pub session: SessionId,
    /// Its first refresh token.
    pub refresh: SecretToken,
}

/// Starts a session. An unknown address costs the same time and gets the same answer as a wrong password.
pub async fn sign_in(service: &Service, context: &Context, attempt: Attempt) -> Result<Session, Error> {
    let Attempt { email, password, code } = attempt;
    let name = email.as_ref().map(|email| email.canonical().to_owned()).unwrap_or_default();
    tokio::time::sleep(service.guesses.attempt(&name, context.network())).await;
    let known = match email {
        Some(email) => service.database.read(move |tx| members::credentials(tx, &email).map_err(Error::from)).await?,
        None => None,
    };
    let hash = known.as_ref().map(|(_, hash)| hash.clone());
    let right = service.passwords.verify(password, hash).await?;
    let (true, Some((member, password_hash))) = (right, known) else {
        return Err(Refusal::WrongCredentials.into());
    };
    let (now, refresh, origin) = (service.clock.now(), SecretToken::generate(), context.anonymous());
    let session = {
        let sign_in = SignIn { member, password_hash, code, refresh: refresh.clone() };
        let (seal, post) = (Arc::clone(&service.seal), Arc::clone(&service.post));
        let start = move |tx: &mut _, _: &mut _| {
            operations::start(tx, &origin, &sign_in, now, Tools { seal: &seal, post: &post })
        };
        service.write_at(now, start).await??
    };
    service.guesses.succeeded(&name, context.network());
    Ok(Session { member, session, refresh })
}
