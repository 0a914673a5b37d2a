//! Queues deliveries of events to webhooks, in the transaction that publishes the events, so that each is queued
//! exactly once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chrono::{DateTime, Utc};
use domain::Timestamp;
use domain::event::Reader;
use persistence::events::Event;
use persistence::webhooks::{Listening, NewDelivery};
use persistence::{StoreConnection, webhooks};
use serde::Serialize;

use super::view;
use crate::error::{Error, ErrorCode, Result};
use crate::ids::new_id;

/// The body of a delivery, according to the Standard Webhooks specification.
#[derive(Debug, Serialize)]
pub struct Message {
    /// The event type.
    #[serde(rename = "type")]
    pub kind: String,
    /// When the event happened.
    pub timestamp: DateTime<Utc>,
    /// The event, as `GET /events/{event_id}` shows it to you. Its `id` is the `webhook-id` of every attempt; use it to
    /// recognise duplicates.
    pub data: view::Event,
}

/// Serialises the delivery of an event for a reader.
pub fn payload(event: &Event, reader: Reader) -> Result<String> {
    let message = Message {
        kind: event.action.clone(),
        timestamp: event.occurred_at,
        data: view::Event::view(event.clone(), reader),
    };
    serde_json::to_string(&message)
        .map_err(|error| Error::new(ErrorCode::Internal, format!("An event could not be written: {error}")))
}

/// Deliveries that are queued in one transaction, or all of one event if it has more. Other writes wait for a few
/// milliseconds.
const AT_ONCE: usize = 2_000;

/// The result of one round.
#[derive(Debug, Clone, Copy)]
pub struct HandedOn {
    /// Number of queued deliveries.
    pub queued: usize,
    /// The position of the last event whose deliveries were queued.
    pub position: i64,
    /// Whether no events are left.
    pub all: bool,
}

/// Queues deliveries of published events for all webhooks that subscribe to them; only the first events if there are
/// many.
pub fn hand_on(
    tx: &mut StoreConnection,
    listening: &[Listening],
    events: &[Event],
    now: Timestamp,
) -> Result<HandedOn> {
    let mut done = HandedOn { queued: 0, position: 0, all: true };
    for event in events {
        if done.queued >= AT_ONCE {
            return Ok(HandedOn { all: false, ..done });
        }
        done.position = event.position;
        let mut payloads: HashMap<Reader, String> = HashMap::new();
        for listener in listening {
            if !event.ancestry.is_in(listener.scope) || !listener.types.iter().any(|types| types.matches(&event.action))
            {
                continue;
            }
            let payload = match payloads.entry(listener.reader) {
                Entry::Occupied(written) => written.into_mut(),
                Entry::Vacant(missing) => missing.insert(payload(event, listener.reader)?),
            };
            let delivery = NewDelivery {
                id: new_id(now),
                webhook: listener.id,
                event: event.id,
                event_type: &event.action,
                payload,
            };
            done.queued += usize::from(webhooks::queue(tx, &delivery, now)?);
        }
    }
    Ok(done)
}
