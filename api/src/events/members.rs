//! The members that `before` and `after` of events can have, by what the events happened to: what the document shows of them, what
//! only those see who see SIP data, and what every recorded event is held to.

use domain::limits::{SBC_REGIONS_MAX, WEBHOOK_URL_MAX};
use serde_json::{Map, Value, json};

/// A member.
#[derive(Debug, Clone, Copy)]
struct Member {
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

const fn member(name: &'static str, kind: Kind, summary: &'static str) -> Member {
    Member { name, kind, summary, sip: false }
}

const fn sip(name: &'static str, kind: Kind, summary: &'static str) -> Member {
    Member { name, kind, summary, sip: true }
}

use Kind::{Flag, Instant, Number, Text, Texts};

const ACCOUNT: &[Member] = &[
    member("name", Text, "Its name."),
    member("email", Text, "Its e-mail address."),
    member("services", Texts, "Its services."),
    member("billing_reference", Text, "What it is called in its parent's billing system."),
    member("status", Text, "Its status."),
    member("owner", Text, "The id of the member who activated it."),
    member("master_reseller_id", Text, "The master reseller that it is below."),
    member("reseller_id", Text, "The reseller that it is below."),
    member("role", Text, "The role of the first member."),
    member("require_second_factor", Flag, "Whether its members need a second factor."),
];

const ENTERPRISE: &[Member] = &[
    member("country", Text, "Its country."),
    member("sbc_regions", Texts, "Its SBC regions."),
    member("user_limit", Number, "How many users it may have."),
    member("pbx_music_on_hold", Flag, "Whether its PBXs play music on hold."),
    member("access_sip_data", Flag, "Whether it sees SIP data."),
    member("request_management_consent", Flag, "Whether it is asked for its consent."),
    member("can_add_extensions", Flag, "Whether it adds users itself."),
    member("allow_external_numbers", Flag, "Whether users of PBXs may have numbers."),
];

const DIRECT_ROUTING: &[Member] = &[
    member("region", Text, "The SBC region of the route."),
    member("state", Text, "Where the route stands."),
    member("verification_txt", Text, "The TXT record that verifies its domain."),
    member("tenant", Text, "The Microsoft 365 tenant."),
    member("domain", Text, "Its domain."),
    member("failure", Text, "Why it failed."),
    member("last_error", Text, "What went wrong at the last attempt."),
    member("given", Flag, "Whether the enterprise consents to being managed."),
];

const PBX: &[Member] = &[
    member("type", Text, "What kind of PBX it is."),
    member("location", Text, "Where it is."),
    sip("sip_domain", Text, "Its SIP domain."),
    sip("outbound_proxy", Text, "Its outbound proxy."),
    sip("transport", Text, "How SIP messages travel."),
    sip("port", Number, "Where SIP is spoken."),
    sip("dns_lookup", Text, "How its domain is looked up."),
    sip("registration_expiry_seconds", Number, "For how long its phones register."),
    member("voicemail_feature_code", Text, "The code for voicemail."),
];

const TRUNK: &[Member] = &[
    member("name", Text, "What people call it."),
    sip("host", Text, "Its other end."),
    sip("port", Number, "Where SIP is spoken there."),
    sip("transport", Text, "How SIP messages travel."),
    sip("authentication", Text, "How it proves who it is."),
    sip("addresses", Texts, "Where it calls from."),
    sip("user_name", Text, "The name that it registers with."),
    member("has_password", Flag, "Whether it has a password."),
    member("password", Text, "`changed`, if it was."),
    sip("codecs", Texts, "How speech is encoded."),
    member("max_concurrent_calls", Number, "Most calls at a time."),
];

const USER: &[Member] = &[
    member("teams_user", Text, "The Teams user."),
    member("pbx_id", Text, "The PBX that it is assigned to."),
    member("trunk_id", Text, "The trunk that it is assigned to."),
    sip("sip_user", Text, "Its SIP user."),
    sip("auth_id", Text, "By what its phone says who it is."),
    member("has_password", Flag, "Whether it has a password."),
    member("password", Text, "`changed`, if it was."),
    member("default_number", Text, "Its number."),
    member("forwarded_numbers", Texts, "Its further numbers."),
    member("voice_route", Text, "The region of its route."),
    member("tag", Text, "Any words about it."),
];

const SUPPORT_TICKET: &[Member] = &[
    member("partner_company_name", Text, "The partner's name."),
    member("email", Text, "Who asked."),
    member("status", Text, "Where it stands."),
];

const MOVE: &[Member] = &[
    member("account_id", Text, "The account."),
    member("account_name", Text, "Its name."),
    member("status", Text, "Where the move stands."),
    member("expires_at", Instant, "Until when it is to be decided."),
];

const MEMBER: &[Member] = &[member("email", Text, "Its e-mail address."), member("role", Text, "What it may do.")];

const CLIENT: &[Member] = &[
    member("name", Text, "What people call it."),
    member("role", Text, "What it may do."),
    member("expires_at", Instant, "Until when it works."),
    member("allowed_networks", Texts, "From where."),
    member("secret", Text, "`changed`, if it was."),
    member("previous_secret_expires_in", Number, "For how many seconds the secret before goes on working."),
];

const WEBHOOK: &[Member] = &[
    member("url", Text, "Where events are sent."),
    member("event_types", Texts, "Which."),
    member("description", Text, "What people say of it."),
    member("enabled", Flag, "Whether anything is sent."),
    member("disabled_reason", Text, "Why the service stopped sending."),
    member("secret", Text, "`changed`, if it was."),
    member("previous_secret_expires_in", Number, "For how many seconds the secret before signs, too."),
    member("since", Instant, "From when on events are sent again."),
    member("queued", Number, "How many."),
];

const BILLING_REPORT: &[Member] =
    &[member("status", Text, "`open` or `final`."), member("sha256", Text, "The checksum of the final CSV.")];

const BILLING_ADJUSTMENT: &[Member] = &[
    member("id", Text, "The id of the correction."),
    member("period", Text, "The period that it is booked in."),
    member("amends", Text, "The line that it amends."),
    member("reseller_id", Text, "The reseller of the line."),
    member("enterprise_id", Text, "The enterprise of the line."),
    member("service", Text, "The service of the line."),
    member("users_at_end", Number, "What is added to the number."),
    member("users_peak", Number, "What is added to the number."),
    member("user_days", Number, "What is added to the number."),
    member("active_days", Number, "What is added to the number."),
    member("suspended_days", Number, "What is added to the number."),
    member("reason", Text, "Why."),
    member("created_at", Instant, "When it was booked."),
];

fn members(subject: &str) -> [&'static [Member]; 2] {
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
    let known = |name: &String| members(subject).concat().iter().any(|member| member.name == name);
    shown.as_object().is_none_or(|shown| shown.keys().all(known))
}

/// Takes away what only those see who see SIP data.
pub fn hide_sip_data(subject: &str, shown: &mut Value) {
    let Some(shown) = shown.as_object_mut() else { return };
    for member in members(subject).concat().iter().filter(|member| member.sip) {
        shown.remove(member.name);
    }
}

/// The schema of `before` and `after` of events of a subject.
#[must_use]
pub fn schema(subject: &str) -> Value {
    let properties: Map<String, Value> = members(subject)
        .concat()
        .iter()
        .map(|Member { name, kind, summary, sip }| {
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
