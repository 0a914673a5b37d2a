//! Who calls and what for. A handler's signature says which kind of authority it asks for: `caller: Caller<Change>`.

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

/// A request with a good access token. Whether its session still lasts, and what its member or client may do, is told by
/// [`Caller::actor`] as the request's own transaction sees it.
#[derive(Debug)]
pub struct Caller<P> {
    claims: Claims,
    request_id: Arc<str>,
    address: IpAddr,
    permission: PhantomData<fn() -> P>,
}

impl<P: Permission> Caller<P> {
    /// Who this is at this moment. Refuses sessions that are over, accounts that don't operate (R7), and members without a second
    /// factor of accounts that ask for one.
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

    /// The same caller once more, for a request that is carried out in several transactions.
    #[must_use]
    pub fn clone_for_next_transaction(&self) -> Self {
        Self {
            claims: self.claims,
            request_id: Arc::clone(&self.request_id),
            address: self.address,
            permission: PhantomData,
        }
    }

    /// What it asks, with all of itself that [`Caller::actor`] judges by: only who has the same may have the same answer.
    #[must_use]
    pub fn question(&self, asked: &str) -> String {
        format!("{} {} {asked}", self.claims.session.uuid(), self.address)
    }

    /// The claims of its token.
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
