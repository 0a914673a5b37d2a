//! Hands events on to the webhooks that want them, in the transaction in which they are published: each once.

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
use crate::error::{Error, ErrorCode};
use crate::ids::new_id;

/// What is sent to a webhook, after the Standard Webhooks specification.
#[derive(Debug, Serialize)]
pub struct Message {
    /// The type of the event.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it happened.
    pub timestamp: DateTime<Utc>,
    /// The event, as `GET /events/{id}` shows it to you. Its `id` is the `webhook-id` of every attempt, by which you know what you
    /// have taken already.
    pub data: view::Event,
}

/// What is sent of an event to a reader.
pub fn payload(event: &Event, reader: Reader) -> Result<String, Error> {
    let message = Message {
        kind: event.action.clone(),
        timestamp: event.occurred_at,
        data: view::Event::view(event.clone(), reader),
    };
    serde_json::to_string(&message)
        .map_err(|error| Error::new(ErrorCode::Internal, format!("An event could not be written: {error}")))
}

/// Deliveries that are queued in one transaction, or as many as one event has: others wait for some milliseconds.
const AT_ONCE: usize = 2_000;

/// How far handing on went.
#[derive(Debug, Clone, Copy)]
pub struct HandedOn {
    /// How many deliveries were queued.
    pub queued: usize,
    /// The position of the last event that was handed on.
    pub search_text: i64,
    /// Whether that was the last one of all.
    pub all: bool,
}

/// Queues events for everybody who listens, the first ones of them if they are many.
pub fn hand_on(
    tx: &mut StoreConnection,
    listening: &[Listening],
    events: &[Event],
    now: Timestamp,
) -> Result<HandedOn, Error> {
    let mut done = HandedOn { queued: 0, search_text: 0, all: true };
    for event in events {
        if done.queued >= AT_ONCE {
            return Ok(HandedOn { all: false, ..done });
        }
        done.search_text = event.position;
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
