//! Events on the wire.

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::event::{Reader, shows_actor};
use domain::limits;
use persistence::events;
use persistence::events::Actor;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::fields::hide_sip_data;
use crate::shown;

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"type": "reseller.updated", "subject_type": "reseller", "request_id": "req_01h455vb4pex5vsknk084sn02q", "source_address": "192.0.2.10"}))]
pub struct Event {
    /// Its id.
    #[schema(example = "event_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// What happened: what it happened to, and what was done.
    #[serde(rename = "type")]
    #[schema(value_type = shown::CodeName)]
    pub kind: String,
    /// When it happened. Events that happened at nearly the same time may stand in the list the other way round.
    pub occurred_at: DateTime<Utc>,
    /// The account that it belongs to; `null` for what belongs to the platform.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub account_id: Option<String>,
    /// What kind of thing it happened to.
    #[schema(value_type = shown::SubjectType)]
    pub subject_type: String,
    /// The id of what it happened to; the period of a billing report.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub subject_id: String,
    /// Who did it.
    pub actor: EventActor,
    /// The members that changed, as they were before; `null` when there was nothing. Passwords and tokens never show.
    #[schema(value_type = Option<Object>, example = json!({"name": "Nordwind"}))]
    pub before: Option<Value>,
    /// The members that changed, as they are now; `null` when there is nothing.
    #[schema(value_type = Option<Object>, example = json!({"name": "Nordwind Telefonie"}))]
    pub after: Option<Value>,
    /// The `X-Request-Id` of the request that did it; the reason, for what the service did by itself.
    #[schema(value_type = shown::RequestId)]
    pub request_id: String,
    /// The network address that the request came from; `null` when it came from above you.
    #[schema(value_type = Option<shown::Address>)]
    pub source_address: Option<String>,
}

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"account_type": "master_reseller"}))]
pub struct EventActor {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: EventActorType,
    /// The id of the member or API client; `null` for one of an account above you, and for those who have none.
    #[schema(example = "member_01h455vb4pex5vsknk084sn02q")]
    pub id: Option<String>,
    /// What kind of account it signed in to: `platform` is staff. `null` for those who were not signed in.
    #[schema(value_type = Option<shown::Word>)]
    pub account_type: Option<&'static str>,
}

/// What can do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventActorType {
    /// A person who was signed in.
    Member,
    /// A program that was signed in.
    Client,
    /// Somebody who was not signed in, such as whoever redeems an activation link.
    Anonymous,
    /// The service itself.
    System,
}

impl Event {
    /// The event as a reader sees it.
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
    /// Give it as `cursor` to get the next page; `null` on the last one.
    #[schema(value_type = Option<shown::Cursor>)]
    pub next_cursor: Option<String>,
    /// Give it as `cursor` later to go on where this page ends, also when it is the last one: whatever is committed until then
    /// follows, and nothing is missed. `null` when the newest come first.
    #[schema(value_type = Option<shown::Cursor>)]
    pub resume_cursor: Option<String>,
}

/// The events of a page.
type Events = shown::Many<Event, 0, { shown::items(limits::PAGE_MAX) }>;
