//! Where a change comes from: what every event says of it (R16).

use std::net::IpAddr;
use std::sync::Arc;

use persistence::events;

/// Who changes something and by which request: what every event says (R16).
#[derive(Debug, Clone)]
pub struct Origin {
    /// Who.
    pub actor: events::Actor,
    /// The request's id.
    pub request_id: Arc<str>,
    /// The network address that it came from; `None` for what the service does by itself.
    pub address: Option<IpAddr>,
}

impl Origin {
    /// What the service does by itself.
    #[must_use]
    pub fn system(reason: &str) -> Self {
        Self { actor: events::Actor::System, request_id: Arc::from(reason), address: None }
    }

    /// The network address as events show it.
    #[must_use]
    pub fn source_address(&self) -> Option<String> {
        self.address.map(|address| address.to_string())
    }
}
