//! Records events in the transaction of the change (R16).

use domain::Timestamp;
use domain::account::{Account, Ancestry};
use domain::event::EventType;
use domain::id::{Id, Kind};
use domain::principal::Principal;
use persistence::StoreConnection;
use persistence::events::{self, EventRow};
use persistence::members::Member;
use serde_json::{Map, Value};

use super::fields::are_documented;
use crate::access::Origin;
use crate::app::Tx;
use crate::error::Result;
use crate::ids::new_id;

/// An event to record.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The name of an [`EventType`].
    pub action: String,
    /// The id of the object that was changed.
    pub subject: String,
    /// The account that the event belongs to, with its ancestors.
    pub ancestry: Ancestry,
    /// The changed fields with their old values; `Null` if there are none.
    pub before: Value,
    /// The changed fields with their new values; `Null` if there are none.
    pub after: Value,
}

impl NewEvent {
    /// Creates the event that something was `done` to an account.
    #[must_use]
    pub fn to_account(account: &Account, done: &str, before: Value, after: Value) -> Self {
        let action = format!("{}.{done}", account.tier.as_str());
        Self { action, subject: account.id_text(), ancestry: account.ancestry(), before, after }
    }

    /// The type of the subject, such as `reseller`.
    fn subject_type(&self) -> &str {
        self.action.split('.').next().unwrap_or_default()
    }
}

/// Records an event.
pub fn record(tx: &mut Tx<'_>, what: &NewEvent) -> Result<()> {
    record_as(tx, tx.origin, what)
}

/// Records an event with another origin than the transaction's.
pub fn record_as(tx: &mut Tx<'_>, origin: &Origin, what: &NewEvent) -> Result<()> {
    tx.note_change(&what.ancestry);
    let now = tx.now;
    record_all(tx, &[(origin, what, now)])
}

/// Records events, each with its origin and time.
pub fn record_all(tx: &mut StoreConnection, all: &[(&Origin, &NewEvent, Timestamp)]) -> Result<()> {
    let text = |value: &Value| (!value.is_null()).then(|| value.to_string());
    let texts: Vec<_> =
        all.iter().map(|(origin, what, _)| (text(&what.before), text(&what.after), origin.source_address())).collect();
    let mut rows = Vec::with_capacity(all.len());
    for ((origin, what, now), (before, after, source_address)) in all.iter().zip(&texts) {
        debug_assert!(EventType::parse(&what.action).is_some(), "{} is no type of event", what.action);
        debug_assert!(
            [&what.before, &what.after].into_iter().all(|shown| are_documented(what.subject_type(), shown)),
            "{what:?} has members that the document does not show"
        );
        rows.push(EventRow {
            id: new_id(*now),
            now: *now,
            actor: origin.actor,
            action: &what.action,
            subject: &what.subject,
            ancestry: what.ancestry,
            before: before.as_deref(),
            after: after.as_deref(),
            request_id: &origin.request_id,
            client_request_id: origin.client_request_id.as_deref(),
            source_address: source_address.as_deref(),
        });
    }
    Ok(events::record_all(tx, &rows)?)
}

/// Records that something was `done` to an object of an account, such as a PBX or a member.
pub fn record_for<K: Kind>(
    tx: &mut Tx<'_>,
    account: &Account,
    id: Id<K>,
    done: &str,
    (before, after): (Value, Value),
) -> Result<()> {
    let action = format!("{}.{done}", K::PREFIX);
    let happening = NewEvent { action, subject: id.to_string(), ancestry: account.ancestry(), before, after };
    record(tx, &happening)
}

/// Records a change that a member made to its own sign-in.
pub fn record_own_sign_in(tx: &mut Tx<'_>, member: &Member, done: &str) -> Result<()> {
    let actor = events::Actor::Principal(Principal::Member(member.id), member.account.tier);
    record_as(tx, &Origin { actor, ..tx.origin.clone() }, &sign_in_changed(member, done))
}

/// Records a change that somebody else made to a member's sign-in.
pub fn record_sign_in(tx: &mut Tx<'_>, member: &Member, done: &str) -> Result<()> {
    record(tx, &sign_in_changed(member, done))
}

fn sign_in_changed(member: &Member, done: &str) -> NewEvent {
    NewEvent {
        action: format!("member.{done}"),
        subject: member.id.to_string(),
        ancestry: member.account.ancestry(),
        before: Value::Null,
        after: Value::Null,
    }
}

/// The fields that differ, with their old and new values.
#[must_use]
pub fn difference(before: Value, after: Value) -> (Value, Value) {
    let (Value::Object(before), Value::Object(after)) = (before, after) else { return (Value::Null, Value::Null) };
    let differs = |name: &String| before.get(name) != after.get(name);
    let only = |members: &Map<String, Value>| {
        Value::Object(members.iter().filter(|(name, _)| differs(name)).map(|(n, v)| (n.clone(), v.clone())).collect())
    };
    (only(&before), only(&after))
}
