//! Keeps deliveries on the public internet: every address is looked at when it is connected to, so that no name that comes to mean
//! another address leads behind our own walls.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use domain::limits::WEBHOOK_TIMEOUT_SECONDS;
use domain::values::public_address::is_public;
use domain::webhook::Target;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use tokio::sync::Semaphore;

/// What is said of an address that is not of the public internet.
pub const NOT_PUBLIC: &str = "the host is not on the public internet";

/// Look-ups of names at the same time: they take threads that e-mails and others need as well.
static LOOKUPS: Semaphore = Semaphore::const_new(64);

/// Resolves names to public addresses, or to all.
#[derive(Debug, Clone, Copy)]
pub struct Guard {
    /// Private addresses are allowed: for tests.
    pub private_allowed: bool,
}

impl Guard {
    /// Whether a delivery may go to a URL that names an address instead of a host, which nobody resolves.
    #[must_use]
    pub fn admits(self, target: &Target) -> bool {
        self.private_allowed || target.address().is_none_or(is_public)
    }

    /// A client that connects only to what the guard lets through, follows no redirect and uses no proxy.
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
            // A look-up that nobody waits for any more has its thread, and its place, until the name server answers.
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
