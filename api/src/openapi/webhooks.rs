//! The `webhooks` of the document: one operation per event type, with the schema of its message.

use domain::event::{EventType, TYPES};
use domain::limits::WEBHOOK_HEADER_MAX;
use serde_json::{Value, json};
use utoipa::openapi::path::{OperationBuilder, PathItem, PathsBuilder};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{HttpMethod, OpenApi, RefOr, Schema};

use crate::events::fields;

/// Adds the webhook operations and their schemas.
pub(super) fn add(document: &mut OpenApi) {
    let mut paths = PathsBuilder::new();
    for kind in TYPES {
        paths = paths.path(kind.name, PathItem::new(HttpMethod::Post, operation(kind)));
    }
    document.webhooks = Some(paths.build());
    let Some(components) = &mut document.components else { return };
    let mut subjects: Vec<_> = TYPES.iter().map(EventType::subject).collect();
    subjects.dedup();
    let event = components.schemas.get("Event").and_then(|event| serde_json::to_value(event).ok()).unwrap_or_default();
    for subject in subjects {
        components.schemas.insert(format!("{}Changes", name(subject)), read(fields::schema(subject)));
        components.schemas.insert(format!("{}Event", name(subject)), read(event_of(subject, event.clone())));
    }
}

fn operation(kind: &EventType) -> OperationBuilder {
    let body = json!({
        "required": true,
        "content": {"application/json": {"schema": message(kind), "example": example(kind)}},
    });
    let header = |name: &str, description: &str, example: &str| {
        json!({
            "name": name, "in": "header", "required": true, "description": description, "example": example,
            "schema": {"type": "string", "maxLength": WEBHOOK_HEADER_MAX},
        })
    };
    let parameters = [
        header(
            "webhook-id",
            "The id of the event. It is the same in every attempt.",
            "event_01h455vb4pex5vsknk084sn02q",
        ),
        header("webhook-timestamp", "When this attempt was made, in seconds since 1970.", "1795514400"),
        header(
            "webhook-signature",
            "`v1,` followed by the Base64-encoded HMAC-SHA256 of `webhook-id`, `webhook-timestamp` and body, joined \
             by full stops. One signature per valid secret, separated by spaces.",
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
    ];
    let mut builder = OperationBuilder::new()
        .tag("Webhooks")
        .operation_id(Some(format!("on_{}", kind.name.replace('.', "_"))))
        .summary(Some(kind.summary.trim_end_matches('.')))
        .description(Some(
            "Sent to webhooks that subscribe to this event type. Check the signature, respond with 2xx within 15 \
             seconds, and process the event afterwards. After any other response, the delivery is retried for three \
             days, no sooner than `Retry-After` says. 410 disables the webhook.",
        ))
        // The receiver authenticates the request by its signature.
        .security(SecurityRequirement::default())
        .request_body(serde_json::from_value::<RequestBody>(body).ok());
    for parameter in parameters {
        if let Ok(parameter) = serde_json::from_value::<utoipa::openapi::path::Parameter>(parameter) {
            builder = builder.parameter(parameter);
        }
    }
    builder
        .response("2XX", utoipa::openapi::Response::new("The event was accepted."))
        .response("410", utoipa::openapi::Response::new("The receiver is gone. The service disables the webhook."))
}

/// The schema of the request body, see [`crate::events::fan_out::Message`].
fn message(kind: &EventType) -> Value {
    let event = format!("#/components/schemas/{}Event", name(kind.subject()));
    json!({
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"type": "string", "enum": [kind.name], "description": "The event type."},
            "timestamp": {"type": "string", "format": "date-time", "description": "When the event happened."},
            "data": {"$ref": event},
        },
    })
}

/// The schema of an event about a type of subject: that of every event, with the changes that it can have.
fn event_of(subject: &str, mut event: Value) -> Value {
    event["description"] =
        format!("An event of type `{subject}.*`, as `GET /events/{{event_id}}` shows it to you.").into();
    for (member, when) in [("before", "old"), ("after", "new")] {
        event["properties"][member] = json!({
            "description": format!("The changed fields with their {when} values."),
            "oneOf": [{"type": "null"}, {"$ref": format!("#/components/schemas/{}Changes", name(subject))}],
        });
    }
    event
}

fn example(kind: &EventType) -> Value {
    let subject = kind.subject();
    let id = match subject {
        "direct_routing" => "enterprise_01h455vb4pex5vsknk084sn02q".to_owned(),
        "billing_report" => "2026-10".to_owned(),
        "support_ticket" => "ticket_01h455vb4pex5vsknk084sn02q".to_owned(),
        "billing_adjustment" => "adjustment_01h455vb4pex5vsknk084sn02q".to_owned(),
        subject => format!("{subject}_01h455vb4pex5vsknk084sn02q"),
    };
    json!({
        "type": kind.name,
        "timestamp": "2026-11-24T10:00:00Z",
        "data": {
            "id": "event_01h455vb4pex5vsknk084sn02q",
            "type": kind.name,
            "occurred_at": "2026-11-24T10:00:00Z",
            "account_id": "reseller_01h455vb4pex5vsknk084sn02q",
            "subject_type": subject,
            "subject_id": id,
            "actor": {"type": "member", "id": "member_01h455vb4pex5vsknk084sn02q", "account_type": "master_reseller"},
            "before": null,
            "after": null,
            "request_id": "req_01h455vb4pex5vsknk084sn02q",
            "client_request_id": null,
            "source_address": "192.0.2.10",
        },
    })
}

/// The schema name for a type of subject, such as `MasterReseller`.
fn name(subject: &str) -> String {
    let words = subject.split('_').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    words.collect()
}

fn read(schema: Value) -> RefOr<Schema> {
    serde_json::from_value(schema).expect("the schema of a table of ours is a schema")
}
