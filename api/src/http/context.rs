//! The context of a request: its id, its network address, and the claims of its access token.

use std::future::{Ready, ready};
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::refusal::Refusal;
use persistence::events;

use crate::access::Origin;
use crate::error::{Error, Result};
use crate::security::access_token::Claims;

/// The context of a request. The server's edge sets it.
#[derive(Debug, Clone)]
pub struct Context {
    /// The caller's `X-Request-Id`, or a generated one.
    pub request_id: Arc<str>,
    /// The id that the caller gave the request.
    pub client_request_id: Option<Arc<str>>,
    /// The network address of the client, looked up behind trusted proxies.
    pub address: IpAddr,
    /// The claims of the access token, or why there are none.
    pub claims: Result<Claims, Refusal>,
}

impl Context {
    /// The network of the client: its IPv4 address, or the /64 of its IPv6 address.
    #[must_use]
    pub fn network(&self) -> IpAddr {
        match self.address.to_canonical() {
            IpAddr::V6(address) => IpAddr::from(((u128::from(address) >> 64) << 64).to_be_bytes()),
            address @ IpAddr::V4(_) => address,
        }
    }

    /// The origin of changes for operations that need no sign-in.
    #[must_use]
    pub fn anonymous(&self) -> Origin {
        Origin {
            actor: events::Actor::Anonymous,
            account: None,
            request_id: Arc::clone(&self.request_id),
            client_request_id: self.client_request_id.clone(),
            address: Some(self.address),
        }
    }
}

impl FromRequest for Context {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(request.extensions().get::<Self>().cloned().unwrap_or_else(|| Self {
            request_id: Arc::from(""),
            client_request_id: None,
            address: IpAddr::from([0, 0, 0, 0]),
            claims: Err(Refusal::NotSignedIn),
        })))
    }
}
