//! Records what happened, in the transaction in which it happened (R16), and makes ids.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::Timestamp;
use domain::account::{Account, Place};
use domain::event::EventType;
use domain::id::Id;
use persistence::StoreConnection;
use persistence::events::{self, NewEvent};
use serde_json::{Map, Value};
use uuid::{NoContext, Uuid};

use crate::events::members::are_documented;
use crate::http::{Error, Origin};

/// What changed.
#[derive(Debug, Clone)]
pub struct Happening {
    /// The name of a [`EventType`].
    pub action: String,
    /// The id of what it was done to, as text.
    pub subject: String,
    /// Where the account stands that it belongs to.
    pub place: Place,
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
        Self { action, subject: account.id_text(), place: account.place(), before, after }
    }

    /// What it happened to, such as `reseller`.
    fn subject_type(&self) -> &str {
        self.action.split('.').next().unwrap_or_default()
    }
}

/// Records it.
pub fn record(tx: &mut StoreConnection, origin: &Origin, now: Timestamp, what: &Happening) -> Result<(), Error> {
    debug_assert!(EventType::parse(&what.action).is_some(), "{} is no type of event", what.action);
    debug_assert!(
        [&what.before, &what.after].into_iter().all(|shown| are_documented(what.subject_type(), shown)),
        "{what:?} has members that the document does not show"
    );
    let text = |value: &Value| (!value.is_null()).then(|| value.to_string());
    let (before, after) = (text(&what.before), text(&what.after));
    let source_address = origin.source_address();
    let event = NewEvent {
        id: new_id(now),
        now,
        actor: origin.actor,
        action: &what.action,
        subject: &what.subject,
        place: what.place,
        before: before.as_deref(),
        after: after.as_deref(),
        request_id: &origin.request_id,
        source_address: source_address.as_deref(),
    };
    Ok(events::record(tx, &event)?)
}

/// The members that differ, before and after.
#[must_use]
pub fn difference(before: Value, after: Value) -> (Value, Value) {
    let (Value::Object(before), Value::Object(after)) = (before, after) else { return (Value::Null, Value::Null) };
    let differs = |name: &String| before.get(name) != after.get(name);
    let only = |members: &Map<String, Value>| {
        Value::Object(members.iter().filter(|(name, _)| differs(name)).map(|(n, v)| (n.clone(), v.clone())).collect())
    };
    (only(&before), only(&after))
}

/// A new id: a UUIDv7 of this instant, so ids sort by creation. A counter stands before the random part (RFC 9562
/// section 6.2, method 1), so that what one process makes within a millisecond sorts too, such as the events of an account.
#[must_use]
pub fn new_id<K>(now: Timestamp) -> Id<K> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    let random = Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()));
    // 26 bits of it, around the two that say which variant the id is.
    let [a, b, c, d] = COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let mut octets = random.into_bytes();
    octets[6] = 0x70 | (a & 0x03) << 2 | b >> 6;
    octets[7] = b << 2 | c >> 6;
    octets[8] = 0x80 | c & 0x3f;
    octets[9] = d;
    Id::from_uuid(Uuid::from_bytes(octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_millisecond_sort_by_creation() {
        let now = chrono::DateTime::from_timestamp_millis(1_700_000_000_123).unwrap();
        let ids: Vec<Uuid> = (0..70_000).map(|_| new_id::<()>(now).uuid()).collect();
        assert!(ids.is_sorted());
        for id in ids {
            assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
            assert_eq!(id.get_timestamp().map(|time| time.to_unix()), Some((1_700_000_000, 123_000_000)));
        }
    }
}
