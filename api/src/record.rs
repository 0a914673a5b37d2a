//! Records what happened, in the transaction in which it happened (R16), and makes ids.

use domain::Timestamp;
use domain::account::Account;
use domain::id::{AccountId, Id};
use persistence::StoreConnection;
use persistence::events::{self, NewEvent};
use serde_json::Value;
use uuid::{NoContext, Uuid};

use crate::http::{Error, Origin};

/// What changed.
#[derive(Debug, Clone)]
pub struct Happening {
    /// Such as `reseller.created`.
    pub action: String,
    /// The id of what it was done to, as text.
    pub subject: String,
    /// The account that it belongs to.
    pub account: Option<AccountId>,
    /// The changed members before; `Null` when there were none.
    pub before: Value,
    /// The changed members after; `Null` when there are none.
    pub after: Value,
}

impl Happening {
    /// Something was `done` to an account.
    #[must_use]
    pub fn to_account(account: &Account, done: &str, before: Value, after: Value) -> Self {
        let action = format!("{}.{done}", account.tier.as_str());
        Self { action, subject: account.id_text(), account: Some(account.id), before, after }
    }
}

/// Records it.
pub fn record(tx: &mut StoreConnection, origin: &Origin, now: Timestamp, what: &Happening) -> Result<(), Error> {
    let text = |value: &Value| (!value.is_null()).then(|| value.to_string());
    let (before, after) = (text(&what.before), text(&what.after));
    let event = NewEvent {
        id: new_id(now),
        now,
        actor: origin.actor,
        action: &what.action,
        subject: &what.subject,
        account: what.account,
        before: before.as_deref(),
        after: after.as_deref(),
        request_id: &origin.request_id,
        source_address: origin.address.as_deref(),
    };
    Ok(events::record(tx, &event)?)
}

/// A new id: a UUIDv7 of this instant, so ids sort by creation.
#[must_use]
pub fn new_id<K>(now: Timestamp) -> Id<K> {
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    Id::from_uuid(Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos())))
}
