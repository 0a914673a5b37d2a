//! Adds bounds and patterns to texts and numbers whose annotations have none. They follow from the format, the example,
//! or the name of the field.

use domain::limits::{COUNT_MAX, DATE_TIME_MAX, ID_MAX, LINK_MAX, REQUEST_ID_MAX, SHORT_HEADER_MAX, TEXT_MAX};
use serde_json::{Map, Value, json};

/// The pattern of a typed id after its prefix: a UUIDv7 in the base32 of TypeIDs (W1).
const ID_DIGITS: &str = "[0-7][0-9a-hjkmnp-tv-z]{25}";
/// Texts never contain NUL, in requests or responses.
const ANY_TEXT: &str = r"^[^\x00]*$";

/// Adds the bounds to all schemas of the document.
pub(super) fn complete(document: &mut Value) {
    walk("", document);
}

/// `name` is the field, parameter or header that the schema belongs to.
fn walk(name: &str, value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| walk(name, item)),
        Value::Object(object) => {
            if is(object, "string") {
                bound_text(name, object);
            }
            if is(object, "integer") {
                bound_number(object);
            }
            let parameter = object.get("in").and(object.get("name")).and_then(Value::as_str).map(str::to_owned);
            for (key, child) in object.iter_mut().filter(|(key, _)| !matches!(key.as_str(), "example" | "examples")) {
                let transparent = matches!(key.as_str(), "schema" | "items" | "allOf" | "oneOf" | "anyOf");
                let below = if transparent { parameter.as_deref().unwrap_or(name) } else { key };
                walk(below, child);
            }
        }
        _ => {}
    }
}

fn is(object: &Map<String, Value>, kind: &str) -> bool {
    match object.get("type") {
        Some(Value::String(one)) => one == kind,
        Some(Value::Array(many)) => many.iter().any(|one| one == kind),
        _ => false,
    }
}

fn bound_text(name: &str, object: &mut Map<String, Value>) {
    if object.contains_key("enum") || object.contains_key("const") {
        return;
    }
    let format = object.get("format").and_then(Value::as_str).unwrap_or_default();
    let longest = match (format, name) {
        // Callers may give nanoseconds and an offset.
        ("date-time", _) => DATE_TIME_MAX,
        (_, "X-Request-Id" | "X-Client-Request-Id") => REQUEST_ID_MAX,
        (_, "ETag" | "WWW-Authenticate") => SHORT_HEADER_MAX,
        (_, "Link" | "Location") => LINK_MAX,
        // Responses have no limit. Request files are limited in octets, and refused with 413.
        (_, "text/plain" | "text/csv" | "application/x-ndjson" | "image/svg+xml") => {
            usize::try_from(COUNT_MAX).unwrap_or(usize::MAX)
        }
        _ if is_of_id(object) || is_named_as_id(name) => ID_MAX,
        _ => TEXT_MAX,
    };
    object.entry("maxLength").or_insert(json!(longest));
    if object.contains_key("format") || object.contains_key("pattern") {
        return;
    }
    if let Some((_, form)) = name.split_once('/') {
        // A file. Its faults are reported line by line.
        object.insert("format".to_owned(), json!(form.trim_start_matches("x-")));
        return;
    }
    let is_of_id = is_of_id(object);
    let pattern = match name {
        "kid" => "^[0-9a-f-]{36}$".to_owned(),
        "ETag" => r#"^"[0-9]+\.[0-9a-f]+"$"#.to_owned(),
        // Not every subject of an event and not every request has a typed id.
        "subject_id" | "subject" | "request_id" => ANY_TEXT.to_owned(),
        _ => match id_prefix(name) {
            Some(prefix) => format!("^{prefix}_{ID_DIGITS}$"),
            None if is_of_id => format!("^[a-z]+(_[a-z]+)*_{ID_DIGITS}$"),
            None => ANY_TEXT.to_owned(),
        },
    };
    object.insert("pattern".to_owned(), json!(pattern));
}

/// The id prefix for a field or parameter of this name, if it takes ids of one type only.
fn id_prefix(name: &str) -> Option<&str> {
    const TYPES: &[&str] = &[
        "master_reseller",
        "reseller",
        "enterprise",
        "pbx",
        "trunk",
        "user",
        "ticket",
        "member",
        "client",
        "event",
        "webhook",
        "delivery",
        "move",
        "adjustment",
    ];
    let prefix = name.strip_suffix("_id")?;
    TYPES.contains(&prefix).then_some(prefix)
}

/// Whether the example of a schema is a typed id (W1).
fn is_of_id(schema: &Map<String, Value>) -> bool {
    schema.get("example").and_then(Value::as_str).is_some_and(is_id)
}

/// Whether a field or parameter of this name contains an id.
fn is_named_as_id(name: &str) -> bool {
    name == "id"
        || id_prefix(name).is_some()
        || matches!(name, "account_id" | "decided_by" | "subject_id" | "subject" | "actor")
}

/// Whether an example is a typed id.
fn is_id(example: &str) -> bool {
    let is_digit =
        |octet: u8| matches!(octet, b'0'..=b'9' | b'a'..=b'z') && !matches!(octet, b'i' | b'l' | b'o' | b'u');
    example.rsplit_once('_').is_some_and(|(prefix, digits)| {
        prefix != "req" && digits.len() == 26 && digits.bytes().all(is_digit) && digits.as_bytes()[0] <= b'7'
    })
}

fn bound_number(object: &mut Map<String, Value>) {
    if object.contains_key("enum") || object.contains_key("const") {
        return;
    }
    object.entry("format").or_insert(json!("int64"));
    object.entry("minimum").or_insert(json!(0));
    // A bound that no number of this API can reach.
    object.entry("maximum").or_insert(json!(COUNT_MAX));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_are_bounded_wherever_they_stand() {
        let mut document = json!({
            "parameters": [{"in": "header", "name": "X-Request-Id", "schema": {"type": "string"}}],
            "properties": {
                "id": {"type": "string", "example": "reseller_01h455vb4pex5vsknk084sn02q", "maxLength": 60},
                "name": {"type": ["string", "null"], "maxLength": 120},
                "at": {"type": "string", "format": "date-time"},
                "status": {"type": "string", "enum": ["active"]},
                "count": {"type": "integer", "minimum": 1},
            },
        });
        complete(&mut document);
        assert_eq!(
            document["parameters"][0]["schema"],
            json!({"type": "string", "maxLength": 128, "pattern": ANY_TEXT})
        );
        let of = |name: &str| document["properties"][name].clone();
        assert_eq!(of("id")["pattern"], json!(format!("^[a-z]+(_[a-z]+)*_{ID_DIGITS}$")));
        assert_eq!(of("name"), json!({"type": ["string", "null"], "maxLength": 120, "pattern": ANY_TEXT}));
        assert_eq!(of("at"), json!({"type": "string", "format": "date-time", "maxLength": 35}));
        assert_eq!(of("status"), json!({"type": "string", "enum": ["active"]}));
        assert_eq!(
            of("count"),
            json!({"type": "integer", "format": "int64", "minimum": 1, "maximum": 1_000_000_000_000_i64})
        );
    }
}
