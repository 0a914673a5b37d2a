//! Webhooks and their deliveries on the wire.

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
use crate::http::field::{self, Field, Unknown};
use crate::http::page::{Listed, Page};
use crate::http::validation::member_wrong;
use crate::http::{Valid, nullable};
use crate::settings;
use crate::shown;

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
#[schema(example = json!({"url": "https://hooks.contoso.example/teammate", "event_types": ["reseller.*", "user.created"], "description": "Order system", "signing_secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD0PxIKmq1IIE="}))]
pub struct Webhook {
    /// Its id.
    #[schema(example = "webhook_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// Where events are sent, by POST.
    #[schema(value_type = field::WebhookUrl)]
    pub url: String,
    /// Which events: types, `<subject>.*` for all of a subject, or `*` for all.
    #[schema(value_type = field::EventTypes)]
    pub event_types: Vec<String>,
    /// What people say of it.
    #[schema(value_type = Option<shown::Reference>)]
    pub description: Option<String>,
    /// Whether anything is sent.
    #[schema(example = true)]
    pub enabled: bool,
    /// Why the service has stopped sending, if it has by itself.
    pub disabled_reason: Option<DisabledReasonView>,
    /// Since when nothing was taken, if the last attempt failed.
    pub failing_since: Option<DateTime<Utc>>,
    /// Its new signing secret, only in the answer that makes it: keep it where programs keep secrets. `null` everywhere else.
    #[schema(value_type = Option<shown::CodeName>)]
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

impl Listed for Webhook {
    const PLURAL: &str = "webhooks";
}

/// A page of webhooks.
pub type WebhookPage = Page<Webhook>;

/// A webhook to be made.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields, context = settings::Settings)]
#[schema(example = json!({"url": "https://hooks.contoso.example/teammate", "event_types": ["reseller.*", "user.created"], "description": "Order system"}))]
pub struct CreateWebhook {
    /// Where events are sent: an `https` URL of the public internet, of at most 2,000 characters.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required, custom(function = public, use_context))]
    url: field::WebhookUrl,
    /// Which events: types, `<subject>.*` for all of a subject, or `*` for all.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    event_types: field::EventTypes,
    /// What people say of it: 1–255 characters.
    #[serde(default)]
    description: nullable::WebhookDescription,
    /// Whether anything is sent. If left out, it is.
    #[serde(default)]
    #[schema(value_type = bool, example = true)]
    enabled: field::Flag,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<CreateWebhook>> for Settings {
    fn from(request: Valid<CreateWebhook>) -> Self {
        let CreateWebhook { url, event_types, description, enabled, unknown: _ } = request.into_inner();
        Self {
            target: url.required(),
            types: event_types.required(),
            description: description.given(),
            enabled: enabled.given().unwrap_or(true),
        }
    }
}

/// Changes of a webhook: a merge patch.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields, context = settings::Settings)]
#[schema(example = json!({"url": "https://hooks.contoso.example/teammate", "event_types": ["reseller.*", "user.created"], "description": "Order system"}))]
pub struct PatchWebhook {
    /// Where events are sent: an `https` URL of the public internet, of at most 2,000 characters.
    #[serde(default)]
    #[validate(custom(function = public, use_context))]
    url: field::WebhookUrl,
    /// Which events: types, `<subject>.*` for all of a subject, or `*` for all.
    #[serde(default)]
    event_types: field::EventTypes,
    /// What people say of it: 1–255 characters. `null` takes it away.
    #[serde(default)]
    description: nullable::WebhookDescription,
    /// Whether anything is sent.
    #[serde(default)]
    #[schema(value_type = bool, example = true)]
    enabled: field::Flag,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<PatchWebhook>> for ChangeWebhook {
    fn from(request: Valid<PatchWebhook>) -> Self {
        let PatchWebhook { url, event_types, description, enabled, unknown: _ } = request.into_inner();
        Self {
            target: url.given(),
            types: event_types.given(),
            description: description.change(),
            enabled: enabled.given(),
        }
    }
}

/// Events go to the public internet, unless it is configured otherwise.
fn public(url: &field::WebhookUrl, settings: &settings::Settings) -> Result<(), ValidationError> {
    match url {
        Field::Given(target) if !settings.private_webhooks => {
            target.check_public().map_err(|fault| member_wrong("", fault))
        }
        _ => Ok(()),
    }
}

/// Which events are to be sent again.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"since": "2026-11-24T00:00:00Z"}))]
pub struct ReplayEvents {
    /// What has happened at this instant or later, of the last 30 days (RFC 3339).
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    since: field::Instant,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<ReplayEvents>> for DateTime<Utc> {
    fn from(request: Valid<ReplayEvents>) -> Self {
        let ReplayEvents { since, unknown: _ } = request.into_inner();
        since.required()
    }
}

/// What will be sent again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"queued": 12}))]
pub struct Replayed {
    /// How many events.
    #[schema(value_type = shown::ReplayedEvents)]
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
#[schema(example = json!({"event_type": "reseller.created"}))]
pub struct WebhookDelivery {
    /// Its id.
    #[schema(example = "delivery_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The id of the event, which is the `webhook-id` of every attempt.
    #[schema(example = "event_01h455vb4pex5vsknk084sn02q")]
    pub event_id: String,
    /// The type of the event.
    #[schema(value_type = shown::CodeName)]
    pub event_type: String,
    /// How far it has come.
    pub state: DeliveryStateView,
    /// Attempts since it was last queued.
    #[schema(example = 1)]
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

impl Listed for WebhookDelivery {
    const PLURAL: &str = "deliveries";
}

/// A page of deliveries.
pub type WebhookDeliveryPage = Page<WebhookDelivery>;

/// A delivery with what was sent and what came back.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookDeliveryLog {
    /// The delivery.
    pub delivery: WebhookDelivery,
    /// The body that is sent.
    #[schema(value_type = Object, example = json!({"type": "reseller.created", "timestamp": "2026-11-24T10:00:00Z", "data": {}}))]
    pub payload: Value,
    /// Every attempt, oldest first.
    #[schema(value_type = Attempts)]
    pub log: Vec<WebhookAttempt>,
}

/// An attempt to deliver.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": 503, "answer": "Try again later.", "error": "the receiver answered 503"}))]
pub struct WebhookAttempt {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How many milliseconds it took.
    #[schema(example = 84)]
    pub milliseconds: i32,
    /// The headers that were sent, beside those of every request.
    #[schema(value_type = Object, example = json!({"webhook-id": "event_01h455vb4pex5vsknk084sn02q", "webhook-timestamp": "1795514400"}))]
    pub request_headers: Value,
    /// The status of the answer; `null` without one.
    #[schema(value_type = Option<shown::Status>)]
    pub status: Option<i32>,
    /// The headers of the answer: the first 30, each cut to 200 characters; `null` without an answer.
    #[schema(value_type = Option<Object>, example = json!({"content-type": "text/plain"}))]
    pub answer_headers: Option<Value>,
    /// The body of the answer, cut to 4 KiB; `null` without an answer.
    #[schema(value_type = Option<shown::ReceiverAnswer>)]
    pub answer: Option<String>,
    /// Why it failed; `null` when the receiver took it.
    #[schema(value_type = Option<shown::AttemptError>)]
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

/// The attempts of a delivery.
type Attempts = shown::Many<WebhookAttempt, 0, { limits::ATTEMPTS_SHOWN_MAX }>;
