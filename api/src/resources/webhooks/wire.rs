//! Webhooks and their deliveries on the wire.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use domain::event::TypePattern;
use domain::values::text::WebhookDescription;
use domain::webhook;
use domain::webhook::{DeliveryState, DisabledReason, Settings, Target, parse_types};
use persistence::webhooks as stored;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::operations::ChangeWebhook;
use crate::error::Error;
use crate::http::body::{needing, refuse_empty};
use crate::http::{Field, Members, Unknown};
use crate::views::instant::parse_instant;

/// Why the service has stopped sending to a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookDisabledReason)]
pub enum DisabledReasonView {
    /// The receiver answered 410.
    Gone,
    /// Nothing was taken for five days.
    Failing,
}

/// Where your events are sent as they happen.
#[derive(Debug, Serialize, ToSchema)]
pub struct Webhook {
    /// Its id.
    #[schema(example = "webhook_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub id: String,
    /// Where events are sent, by POST.
    #[schema(example = "https://hooks.contoso.example/teammate", format = "uri", max_length = 2000)]
    pub url: String,
    /// Which events: types, `<subject>.*` for all of a subject, or `*` for all.
    #[schema(min_items = 1, max_items = 50, example = json!(["reseller.*", "user.created"]))]
    pub event_types: Vec<String>,
    /// What people say of it.
    #[schema(example = "Order system", max_length = 255)]
    pub description: Option<String>,
    /// Whether anything is sent.
    #[schema(example = true)]
    pub enabled: bool,
    /// Why the service has stopped sending, if it has by itself.
    pub disabled_reason: Option<DisabledReasonView>,
    /// Since when nothing was taken, if the last attempt failed.
    pub failing_since: Option<DateTime<Utc>>,
    /// Its new signing secret, only in the answer that makes it: keep it where programs keep secrets. `null` everywhere else.
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD0PxIKmq1IIE=", max_length = 60)]
    pub signing_secret: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl From<webhook::Webhook> for Webhook {
    fn from(webhook: webhook::Webhook) -> Self {
        let webhook::Webhook { id, settings, disabled_reason, failing_since, version: _, created_at, updated_at } =
            webhook;
        let Settings { target, types, description, enabled } = settings;
        Self {
            id: id.to_string(),
            url: target.as_str().to_owned(),
            event_types: types.iter().map(|types| types.as_str().to_owned()).collect(),
            description: description.map(WebhookDescription::into_string),
            enabled,
            disabled_reason: disabled_reason.map(|reason| match reason {
                DisabledReason::Gone => DisabledReasonView::Gone,
                DisabledReason::Failing => DisabledReasonView::Failing,
            }),
            failing_since,
            signing_secret: None,
            created_at,
            updated_at,
        }
    }
}

/// A page of webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookPage {
    /// The webhooks of this page, in the list's order.
    #[schema(max_items = 200)]
    pub items: Vec<Webhook>,
    /// Give it as `cursor` to get the next page; `null` on the last one.
    #[schema(max_length = 60)]
    pub next_cursor: Option<String>,
}

/// Changes of a webhook: a merge patch.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PatchWebhook {
    /// Where events are sent: an `https` URL of the public internet, of at most 2,000 characters.
    #[schema(value_type = String, required = false, example = "https://hooks.contoso.example/teammate", format = "uri", max_length = 2000)]
    #[serde(default)]
    url: Field<String>,
    /// Which events: types, `<subject>.*` for all of a subject, or `*` for all.
    #[schema(value_type = Vec<String>, required = false, min_items = 1, max_items = 50, example = json!(["reseller.*", "user.created"]))]
    #[serde(default)]
    event_types: Field<Vec<String>>,
    /// What people say of it: 1–255 characters. `null` takes it away.
    #[schema(value_type = Option<String>, example = "Order system", min_length = 1, max_length = 255)]
    #[serde(default)]
    description: Field<String>,
    /// Whether anything is sent. In a new webhook, if left out, it is.
    #[schema(value_type = bool, required = false, example = true)]
    #[serde(default)]
    enabled: Field<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl PatchWebhook {
    /// The command, or everything that is wrong with it.
    pub fn command(self, private_allowed: bool) -> Result<ChangeWebhook, Error> {
        let command = self.read(false, private_allowed)?;
        refuse_empty(command == ChangeWebhook::default())?;
        Ok(command)
    }

    fn read(self, creates: bool, private_allowed: bool) -> Result<ChangeWebhook, Error> {
        let mut members = Members::new(self.unknown);
        let parse_target = |text: &str| Target::parse(text, private_allowed);
        let texts = members.needed(creates, "/event_types", self.event_types, |texts| Ok(texts.to_vec()));
        let change = ChangeWebhook {
            target: members.needed(creates, "/url", self.url, parse_target),
            types: texts.and_then(|texts| members.selection("/event_types", parse_types(&texts))),
            description: members.nullable("/description", self.description, WebhookDescription::parse),
            enabled: members.optional("/enabled", self.enabled, |enabled| Ok(*enabled)),
        };
        members.finish(Some(change))
    }
}

/// A webhook to be made.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct CreateWebhook(PatchWebhook);

impl PartialSchema for CreateWebhook {
    fn schema() -> RefOr<Schema> {
        needing(PatchWebhook::schema(), &["url", "event_types"], "A webhook to be made.")
    }
}

impl ToSchema for CreateWebhook {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("CreateWebhook")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        PatchWebhook::schemas(schemas);
    }
}

impl CreateWebhook {
    /// The settings, or everything that is wrong with them.
    pub fn settings(self, private_allowed: bool) -> Result<Settings, Error> {
        let ChangeWebhook { target, types, description, enabled } = self.0.read(true, private_allowed)?;
        let refused = "a creation without it is refused";
        Ok(Settings {
            target: target.expect(refused),
            types: types.expect(refused),
            description: description.flatten(),
            enabled: enabled.unwrap_or(true),
        })
    }
}

/// Which events are to be sent again.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ReplayEvents {
    /// What has happened at this instant or later, of the last 30 days (RFC 3339).
    #[schema(value_type = DateTime<Utc>, required = true, example = "2026-11-24T00:00:00Z")]
    #[serde(default)]
    since: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl ReplayEvents {
    /// The instant, or everything that is wrong with it.
    pub fn since(self) -> Result<DateTime<Utc>, Error> {
        let mut members = Members::new(self.unknown);
        let since = members.required("/since", self.since, parse_instant);
        members.finish(since)
    }
}

/// What will be sent again.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replayed {
    /// How many events.
    #[schema(example = 12, minimum = 0, maximum = 10000)]
    pub queued: usize,
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookDeliveryState)]
pub enum DeliveryStateView {
    /// Waits for its first attempt.
    Queued,
    /// An attempt failed; another is due.
    Retrying,
    /// The receiver took it.
    Delivered,
    /// Given up; it can be sent again.
    Failed,
}

impl From<DeliveryState> for DeliveryStateView {
    fn from(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Queued => Self::Queued,
            DeliveryState::Retrying => Self::Retrying,
            DeliveryState::Delivered => Self::Delivered,
            DeliveryState::Failed => Self::Failed,
        }
    }
}

/// An event on its way to a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookDelivery {
    /// Its id.
    #[schema(example = "delivery_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub id: String,
    /// The id of the event, which is the `webhook-id` of every attempt.
    #[schema(example = "event_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub event_id: String,
    /// The type of the event.
    #[schema(example = "reseller.created", max_length = 60)]
    pub event_type: String,
    /// How far it has come.
    pub state: DeliveryStateView,
    /// Attempts since it was last queued.
    #[schema(example = 1, minimum = 0)]
    pub attempts: i32,
    /// When it is tried next; `null` once it is taken or given up.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it was first queued.
    pub created_at: DateTime<Utc>,
    /// When it was taken or given up.
    pub finished_at: Option<DateTime<Utc>>,
}

impl From<stored::Delivery> for WebhookDelivery {
    fn from(delivery: stored::Delivery) -> Self {
        let stored::Delivery { id, event, event_type, payload: _, state, attempts, due_at, created_at, finished_at } =
            delivery;
        Self {
            id: id.to_string(),
            event_id: event.to_string(),
            event_type,
            state: state.into(),
            attempts,
            next_attempt_at: due_at,
            created_at,
            finished_at,
        }
    }
}

/// A page of deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookDeliveryPage {
    /// The deliveries of this page, in the list's order.
    #[schema(max_items = 200)]
    pub items: Vec<WebhookDelivery>,
    /// Give it as `cursor` to get the next page; `null` on the last one.
    #[schema(max_length = 60)]
    pub next_cursor: Option<String>,
}

/// A delivery with what was sent and what came back.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookDeliveryLog {
    /// The delivery.
    pub delivery: WebhookDelivery,
    /// The body that is sent.
    #[schema(value_type = Object, example = json!({"type": "reseller.created", "timestamp": "2026-11-24T10:00:00Z", "data": {}}))]
    pub payload: Value,
    /// Every attempt, oldest first.
    #[schema(max_items = 100)]
    pub log: Vec<WebhookAttempt>,
}

/// An attempt to deliver.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookAttempt {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How many milliseconds it took.
    #[schema(example = 84, minimum = 0)]
    pub milliseconds: i32,
    /// The headers that were sent, beside those of every request.
    #[schema(value_type = Object, example = json!({"webhook-id": "event_01h455vb4pex5vsknk084sn02q", "webhook-timestamp": "1795514400"}))]
    pub request_headers: Value,
    /// The status of the answer; `null` without one.
    #[schema(example = 503, minimum = 100, maximum = 599)]
    pub status: Option<i32>,
    /// The headers of the answer: the first 30, each cut to 200 characters; `null` without an answer.
    #[schema(value_type = Option<Object>, example = json!({"content-type": "text/plain"}))]
    pub answer_headers: Option<Value>,
    /// The body of the answer, cut to 4 KiB; `null` without an answer.
    #[schema(example = "Try again later.", max_length = 4096)]
    pub answer: Option<String>,
    /// Why it failed; `null` when the receiver took it.
    #[schema(example = "the receiver answered 503", max_length = 300)]
    pub error: Option<String>,
}

impl WebhookDeliveryLog {
    /// The delivery with its attempts.
    #[must_use]
    pub fn view(delivery: stored::Delivery, attempts: Vec<stored::Attempt>) -> Self {
        let json = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
        let payload = json(&delivery.payload);
        let attempt = |attempt: stored::Attempt| {
            let stored::Attempt { started_at, milliseconds, status, error, request_headers, answer_headers, answer } =
                attempt;
            WebhookAttempt {
                started_at,
                milliseconds,
                request_headers: json(&request_headers),
                status,
                answer_headers: answer_headers.as_deref().map(json),
                answer,
                error,
            }
        };
        Self { delivery: delivery.into(), payload, log: attempts.into_iter().map(attempt).collect() }
    }
}

/// Whether a text is a type of event, or a pattern of them.
#[must_use]
pub fn is_type(text: &str) -> Option<String> {
    TypePattern::parse(text).filter(|_| !text.contains('*')).map(|types| types.as_str().to_owned())
}
