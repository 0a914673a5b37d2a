//! The origin of a change, which every event records (R16).

use std::net::IpAddr;
use std::sync::Arc;

use domain::account::Scope;
use domain::id::AccountId;
use persistence::events;

/// Who makes a change and with which request. Every event records it (R16).
#[derive(Debug, Clone)]
pub struct Origin {
    /// Who makes the change.
    pub actor: events::Actor,
    /// The account of the actor; `None` if nobody is signed in.
    pub account: Option<AccountId>,
    /// The id of the request.
    pub request_id: Arc<str>,
    /// The id that the caller gave the request.
    pub client_request_id: Option<Arc<str>>,
    /// The network address of the request; `None` for changes that the service makes by itself.
    pub address: Option<IpAddr>,
}

impl Origin {
    /// The origin of a change that the service makes by itself, for a reason.
    #[must_use]
    pub fn system(reason: &str) -> Self {
        Self {
            actor: events::Actor::System,
            account: None,
            request_id: Arc::from(reason),
            client_request_id: None,
            address: None,
        }
    }

    /// The accounts that the actor can see (R8); `None` if nobody is signed in.
    #[must_use]
    pub fn scope(&self) -> Option<Scope> {
        let events::Actor::Principal(_, tier) = self.actor else { return None };
        self.account.map(|account| Scope::below(tier, account))
    }

    /// Whether there are daily limits to what it causes: e-mails, and refused claims of values that others have. Operators
    /// have none.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.scope() != Some(Scope::Platform)
    }

    /// The network address as text.
    #[must_use]
    pub fn source_address(&self) -> Option<String> {
        self.address.map(|address| address.to_string())
    }
}
