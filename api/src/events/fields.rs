//! The members that `before` and `after` of events can have, by what the events happened to: what the document shows of them, what
//! only those see who see SIP data, and what every recorded event is held to.

use domain::limits::{SBC_REGIONS_MAX, WEBHOOK_URL_MAX};
use serde_json::{Map, Value, json};

/// A member.
#[derive(Debug, Clone, Copy)]
struct Field {
    name: &'static str,
    kind: Kind,
    summary: &'static str,
    /// Only for those who see how an enterprise's equipment speaks SIP (R10).
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
    field("billing_reference", Text, "What it is called in its parent's billing system."),
    field("status", Text, "Its status."),
    field("owner", Text, "The id of the member who activated it."),
    field("master_reseller_id", Text, "The master reseller that it is below."),
    field("reseller_id", Text, "The reseller that it is below."),
    field("role", Text, "The role of the first member."),
    field("require_second_factor", Flag, "Whether its members need a second factor."),
];

const ENTERPRISE: &[Field] = &[
    field("country", Text, "Its country."),
    field("sbc_regions", Texts, "Its SBC regions."),
    field("user_limit", Number, "How many users it may have."),
    field("pbx_music_on_hold", Flag, "Whether its PBXs play music on hold."),
    field("access_sip_data", Flag, "Whether it sees SIP data."),
    field("request_management_consent", Flag, "Whether it is asked for its consent."),
    field("can_add_extensions", Flag, "Whether it adds users itself."),
    field("allow_external_numbers", Flag, "Whether users of PBXs may have numbers."),
];

const DIRECT_ROUTING: &[Field] = &[
    field("region", Text, "The SBC region of the route."),
    field("state", Text, "Where the route stands."),
    field("verification_txt", Text, "The TXT record that verifies its domain."),
    field("tenant", Text, "The Microsoft 365 tenant."),
    field("domain", Text, "Its domain."),
    field("failure", Text, "Why it failed."),
    field("last_error", Text, "What went wrong at the last attempt."),
    field("given", Flag, "Whether the enterprise consents to being managed."),
];

const PBX: &[Field] = &[
    field("type", Text, "What kind of PBX it is."),
    field("location", Text, "Where it is."),
    sip("sip_domain", Text, "Its SIP domain."),
    sip("outbound_proxy", Text, "Its outbound proxy."),
    sip("transport", Text, "How SIP messages travel."),
    sip("port", Number, "Where SIP is spoken."),
    sip("dns_lookup", Text, "How its domain is looked up."),
    sip("registration_expiry_seconds", Number, "For how long its phones register."),
    field("voicemail_feature_code", Text, "The code for voicemail."),
];

const TRUNK: &[Field] = &[
    field("name", Text, "What people call it."),
    sip("host", Text, "Its other end."),
    sip("port", Number, "Where SIP is spoken there."),
    sip("transport", Text, "How SIP messages travel."),
    sip("authentication", Text, "How it proves who it is."),
    sip("addresses", Texts, "Where it calls from."),
    sip("user_name", Text, "The name that it registers with."),
    field("has_password", Flag, "Whether it has a password."),
    field("password", Text, "`changed`, if it was."),
    sip("codecs", Texts, "How speech is encoded."),
    field("max_concurrent_calls", Number, "Most calls at a time."),
];

const USER: &[Field] = &[
    field("teams_user", Text, "The Teams user."),
    field("pbx_id", Text, "The PBX that it is assigned to."),
    field("trunk_id", Text, "The trunk that it is assigned to."),
    sip("sip_user", Text, "Its SIP user."),
    sip("auth_id", Text, "By what its phone says who it is."),
    field("has_password", Flag, "Whether it has a password."),
    field("password", Text, "`changed`, if it was."),
    field("default_number", Text, "Its number."),
    field("forwarded_numbers", Texts, "Its further numbers."),
    field("voice_route", Text, "The region of its route."),
    field("tag", Text, "Any words about it."),
];

const SUPPORT_TICKET: &[Field] = &[
    field("partner_company_name", Text, "The partner's name."),
    field("email", Text, "Who asked."),
    field("status", Text, "Where it stands."),
];

const MOVE: &[Field] = &[
    field("account_id", Text, "The account."),
    field("account_name", Text, "Its name."),
    field("status", Text, "Where the move stands."),
    field("expires_at", Instant, "Until when it is to be decided."),
];

const MEMBER: &[Field] = &[field("email", Text, "Its e-mail address."), field("role", Text, "What it may do.")];

const CLIENT: &[Field] = &[
    field("name", Text, "What people call it."),
    field("role", Text, "What it may do."),
    field("expires_at", Instant, "Until when it works."),
    field("allowed_networks", Texts, "From where."),
    field("secret", Text, "`changed`, if it was."),
    field("previous_secret_expires_in", Number, "For how many seconds the secret before goes on working."),
];

const WEBHOOK: &[Field] = &[
    field("url", Text, "Where events are sent."),
    field("event_types", Texts, "Which."),
    field("description", Text, "What people say of it."),
    field("enabled", Flag, "Whether anything is sent."),
    field("disabled_reason", Text, "Why the service stopped sending."),
    field("secret", Text, "`changed`, if it was."),
    field("previous_secret_expires_in", Number, "For how many seconds the secret before signs, too."),
    field("since", Instant, "From when on events are sent again."),
    field("queued", Number, "How many."),
];

const BILLING_REPORT: &[Field] =
    &[field("status", Text, "`open` or `final`."), field("sha256", Text, "The checksum of the final CSV.")];

const BILLING_ADJUSTMENT: &[Field] = &[
    field("id", Text, "The id of the correction."),
    field("period", Text, "The period that it is booked in."),
    field("amends", Text, "The line that it amends."),
    field("reseller_id", Text, "The reseller of the line."),
    field("enterprise_id", Text, "The enterprise of the line."),
    field("service", Text, "The service of the line."),
    field("users_at_end", Number, "What is added to the number."),
    field("users_peak", Number, "What is added to the number."),
    field("user_days", Number, "What is added to the number."),
    field("active_days", Number, "What is added to the number."),
    field("suspended_days", Number, "What is added to the number."),
    field("reason", Text, "Why."),
    field("created_at", Instant, "When it was booked."),
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

/// Whether `before` or `after` of an event has no member that the document does not show.
#[must_use]
pub fn are_documented(subject: &str, shown: &Value) -> bool {
    let known = |name: &String| fields(subject).concat().iter().any(|field| field.name == name);
    shown.as_object().is_none_or(|shown| shown.keys().all(known))
}

/// Takes away what only those see who see SIP data.
pub fn hide_sip_data(subject: &str, shown: &mut Value) {
    let Some(shown) = shown.as_object_mut() else { return };
    for field in fields(subject).concat().iter().filter(|field| field.sip) {
        shown.remove(field.name);
    }
}

/// The schema of `before` and `after` of events of a subject.
#[must_use]
pub fn schema(subject: &str) -> Value {
    let properties: Map<String, Value> = fields(subject)
        .concat()
        .iter()
        .map(|Field { name, kind, summary, sip }| {
            let hidden = if *sip { " Enterprises see it where `access_sip_data` is on." } else { "" };
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
    json!({"type": "object", "description": "The members that changed; those that did not are left out.", "properties": properties})
}
