//! The fields that `before` and `after` of events can have, by type of subject. The document shows them, recorded
//! events are checked against them, and SIP data is hidden with them.

use domain::limits::{SBC_REGIONS_MAX, WEBHOOK_URL_MAX};
use serde_json::{Map, Value, json};

/// A field of `before` and `after`.
#[derive(Debug, Clone, Copy)]
struct Field {
    name: &'static str,
    kind: Kind,
    summary: &'static str,
    /// Shown only to readers who may see SIP data (R10).
    sip: bool,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Texts,
    Number,
    Flag,
    Instant,
}

const fn field(name: &'static str, kind: Kind, summary: &'static str) -> Field {
    Field { name, kind, summary, sip: false }
}

const fn sip(name: &'static str, kind: Kind, summary: &'static str) -> Field {
    Field { name, kind, summary, sip: true }
}

use Kind::{Flag, Instant, Number, Text, Texts};

const ACCOUNT: &[Field] = &[
    field("name", Text, "Its name."),
    field("email", Text, "Its e-mail address."),
    field("services", Texts, "Its services."),
    field("billing_reference", Text, "Its reference in the parent's billing system."),
    field("status", Text, "Its status."),
    field("owner", Text, "The id of the member who activated the account."),
    field("master_reseller_id", Text, "The id of the master reseller above it."),
    field("reseller_id", Text, "The id of the reseller above it."),
    field("role", Text, "The role of the first member."),
    field("require_second_factor", Flag, "Whether its members must have a second factor."),
];

const ENTERPRISE: &[Field] = &[
    field("country", Text, "Its country."),
    field("sbc_regions", Texts, "Its SBC regions."),
    field("user_limit", Number, "The maximum number of users."),
    field("pbx_music_on_hold", Flag, "Whether its PBXs play music on hold."),
    field("access_sip_data", Flag, "Whether the enterprise can read SIP data."),
    field("request_management_consent", Flag, "Whether the enterprise is asked to consent to being managed."),
    field("can_add_extensions", Flag, "Whether the enterprise can add users itself."),
    field("allow_external_numbers", Flag, "Whether users of PBXs can have phone numbers."),
    field("users", Number, "How many users are to get their number and policy in Teams."),
    field("replaces", Flag, "Whether another number or policy that they have in Teams is taken away for it."),
];

const DIRECT_ROUTING: &[Field] = &[
    field("region", Text, "The SBC region of the route."),
    field("state", Text, "The state of the route."),
    field("verification_txt", Text, "The TXT record that verifies its domain."),
    field("anchor_user", Text, "How far its anchor user has got: `created`, `licensed` or `known`."),
    field("licence_held", Flag, "Whether its anchor user has a licence that the service gave it."),
    field("tenant", Text, "The Microsoft 365 tenant."),
    field("domain", Text, "Its domain."),
    field("failure", Text, "Why the route failed."),
    field("last_error", Text, "The error of the last attempt."),
    field("given", Flag, "Whether the enterprise consents to having its routes managed by the accounts above it."),
];

const PBX: &[Field] = &[
    field("type", Text, "The type of the PBX."),
    field("location", Text, "The location of the PBX."),
    sip("sip_domain", Text, "Its SIP domain."),
    sip("outbound_proxy", Text, "Its outbound proxy."),
    sip("transport", Text, "The SIP transport protocol."),
    sip("port", Number, "The SIP port."),
    sip("dns_lookup", Text, "How the SIP domain is resolved."),
    sip("registration_expiry_seconds", Number, "The registration expiry, in seconds."),
    field("voicemail_feature_code", Text, "The feature code for voicemail."),
];

const TRUNK: &[Field] = &[
    field("name", Text, "Its name."),
    sip("host", Text, "The host name or address of the remote side."),
    sip("port", Number, "The SIP port of the remote side."),
    sip("transport", Text, "The SIP transport protocol."),
    sip("authentication", Text, "The authentication method."),
    sip("addresses", Texts, "The networks from which calls are accepted."),
    sip("user_name", Text, "The user name of the registration."),
    field("has_password", Flag, "Whether it has a password."),
    field("password", Text, "`changed` if it was changed; the value is never shown."),
    sip("codecs", Texts, "The audio codecs."),
    field("max_concurrent_calls", Number, "The maximum number of concurrent calls."),
];

const USER: &[Field] = &[
    field("teams_user", Text, "The Teams user."),
    field("pbx_id", Text, "The id of the PBX that the user is assigned to."),
    field("trunk_id", Text, "The id of the trunk that the user is assigned to."),
    sip("sip_user", Text, "Its SIP user."),
    sip("auth_id", Text, "The SIP authentication ID."),
    field("has_password", Flag, "Whether it has a password."),
    field("password", Text, "`changed` if it was changed; the value is never shown."),
    field("default_number", Text, "The default phone number."),
    field("forwarded_numbers", Texts, "The forwarded phone numbers."),
    field("voice_route", Text, "The SBC region of the user's route."),
    field("tag", Text, "The free-text tag."),
    field("teams_state", Text, "How far the user has come in Teams."),
    field("teams_number", Text, "The number that the service gave it in Teams, or is about to give it."),
    field("teams_policy", Text, "The voice routing policy that the service gave it in Teams, or is about to give it."),
    field("teams_found_number", Text, "The number that it has in Teams instead."),
    field("teams_found_policy", Text, "The voice routing policy that it has in Teams instead."),
    field("teams_failure", Text, "What went wrong in Teams."),
    field("teams_failure_detail", Text, "What went wrong in Teams, in plain English."),
];

const SUPPORT_TICKET: &[Field] = &[
    field("partner_company_name", Text, "The partner's name."),
    field("email", Text, "The e-mail address of the person who filed the ticket."),
    field("status", Text, "The status of the ticket."),
];

const MOVE: &[Field] = &[
    field("account_id", Text, "The id of the account to move."),
    field("account_name", Text, "The name of the account."),
    field("status", Text, "The status of the move."),
    field("expires_at", Instant, "When the move expires if it is not decided."),
];

const MEMBER: &[Field] = &[
    field("email", Text, "Its e-mail address."),
    field("role", Text, "Its role."),
    field("name", Text, "The member's display name."),
    field("language", Text, "The member's preferred language: `en` or `de`."),
];

const CLIENT: &[Field] = &[
    field("name", Text, "Its name."),
    field("role", Text, "Its role."),
    field("expires_at", Instant, "When the API client expires."),
    field("allowed_networks", Texts, "The networks from which the API client may call."),
    field("secret", Text, "`changed` if it was changed; the value is never shown."),
    field("previous_secret_expires_in", Number, "For how many seconds the previous secret still works."),
];

const WEBHOOK: &[Field] = &[
    field("url", Text, "The URL to which events are sent."),
    field("event_types", Texts, "The types of events to send."),
    field("description", Text, "The description."),
    field("enabled", Flag, "Whether the webhook is enabled."),
    field("disabled_reason", Text, "Why the service disabled the webhook."),
    field("secret", Text, "`changed` if it was changed; the value is never shown."),
    field(
        "previous_secret_expires_in",
        Number,
        "For how many seconds deliveries are also signed with the previous secret.",
    ),
    field("since", Instant, "The instant from which events are sent again."),
    field("queued", Number, "The number of events to send again."),
];

const BILLING_REPORT: &[Field] =
    &[field("status", Text, "`open` or `final`."), field("sha256", Text, "The checksum of the final CSV.")];

const BILLING_ADJUSTMENT: &[Field] = &[
    field("id", Text, "The id of the adjustment."),
    field("period", Text, "The period in which the adjustment is booked."),
    field("amends", Text, "The report line that the adjustment amends."),
    field("reseller_id", Text, "The id of the line's reseller."),
    field("enterprise_id", Text, "The id of the line's enterprise."),
    field("service", Text, "The line's service."),
    field("users_at_end", Number, "The amount added to this number of the line; may be negative."),
    field("users_peak", Number, "The amount added to this number of the line; may be negative."),
    field("user_days", Number, "The amount added to this number of the line; may be negative."),
    field("active_days", Number, "The amount added to this number of the line; may be negative."),
    field("suspended_days", Number, "The amount added to this number of the line; may be negative."),
    field("reason", Text, "The reason for the adjustment."),
    field("created_at", Instant, "When the adjustment was booked."),
];

fn fields(subject: &str) -> [&'static [Field]; 2] {
    match subject {
        "platform" | "master_reseller" | "reseller" => [ACCOUNT, &[]],
        "enterprise" => [ACCOUNT, ENTERPRISE],
        "direct_routing" => [DIRECT_ROUTING, &[]],
        "pbx" => [PBX, &[]],
        "trunk" => [TRUNK, &[]],
        "user" => [USER, &[]],
        "support_ticket" => [SUPPORT_TICKET, &[]],
        "move" => [MOVE, &[]],
        "member" => [MEMBER, &[]],
        "client" => [CLIENT, &[]],
        "webhook" => [WEBHOOK, &[]],
        "billing_report" => [BILLING_REPORT, &[]],
        "billing_adjustment" => [BILLING_ADJUSTMENT, &[]],
        _ => [&[], &[]],
    }
}

/// Whether all fields of an event's `before` or `after` are documented.
#[must_use]
pub fn are_documented(subject: &str, shown: &Value) -> bool {
    let known = |name: &String| fields(subject).concat().iter().any(|field| field.name == name);
    shown.as_object().is_none_or(|shown| shown.keys().all(known))
}

/// Removes the fields that only readers with access to SIP data may see.
pub fn hide_sip_data(subject: &str, shown: &mut Value) {
    let Some(shown) = shown.as_object_mut() else { return };
    for field in fields(subject).concat().iter().filter(|field| field.sip) {
        shown.remove(field.name);
    }
}

/// The schema of `before` and `after` for a type of subject.
#[must_use]
pub fn schema(subject: &str) -> Value {
    let properties: Map<String, Value> = fields(subject)
        .concat()
        .iter()
        .map(|Field { name, kind, summary, sip }| {
            let hidden = if *sip { " Enterprises see it only if `access_sip_data` is on." } else { "" };
            let description = format!("{summary}{hidden}");
            let schema = match kind {
                Text => json!({"type": ["string", "null"], "description": description, "maxLength": WEBHOOK_URL_MAX}),
                Instant => json!({"type": ["string", "null"], "format": "date-time", "description": description}),
                Number => json!({"type": ["integer", "null"], "format": "int64", "description": description}),
                Flag => json!({"type": ["boolean", "null"], "description": description}),
                Texts => json!({
                    "type": "array",
                    "items": {"type": "string", "maxLength": WEBHOOK_URL_MAX},
                    "maxItems": SBC_REGIONS_MAX,
                    "description": description,
                }),
            };
            ((*name).to_owned(), schema)
        })
        .collect();
    let description = "The fields that changed. Unchanged fields are left out.";
    json!({"type": "object", "description": description, "properties": properties})
}
