//! The caller of a request. A handler declares the permission that it needs in its signature: `caller: Caller<Change>`.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::Timestamp;
use domain::refusal::Refusal;
use persistence::CallerCache;
use persistence::signed_in;
use persistence::{StoreConnection, events};

use super::context::Context;
use crate::access::{Actor, Origin, Permission};
use crate::error::Error;
use crate::security::access_token::Claims;

/// The caller of a request with a valid access token. [`Caller::actor`] checks, in the request's own transaction, that
/// the session still lasts and what the member or API client may do.
#[derive(Debug)]
pub struct Caller<P> {
    claims: Claims,
    request_id: Arc<str>,
    address: IpAddr,
    permission: PhantomData<fn() -> P>,
}

impl<P: Permission> Caller<P> {
    /// Loads the actor. Refuses ended sessions, accounts that are not operating (R7), and members without a second
    /// factor if their account requires one.
    pub fn actor(&self, tx: &mut StoreConnection, callers: &mut CallerCache, now: Timestamp) -> Result<Actor, Error> {
        let Claims { principal, session, .. } = self.claims;
        let signed_in = signed_in::find(tx, callers, principal, session, now)?.ok_or(Refusal::NotSignedIn)?;
        if !signed_in.may_call_from(self.address) {
            return Err(Refusal::AddressNotAllowed.into());
        }
        if !signed_in.operates {
            return Err(Refusal::NotOperating.into());
        }
        if signed_in.lacks_second_factor && P::NEEDS_SECOND_FACTOR {
            return Err(Refusal::SecondFactorMissing.into());
        }
        let origin = Origin {
            actor: events::Actor::Principal(signed_in.principal, signed_in.tier),
            request_id: Arc::clone(&self.request_id),
            address: Some(self.address),
        };
        Ok(Actor::new(signed_in, P::ACTION, origin))
    }

    /// Clones the caller for a request that runs several transactions.
    #[must_use]
    pub fn clone_for_next_transaction(&self) -> Self {
        Self {
            claims: self.claims,
            request_id: Arc::clone(&self.request_id),
            address: self.address,
            permission: PhantomData,
        }
    }

    /// The key under which responses may be shared: session, address and request. [`Caller::actor`] depends on nothing
    /// else.
    #[must_use]
    pub fn question(&self, asked: &str) -> String {
        format!("{} {} {asked}", self.claims.session.uuid(), self.address)
    }

    /// The claims of the access token.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }
}

impl<P: Permission> FromRequest for Caller<P> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        let Some(context) = extensions.get::<Context>() else { return ready(Err(Refusal::NotSignedIn.into())) };
        ready(context.claims.clone().map_err(Error::from).map(|claims| Self {
            claims,
            request_id: Arc::clone(&context.request_id),
            address: context.address,
            permission: PhantomData,
        }))
    }
}
