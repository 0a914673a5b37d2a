//! Restricts deliveries to public addresses. Addresses are checked when names are resolved for a connection, so that a
//! name can't be changed to a private address after a check (DNS rebinding).

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use domain::limits::WEBHOOK_TIMEOUT_SECONDS;
use domain::values::public_address::is_public;
use domain::webhook::Target;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use tokio::sync::Semaphore;

/// The error for an address that is not public.
pub const NOT_PUBLIC: &str = "the host is not on the public internet";

/// Limits concurrent name lookups, because they block threads that others, such as e-mails, need too.
static LOOKUPS: Semaphore = Semaphore::const_new(64);

/// A resolver that returns only public addresses, unless private ones are allowed.
#[derive(Debug, Clone, Copy)]
pub struct Guard {
    /// Whether private addresses are allowed. For tests only.
    pub private_allowed: bool,
}

impl Guard {
    /// Whether a delivery may be sent to a URL. URLs with an IP address are checked here, because they are never
    /// resolved.
    #[must_use]
    pub fn admits(self, target: &Target) -> bool {
        self.private_allowed || target.address().is_none_or(is_public)
    }

    /// Creates a client that connects only to addresses that the guard admits, follows no redirects and uses no proxy.
    pub fn client(self) -> Result<reqwest::Client, reqwest::Error> {
        reqwest::Client::builder()
            .dns_resolver(self)
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .timeout(Duration::from_secs(WEBHOOK_TIMEOUT_SECONDS))
            .user_agent("TeamMate-Webhooks/1")
            .build()
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = *self;
        Box::pin(async move {
            let held = LOOKUPS.acquire().await?;
            // An abandoned lookup keeps its thread, and its permit, until the name server answers.
            let looking = tokio::task::spawn_blocking(move || {
                let found = (name.as_str(), 0).to_socket_addrs();
                drop(held);
                found
            });
            let found = looking.await??;
            let allowed: Vec<SocketAddr> =
                found.filter(|address| guard.private_allowed || is_public(address.ip())).collect();
            if allowed.is_empty() {
                return Err(io::Error::other(NOT_PUBLIC).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
