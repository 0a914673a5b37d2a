//! Request and response bodies of webhooks and their deliveries.

use chrono::{DateTime, Utc};
use domain::event::TypePattern;
use domain::limits;
use domain::values::text::WebhookDescription;
use domain::webhook;
use domain::webhook::{DeliveryState, DisabledReason, Settings};
use persistence::webhooks as stored;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::operations::ChangeWebhook;
use crate::http::field::{self, Field};
use crate::http::page::{Listed, Page};
use crate::http::validation::field_wrong;
use crate::http::{Valid, nullable};
use crate::{settings, shown};

/// Why the service disabled a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookDisabledReason)]
pub enum DisabledReasonView {
    /// The receiver answered 410.
    Gone,
    /// No delivery succeeded for five days.
    Failing,
}

/// A URL that your events are sent to as they occur.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"url": "https://hooks.contoso.example/teammate", "event_types": ["reseller.*", "user.created"], "description": "Order system", "signing_secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD0PxIKmq1IIE="}))]
pub struct Webhook {
    /// The id of the webhook.
    #[schema(example = "webhook_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The URL that events are sent to, by POST.
    #[schema(value_type = field::WebhookUrl)]
    pub url: String,
    /// The events to send. Each item is a type, `<subject>.*` for all types of a subject, or `*` for all events.
    #[schema(value_type = field::EventTypes)]
    pub event_types: Vec<String>,
    /// A description for people.
    #[schema(value_type = Option<shown::Reference>)]
    pub description: Option<String>,
    /// Whether events are sent.
    #[schema(example = true)]
    pub enabled: bool,
    /// Why the service disabled the webhook; `null` if it did not.
    pub disabled_reason: Option<DisabledReasonView>,
    /// The time since which every delivery has failed; `null` if the last attempt succeeded.
    pub failing_since: Option<DateTime<Utc>>,
    /// The new signing secret, only in the response that creates it; `null` in all other responses. Store it safely.
    #[schema(value_type = Option<shown::CodeName>)]
    pub signing_secret: Option<String>,
    /// When it was created.
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

impl Listed for Webhook {
    const PLURAL: &str = "webhooks";
}

/// A page of webhooks.
pub type WebhookPage = Page<Webhook>;

/// A webhook to create.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields, context = settings::Settings)]
#[schema(example = json!({"url": "https://hooks.contoso.example/teammate", "event_types": ["reseller.*", "user.created"], "description": "Order system"}))]
pub struct CreateWebhook {
    /// The URL to send events to: an `https` URL on the public internet, at most 2,000 characters. Malformed URLs are
    /// refused, not repaired. Answers show the encoded form, with the host in lower case.
    #[schema(required = true)]
    #[validate(required, custom(function = public, use_context))]
    url: field::WebhookUrl,
    /// The events to send. Each item is a type, `<subject>.*` for all types of a subject, or `*` for all events.
    #[schema(required = true)]
    #[validate(required)]
    event_types: field::EventTypes,
    /// A description for people, 1–255 characters.
    description: nullable::WebhookDescription,
    /// Whether events are sent. The default is `true`.
    #[schema(value_type = bool, example = true)]
    enabled: field::Flag,
}

impl From<Valid<CreateWebhook>> for Settings {
    fn from(request: Valid<CreateWebhook>) -> Self {
        let CreateWebhook { url, event_types, description, enabled } = request.into_inner();
        Self {
            target: url.required(),
            types: event_types.required(),
            description: description.given(),
            enabled: enabled.given().unwrap_or(true),
        }
    }
}

/// Changes to a webhook, as a merge patch.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields, context = settings::Settings)]
#[schema(example = json!({"url": "https://hooks.contoso.example/teammate", "event_types": ["reseller.*", "user.created"], "description": "Order system"}))]
pub struct PatchWebhook {
    /// The URL to send events to: an `https` URL on the public internet, at most 2,000 characters. Malformed URLs are
    /// refused, not repaired. Answers show the encoded form, with the host in lower case.
    #[validate(custom(function = public, use_context))]
    url: field::WebhookUrl,
    /// The events to send. Each item is a type, `<subject>.*` for all types of a subject, or `*` for all events.
    event_types: field::EventTypes,
    /// A description for people, 1–255 characters. `null` removes it.
    description: nullable::WebhookDescription,
    /// Whether events are sent.
    #[schema(value_type = bool, example = true)]
    enabled: field::Flag,
}

impl From<Valid<PatchWebhook>> for ChangeWebhook {
    fn from(request: Valid<PatchWebhook>) -> Self {
        let PatchWebhook { url, event_types, description, enabled } = request.into_inner();
        Self {
            target: url.given(),
            types: event_types.given(),
            description: description.change(),
            enabled: enabled.given(),
        }
    }
}

/// Refuses targets outside the public internet, unless the configuration allows private ones.
fn public(url: &field::WebhookUrl, settings: &settings::Settings) -> Result<(), ValidationError> {
    match url {
        Field::Given(target) if !settings.private_webhooks => {
            target.check_public().map_err(|fault| field_wrong("", fault))
        }
        _ => Ok(()),
    }
}

/// Selects the events to replay.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"since": "2026-11-24T00:00:00Z"}))]
pub struct ReplayEvents {
    /// Replay events at or after this time (RFC 3339), which must be within the last 30 days.
    #[schema(required = true)]
    #[validate(required)]
    since: field::Instant,
}

impl From<Valid<ReplayEvents>> for DateTime<Utc> {
    fn from(request: Valid<ReplayEvents>) -> Self {
        let ReplayEvents { since } = request.into_inner();
        since.required()
    }
}

/// The result of a replay.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"queued": 12}))]
pub struct Replayed {
    /// How many events were queued.
    #[schema(value_type = shown::ReplayedEvents)]
    pub queued: usize,
}

/// The state of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookDeliveryState)]
pub enum DeliveryStateView {
    /// Waiting for the first attempt.
    Queued,
    /// An attempt failed; another one is scheduled.
    Retrying,
    /// The receiver accepted it with a 2xx status.
    Delivered,
    /// Failed for good; you can redeliver it.
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

/// A delivery of one event to one webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"event_type": "reseller.created"}))]
pub struct WebhookDelivery {
    /// The id of the delivery.
    #[schema(example = "delivery_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The id of the event. It is the `webhook-id` header of every attempt.
    #[schema(example = "event_01h455vb4pex5vsknk084sn02q")]
    pub event_id: String,
    /// The type of the event.
    #[schema(value_type = shown::CodeName)]
    pub event_type: String,
    /// The state of the delivery.
    pub state: DeliveryStateView,
    /// Number of attempts since it was last queued.
    #[schema(example = 1)]
    pub attempts: i32,
    /// When the next attempt is due; `null` once the delivery has succeeded or failed for good.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it was first queued.
    pub created_at: DateTime<Utc>,
    /// When it succeeded or failed for good; `null` before that.
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

impl Listed for WebhookDelivery {
    const PLURAL: &str = "deliveries";
}

/// A page of deliveries.
pub type WebhookDeliveryPage = Page<WebhookDelivery>;

/// A delivery with its request body and the log of its attempts.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookDeliveryLog {
    /// The delivery.
    pub delivery: WebhookDelivery,
    /// The request body.
    #[schema(value_type = Object, example = json!({"type": "reseller.created", "timestamp": "2026-11-24T10:00:00Z", "data": {}}))]
    pub payload: Value,
    /// All attempts, oldest first.
    #[schema(value_type = Attempts)]
    pub log: Vec<WebhookAttempt>,
}

/// One attempt to send a delivery.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": 503, "answer": "Try again later.", "error": "the receiver answered 503"}))]
pub struct WebhookAttempt {
    /// When the attempt started.
    pub started_at: DateTime<Utc>,
    /// Duration in milliseconds.
    #[schema(example = 84)]
    pub milliseconds: i32,
    /// The request headers, except those that every HTTP request has.
    #[schema(value_type = Object, example = json!({"webhook-id": "event_01h455vb4pex5vsknk084sn02q", "webhook-timestamp": "1795514400"}))]
    pub request_headers: Value,
    /// The HTTP status of the response; `null` if there was none.
    #[schema(value_type = Option<shown::Status>)]
    pub status: Option<i32>,
    /// The response headers: the first 30, each truncated to 200 characters; `null` if there was no response.
    #[schema(value_type = Option<Object>, example = json!({"content-type": "text/plain"}))]
    pub answer_headers: Option<Value>,
    /// The response body, truncated to 4 KiB; `null` if there was no response.
    #[schema(value_type = Option<shown::ReceiverAnswer>)]
    pub answer: Option<String>,
    /// Why the attempt failed; `null` if it succeeded.
    #[schema(value_type = Option<shown::AttemptError>)]
    pub error: Option<String>,
}

impl WebhookDeliveryLog {
    /// Builds the view of a delivery and its attempts.
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

/// Parses a single event type; `None` for a pattern with `*` or for a text that is no type.
#[must_use]
pub fn is_type(text: &str) -> Option<String> {
    TypePattern::parse(text).filter(|_| !text.contains('*')).map(|types| types.as_str().to_owned())
}

type Attempts = shown::Many<WebhookAttempt, 0, { limits::ATTEMPTS_SHOWN_MAX }>;
