//! The JSON form of events.

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::event::{Reader, shows_actor};
use domain::limits;
use persistence::events::{self, Actor};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::fields::hide_sip_data;
use crate::shown;

/// An event: something that happened to an object.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"type": "reseller.updated", "subject_type": "reseller", "request_id": "req_01h455vb4pex5vsknk084sn02q", "source_address": "192.0.2.10"}))]
pub struct Event {
    /// The id of the event.
    #[schema(example = "event_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The event type: the type of the subject and what was done to it.
    #[serde(rename = "type")]
    #[schema(value_type = shown::CodeName)]
    pub kind: String,
    /// When it happened. Events that happened at nearly the same time may be listed in a different order.
    pub occurred_at: DateTime<Utc>,
    /// The id of the account that the event belongs to; `null` for the platform.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub account_id: Option<String>,
    /// The type of the object that the event is about.
    #[schema(value_type = shown::SubjectType)]
    pub subject_type: String,
    /// The id of the object that the event is about; for a billing report its period.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub subject_id: String,
    /// Who made the change.
    pub actor: EventActor,
    /// The changed fields with their old values; `null` if there are none. Passwords and tokens are never shown.
    #[schema(value_type = Option<Object>, example = json!({"name": "Nordwind"}))]
    pub before: Option<Value>,
    /// The changed fields with their new values; `null` if there are none. Passwords and tokens are never shown.
    #[schema(value_type = Option<Object>, example = json!({"name": "Nordwind Telefonie"}))]
    pub after: Option<Value>,
    /// The id that the service gave the request, which its answer has as `X-Request-Id`. For changes that the service made
    /// by itself, the reason.
    #[schema(value_type = shown::RequestId)]
    pub request_id: String,
    /// The `X-Request-Id` that the caller sent; `null` if there was none, or if the actor belongs to an account above
    /// yours.
    #[schema(value_type = Option<shown::RequestId>)]
    pub client_request_id: Option<String>,
    /// The network address of the request; `null` if the actor belongs to an account above yours.
    #[schema(value_type = Option<shown::Address>)]
    pub source_address: Option<String>,
}

/// The actor of an event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"account_type": "master_reseller"}))]
pub struct EventActor {
    /// The type of the actor.
    #[serde(rename = "type")]
    pub kind: EventActorType,
    /// The id of the member or API client; `null` if it belongs to an account above yours, or if the actor has no id.
    #[schema(example = "member_01h455vb4pex5vsknk084sn02q")]
    pub id: Option<String>,
    /// The type of account that the actor signed in to; `platform` means staff. `null` if the actor was not signed in.
    #[schema(value_type = Option<shown::Word>)]
    pub account_type: Option<&'static str>,
}

/// The type of an event's actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventActorType {
    /// A signed-in member.
    Member,
    /// An API client.
    Client,
    /// A person who was not signed in, such as somebody who redeems an activation link.
    Anonymous,
    /// The service itself.
    System,
}

impl Event {
    /// The event as a reader may see it.
    #[must_use]
    pub fn view(event: events::Event, reader: Reader) -> Self {
        let events::Event {
            position: _,
            id,
            occurred_at,
            actor,
            action,
            subject,
            ancestry,
            before,
            after,
            request_id,
            client_request_id,
            source_address,
        } = event;
        let (kind, principal, tier) = match actor {
            Actor::Principal(principal, tier) => match principal.kind() {
                domain::principal::Kind::Member => (EventActorType::Member, Some(principal), Some(tier)),
                domain::principal::Kind::Client => (EventActorType::Client, Some(principal), Some(tier)),
            },
            Actor::Anonymous => (EventActorType::Anonymous, None, None),
            Actor::System => (EventActorType::System, None, None),
        };
        let shown = shows_actor(reader.tier, tier);
        let subject_type = action.split('.').next().unwrap_or_default().to_owned();
        let json = |text: Option<String>| {
            let mut members = serde_json::from_str(&text?).ok()?;
            if !reader.sees_sip_data {
                hide_sip_data(&subject_type, &mut members);
            }
            Some(members)
        };
        let (before, after) = (json(before), json(after));
        Self {
            id: id.to_string(),
            occurred_at,
            account_id: ancestry.account_text(),
            subject_type,
            kind: action,
            subject_id: subject,
            actor: EventActor {
                kind,
                id: principal.filter(|_| shown).map(|principal| principal.to_string()),
                account_type: tier.map(Tier::as_str),
            },
            before,
            after,
            request_id,
            client_request_id: client_request_id.filter(|_| shown),
            source_address: source_address.filter(|_| shown),
        }
    }
}

/// A page of events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"resume_cursor": "AAAAAAAAAAnbXoD0tB-1oA"}))]
pub struct EventPage {
    /// The events of this page, in the list's order.
    #[schema(value_type = Events)]
    pub items: Vec<Event>,
    /// Pass it as `cursor` to get the next page; `null` on the last page.
    #[schema(value_type = Option<shown::Cursor>)]
    pub next_cursor: Option<String>,
    /// Pass it as `cursor` later to continue after this page, even if it is the last one: events that were committed
    /// since then follow, and none is missed. `null` if the list is sorted newest first.
    #[schema(value_type = Option<shown::Cursor>)]
    pub resume_cursor: Option<String>,
}

type Events = shown::Many<Event, 0, { shown::items(limits::PAGE_MAX) }>;
