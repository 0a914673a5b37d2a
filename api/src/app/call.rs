//! A request of a signed-in caller, for whom operations are run. A handler declares the permission that it needs in its
//! signature: `call: Call<Change>`.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::Timestamp;
use domain::account::{Account, Tier};
use domain::id::AccountId;
use domain::refusal::Refusal;
use persistence::{Known, StoreConnection, Wanted, events, signed_in};

use super::App;
use super::set::{InSet, SetOperation};
use super::tx::{Tools, Tx};
use crate::access::{Actor, Create, Origin, Permission, Read};
use crate::error::{Error, Result};
use crate::http::fallback::AllowedMethods;
use crate::http::idempotency::{Caller, IdempotentRequest};
use crate::http::{Answer, Conditions, Context};
use crate::security::access_token::Claims;

/// A request with a valid access token. Each operation checks, in its own transaction, that the session still lasts and
/// what the member or API client may do.
pub struct Call<P> {
    /// The application state.
    pub app: Data<App>,
    identity: Identity,
    permission: PhantomData<fn() -> P>,
}

/// Who calls, and with which request.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    claims: Claims,
    request_id: Arc<str>,
    client_request_id: Option<Arc<str>>,
    address: IpAddr,
}

impl<P: Permission> Call<P> {
    /// The claims of the access token.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.identity.claims
    }

    fn parts(&self) -> (Identity, Tools, Timestamp) {
        (self.identity.clone(), self.app.tools.clone(), self.app.clock.now())
    }

    /// Runs a reading operation. The actor is loaded in the same snapshot.
    pub fn read<T, F>(&self, mut operation: F) -> impl Future<Output = Result<T>>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>, &Actor) -> Result<T> + Send + 'static,
    {
        let (identity, tools, now) = self.parts();
        self.app.database.read_known(identity.wanted(None), move |tx, known| {
            let actor = identity.actor::<P>(tx, known, now)?;
            operation(&mut tools.tx(tx, actor.origin(), now), &actor)
        })
    }

    /// Reads one account, which is loaded together with the actor.
    pub fn read_account(&self, tier: Tier, id: String) -> impl Future<Output = Result<Account>> {
        let (identity, _, now) = self.parts();
        let wanted = identity.wanted(tier.parse_id(&id));
        self.app.database.read_known(wanted, move |tx, known| {
            identity.actor::<P>(tx, known, now)?.load_known_account(tx, known, tier, &id)
        })
    }

    /// Runs a reading operation and responds with 304 if the caller has the current version (W4).
    pub async fn read_if_changed<F>(&self, conditions: Conditions, operation: F) -> Result<Answer>
    where
        F: FnMut(&mut Tx<'_>, &Actor) -> Result<Answer> + Send + 'static,
    {
        Ok(conditions.answer(self.read(operation).await?))
    }

    /// Runs a reading operation that may take about a second, because it counts many rows.
    pub fn read_long<T, F>(&self, mut operation: F) -> impl Future<Output = Result<T>>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>, &Actor) -> Result<T> + Send + 'static,
    {
        let (identity, tools, now) = self.parts();
        self.app.database.read_long(move |tx| {
            let actor = identity.actor::<P>(tx, &mut Known::default(), now)?;
            operation(&mut tools.tx(tx, actor.origin(), now), &actor)
        })
    }

    /// Runs a changing operation. The actor is loaded in the same transaction.
    pub fn write<T, F>(&self, mut operation: F) -> impl Future<Output = Result<T>>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>, &Actor) -> Result<T> + Send + 'static,
    {
        let (identity, tools, now) = self.parts();
        self.app.write_at(now, move |tx, known| {
            let actor = identity.actor::<P>(tx, known, now)?;
            operation(&mut tools.tx(tx, actor.origin(), now), &actor)
        })
    }

    /// Runs a changing operation at most once per idempotency key (W5).
    pub fn write_once<F>(&self, key: IdempotentRequest, mut operation: F) -> impl Future<Output = Result<Answer>>
    where
        F: FnMut(&mut Tx<'_>, &Actor) -> Result<Answer> + Send + 'static,
    {
        let tools = self.app.tools.clone();
        self.write(move |tx, actor| {
            let (origin, now) = (tx.origin, tx.now);
            key.carry_out(tx, Caller::Actor(actor), now, |tx| {
                let mut tx = tools.tx(tx, origin, now);
                let answer = operation(&mut tx, actor)?;
                Ok((answer, tx.changed()))
            })
        })
    }
}

impl Call<Create> {
    /// Carries out an operation that creates something, at most once per idempotency key (W5), together with others of
    /// its kind.
    pub fn create<O: SetOperation>(
        &self,
        key: IdempotentRequest,
        operation: O,
    ) -> impl Future<Output = Result<Answer>> {
        let (identity, tools, now) = self.parts();
        let request = InSet { identity, tools, clock: self.app.clock.clone(), now, key, operation };
        self.app.after_write(now, self.app.database.write_member(request))
    }
}

impl Call<Read> {
    /// Runs a longer reading operation whose response depends only on the caller, its address, what is `asked` and the
    /// snapshot. Concurrent requests with the same question share one response.
    pub fn read_question<F>(&self, asked: &str, mut operation: F) -> impl Future<Output = Result<Answer>>
    where
        F: FnMut(&mut Tx<'_>, &Actor) -> Result<Answer> + Send + 'static,
    {
        let (identity, tools, now) = self.parts();
        // Nothing else of the identity affects whether, and as whom, the caller is admitted.
        let question = format!("{} {} {asked}", identity.claims.session.uuid(), identity.address);
        self.app.database.read_question(identity.wanted(None), question, move |tx, known| {
            let actor = identity.actor::<Read>(tx, known, now)?;
            operation(&mut tools.tx(tx, actor.origin(), now), &actor)
        })
    }
}

impl Identity {
    pub(super) fn wanted(&self, account: Option<AccountId>) -> Wanted {
        signed_in::wanted(self.claims.principal, self.claims.session, account)
    }

    /// Loads the actor. Refuses ended sessions, accounts that are not operating (R7), and members who first have to
    /// replace a generated password or to set up a second factor.
    pub(super) fn actor<P: Permission>(
        &self,
        tx: &mut StoreConnection,
        known: &mut Known,
        now: Timestamp,
    ) -> Result<Actor> {
        let Claims { principal, session, .. } = self.claims;
        let signed_in = signed_in::find(tx, known, principal, session, now)?.ok_or(Refusal::NotSignedIn)?;
        if !signed_in.may_call_from(self.address) {
            return Err(Refusal::AddressNotAllowed.into());
        }
        if !signed_in.operates {
            return Err(Refusal::NotOperating.into());
        }
        if P::NEEDS_COMPLETE_SIGN_IN {
            if signed_in.has_temporary_password {
                return Err(Refusal::PasswordIsTemporary.into());
            }
            if signed_in.lacks_second_factor {
                return Err(Refusal::SecondFactorMissing.into());
            }
        }
        let origin = Origin {
            actor: events::Actor::Principal(signed_in.principal, signed_in.tier),
            account: Some(signed_in.account),
            request_id: Arc::clone(&self.request_id),
            client_request_id: self.client_request_id.clone(),
            address: Some(self.address),
        };
        Ok(Actor::new(signed_in, P::ACTION, origin))
    }
}

impl<P: Permission> FromRequest for Call<P> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        let (Some(app), Some(context)) = (request.app_data::<Data<App>>(), extensions.get::<Context>()) else {
            return ready(Err(Refusal::NotSignedIn.into()));
        };
        let query = request.app_data::<Data<AllowedMethods>>().map_or(Ok(()), |allowed| allowed.check_query(request));
        let claims = context.claims.clone().map_err(Error::from).and_then(|claims| query.map(|()| claims));
        ready(claims.map(|claims| Self {
            app: app.clone(),
            identity: Identity {
                claims,
                request_id: Arc::clone(&context.request_id),
                client_request_id: context.client_request_id.clone(),
                address: context.address,
            },
            permission: PhantomData,
        }))
    }
}
