//! What is known of a request from its outside: its id, where it came from, and whose token it carries.

use std::future::{Ready, ready};
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::refusal::Refusal;
use persistence::events;

use crate::access::Origin;
use crate::error::Error;
use crate::security::access_token::Claims;

/// Set by the edge for every request.
#[derive(Debug, Clone)]
pub struct Context {
    /// The caller's `X-Request-Id`, or one of ours.
    pub request_id: Arc<str>,
    /// The network address that it came from, behind trusted proxies.
    pub address: IpAddr,
    /// The claims of its access token, when it has a good one.
    pub claims: Result<Claims, Refusal>,
}

impl Context {
    /// Whose address it is: an IPv6 client has a whole /64 to itself.
    #[must_use]
    pub fn network(&self) -> IpAddr {
        match self.address.to_canonical() {
            IpAddr::V6(address) => IpAddr::from(((u128::from(address) >> 64) << 64).to_be_bytes()),
            address @ IpAddr::V4(_) => address,
        }
    }

    /// Where the request's changes come from, when nobody need be signed in for them.
    #[must_use]
    pub fn anonymous(&self) -> Origin {
        Origin {
            actor: events::Actor::Anonymous,
            request_id: Arc::clone(&self.request_id),
            address: Some(self.address),
        }
    }
}

impl FromRequest for Context {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(request.extensions().get::<Self>().cloned().unwrap_or_else(|| Self {
            request_id: Arc::from(""),
            address: IpAddr::from([0, 0, 0, 0]),
            claims: Err(Refusal::NotSignedIn),
        })))
    }
}
