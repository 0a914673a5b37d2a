//! Operations on the webhooks of the caller's own account.

use chrono::TimeDelta;
use domain::account::Account;
use domain::api_client::Terms;
use domain::authority::{Action, Target};
use domain::event::{Reader, TypePattern};
use domain::fault::Fault;
use domain::id::{DeliveryId, EventId, WebhookId};
use domain::limits::{DELIVERIES_KEPT_DAYS, REPLAY_MAX, WEBHOOKS_MAX};
use domain::refusal::Refusal;
use domain::values::text::WebhookDescription;
use domain::webhook::{Settings, Webhook};
use domain::{Timestamp, webhook};
use persistence::events::{Event, Filter};
use persistence::webhooks::{Delivery, NewDelivery, NewSecret};
use persistence::{StoreConnection, events, webhooks};
use serde_json::{Value, json};

use crate::access::Actor;
use crate::app::Tx;
use crate::error::{Error, Result, value_error};
use crate::events::fan_out::payload;
use crate::events::record::{difference, record_for};
use crate::ids::new_id;
use crate::security::seal::Seal;

/// How many events a replay reads in one query.
const PAGE: i64 = 1_000;

/// The changes to a webhook; `None` leaves a field as it is.
#[derive(Debug, Clone)]
pub struct ChangeWebhook {
    /// The URL that events are sent to.
    pub target: Option<webhook::Target>,
    /// The types of the events that are sent.
    pub types: Option<Vec<TypePattern>>,
    /// Its description; `Some(None)` removes it.
    pub description: Option<Option<WebhookDescription>>,
    /// Whether events are sent.
    pub enabled: Option<bool>,
}

/// Loads a webhook of the actor's own account. Unless the actor only reads, the webhook is locked.
pub fn load(tx: &mut StoreConnection, actor: &Actor, id: &str) -> Result<Webhook> {
    let id = WebhookId::parse(id).ok_or(Refusal::NotFound)?;
    if actor.action() != Action::Read {
        // The delivery worker may be disabling it at the same time.
        webhooks::hold(tx, id)?;
    }
    Ok(webhooks::by_id(tx, actor.account(), id)?.ok_or(Refusal::NotFound)?)
}

/// Refuses actors that may not read or change webhooks. API clients with an expiry or allowed networks can't change
/// them, because a webhook would outlive these limits.
pub fn may(actor: &Actor) -> Result<()> {
    actor.may(Target::Webhooks)?;
    let is_limited = actor.action() != Action::Read && actor.terms().is_some_and(Terms::are_limits);
    if is_limited { Err(Refusal::LimitedClient.into()) } else { Ok(()) }
}

/// Loads a delivery of a webhook.
pub fn reach_delivery(tx: &mut StoreConnection, webhook: &Webhook, id: &str) -> Result<Delivery> {
    let id = DeliveryId::parse(id).ok_or(Refusal::NotFound)?;
    Ok(webhooks::delivery(tx, webhook.id, id)?.ok_or(Refusal::NotFound)?)
}

/// Creates a webhook with its signing secret. Refused if the account has `WEBHOOKS_MAX` of them.
pub fn create(tx: &mut Tx<'_>, account: &Account, settings: &Settings, secret: &[u8]) -> Result<Webhook> {
    let now = tx.now;
    if webhooks::count(tx, account.id)? >= WEBHOOKS_MAX {
        return Err(Refusal::TooManyWebhooks.into());
    }
    let sealed = sealed(tx.seal, secret, now)?;
    let webhook = webhooks::insert(tx, account.id, new_id(now), settings, &sealed, now)?;
    record_for(tx, account, webhook.id, "created", (Value::Null, fields(settings)))?;
    Ok(webhook)
}

/// Updates a webhook. A change without effect is not recorded.
pub fn update(tx: &mut Tx<'_>, account: &Account, before: Webhook, change: &ChangeWebhook) -> Result<Webhook> {
    let now = tx.now;
    let ChangeWebhook { target, types, description, enabled } = change.clone();
    let settings = Settings {
        target: target.unwrap_or_else(|| before.settings.target.clone()),
        types: types.unwrap_or_else(|| before.settings.types.clone()),
        description: description.unwrap_or_else(|| before.settings.description.clone()),
        enabled: enabled.unwrap_or(before.settings.enabled),
    };
    if settings == before.settings {
        return Ok(before);
    }
    let webhook = webhooks::update(tx, &before, &settings, now)?;
    record_for(tx, account, before.id, "updated", difference(fields(&before.settings), fields(&settings)))?;
    Ok(webhook)
}

/// Removes a webhook. This can't be undone.
pub fn remove(tx: &mut Tx<'_>, account: &Account, webhook: &Webhook) -> Result<()> {
    let now = tx.now;
    webhooks::remove(tx, webhook.id, now)?;
    record_for(tx, account, webhook.id, "removed", (fields(&webhook.settings), Value::Null))
}

/// Gives a webhook a new signing secret. For `previous_seconds`, deliveries are signed with the current one as well.
pub fn rotate_secret(
    tx: &mut Tx<'_>,
    account: &Account,
    before: &Webhook,
    previous_seconds: i64,
    secret: &[u8],
) -> Result<Webhook> {
    let now = tx.now;
    let ends = now + TimeDelta::seconds(previous_seconds);
    let sealed = sealed(tx.seal, secret, now)?;
    let webhook = webhooks::rotate(tx, before, &sealed, ends, now)?;
    let after = json!({"secret": "changed", "previous_secret_expires_in": previous_seconds});
    record_for(tx, account, before.id, "secret_rotated", (Value::Null, after))?;
    Ok(webhook)
}

/// Queues a test event (`webhook.tested`) for a webhook.
pub fn test(tx: &mut Tx<'_>, actor: &Actor, account: &Account, webhook: &Webhook) -> Result<Delivery> {
    let now = tx.now;
    if !webhook.settings.enabled {
        return Err(Refusal::WebhookDisabled.into());
    }
    let id = EventId::from_uuid(new_id::<()>(now).uuid());
    let event = Event {
        position: 0,
        id,
        occurred_at: now,
        actor: actor.origin().actor,
        action: "webhook.tested".to_owned(),
        subject: webhook.id.to_string(),
        ancestry: account.ancestry(),
        before: None,
        after: None,
        request_id: actor.origin().request_id.to_string(),
        client_request_id: actor.origin().client_request_id.as_deref().map(str::to_owned),
        source_address: actor.origin().source_address(),
    };
    let delivery = queue(tx, account, webhook, &event)?;
    Ok(webhooks::delivery(tx, webhook.id, delivery)?.ok_or(Refusal::NotFound)?)
}

/// Queues a delivery to be sent again at once.
pub fn redeliver(tx: &mut Tx<'_>, webhook: &Webhook, delivery: &Delivery) -> Result<Delivery> {
    let now = tx.now;
    if !webhook.settings.enabled {
        return Err(Refusal::WebhookDisabled.into());
    }
    webhooks::redeliver(tx, delivery.id, now)?;
    Ok(webhooks::delivery(tx, webhook.id, delivery.id)?.ok_or(Refusal::NotFound)?)
}

/// Queues all events since an instant that match the webhook's types, whether they were delivered or not. Returns how
/// many. Refused if the instant is older than `DELIVERIES_KEPT_DAYS` or if there are more than `REPLAY_MAX` events.
pub fn replay(tx: &mut Tx<'_>, actor: &Actor, account: &Account, webhook: &Webhook, since: Timestamp) -> Result<usize> {
    let now = tx.now;
    let wrong = |code, detail: String| Error::validation(vec![value_error("/since", Fault::new(code, detail))]);
    if since < now - TimeDelta::days(DELIVERIES_KEPT_DAYS) || since > now {
        let detail = format!("Give an instant of the last {DELIVERIES_KEPT_DAYS} days.");
        return Err(wrong("out_of_range", detail));
    }
    if !webhook.settings.enabled {
        return Err(Refusal::WebhookDisabled.into());
    }
    let mut filter = Filter {
        types: webhook.settings.types.clone(),
        since: Some(since),
        until: Some(now),
        limit: PAGE,
        ..Filter::default()
    };
    // All events are read and counted before the first write: SQLite repeats a batch of transactions when one is rolled
    // back.
    let mut missed = Vec::new();
    loop {
        let found = events::list(tx, actor.scope(), &filter)?;
        let (page, last) = (found.len(), found.last().map(|event| event.position));
        missed.extend(found);
        if missed.len() > REPLAY_MAX {
            let detail = format!("More than {REPLAY_MAX} events have happened since. Give a later instant.");
            return Err(wrong("too_many_events", detail));
        }
        match last {
            Some(last) if i64::try_from(page) == Ok(PAGE) => filter.after = Some(last),
            _ => break,
        }
    }
    for event in &missed {
        if !webhooks::replay(tx, webhook.id, event.id, now)? {
            queue(tx, account, webhook, event)?;
        }
    }
    let queued = missed.len();
    let after = json!({"since": since, "queued": queued});
    record_for(tx, account, webhook.id, "replayed", (Value::Null, after))?;
    Ok(queued)
}

/// Queues a delivery of an event and returns the delivery's id. Inserts nothing if the event is already queued for the
/// webhook.
fn queue(tx: &mut Tx<'_>, account: &Account, webhook: &Webhook, event: &Event) -> Result<DeliveryId> {
    let now = tx.now;
    let payload = payload(event, Reader::new(account))?;
    let id = new_id(now);
    let delivery =
        NewDelivery { id, webhook: webhook.id, event: event.id, event_type: &event.action, payload: &payload };
    webhooks::queue(tx, &delivery, now)?;
    Ok(id)
}

fn sealed(seal: &Seal, secret: &[u8], now: Timestamp) -> Result<NewSecret> {
    let id = new_id::<()>(now).uuid();
    Ok(NewSecret { id, sealed: seal.seal(id, secret)? })
}

/// The fields of a webhook as events show them.
fn fields(settings: &Settings) -> Value {
    let Settings { target, types, description, enabled } = settings;
    json!({
        "url": target.as_str(),
        "event_types": types.iter().map(TypePattern::as_str).collect::<Vec<_>>(),
        "description": description.as_ref().map(WebhookDescription::as_str),
        "enabled": enabled,
    })
}
