//! Moves headers that every response has, and problems that many operations return, to `components` and refers to them.

use std::collections::BTreeMap;

use domain::limits::{RETRY_AFTER_MAX, TEXT_MAX};
use serde_json::{Map, Value, json};

use crate::error::ErrorCode;

/// Adds the headers and replaces identical problems by references.
pub(super) fn share(document: &mut Value) {
    let Some(components) = document["components"].as_object_mut() else { return };
    components.insert("headers".to_owned(), headers());
    for_each_answer(document, |status, answer| {
        let mut headers =
            vec!["X-Request-Id", "X-Client-Request-Id", "RateLimit", "RateLimit-Policy", "Access-Control-Allow-Origin"];
        if matches!(status, "429" | "503") {
            headers.push("Retry-After");
        }
        for name in headers {
            answer["headers"][name] = json!({"$ref": format!("#/components/headers/{name}")});
        }
    });

    // Of each kind of problem, the most frequent form is shared.
    let mut found: BTreeMap<String, BTreeMap<String, (usize, Value)>> = BTreeMap::new();
    for_each_answer(document, |status, answer| {
        let Some(name) = problem_name(status, answer) else { return };
        found.entry(name).or_default().entry(answer.to_string()).or_insert_with(|| (0, answer.clone())).0 += 1;
    });
    let commonest = |forms: BTreeMap<String, (usize, Value)>| {
        forms.into_values().max_by_key(|(count, _)| *count).filter(|(count, _)| *count > 1).map(|(_, answer)| answer)
    };
    let shared: Map<String, Value> =
        found.into_iter().filter_map(|(name, forms)| Some((name, commonest(forms)?))).collect();
    for_each_answer(document, |status, answer| {
        let Some(name) = problem_name(status, answer) else { return };
        if shared.get(&name) == Some(answer) {
            *answer = json!({"$ref": format!("#/components/responses/{name}")});
        }
    });
    document["components"]["responses"] = Value::Object(shared);
}

/// The component name of a problem: the first code in its description, such as `NotSignedIn`. Operations with an
/// `Idempotency-Key` have a form of their own.
fn problem_name(status: &str, answer: &Value) -> Option<String> {
    let description = answer["description"].as_str()?;
    let mut codes = description.split('`').skip(1).step_by(2).filter_map(|name| {
        ErrorCode::ALL.iter().find(|code| code.as_str() == name && code.status().to_string() == status)
    });
    let first: String = codes.next()?.as_str().split('_').map(capitalised).collect();
    let is_keyed = codes.any(|code| matches!(code, ErrorCode::IdempotencyKeyReused));
    Some(if is_keyed { format!("{first}OrKeyReused") } else { first })
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn for_each_answer(document: &mut Value, mut act: impl FnMut(&str, &mut Value)) {
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        for (status, answer) in operation["responses"].as_object_mut().into_iter().flatten() {
            act(status, answer);
        }
    }
}

fn headers() -> Value {
    let text = |description: &str, example: &str| json!({"description": description, "schema": {"type": "string", "example": example, "maxLength": TEXT_MAX}});
    let mut headers = json!({
        "X-Request-Id": text(
            "The id that the service gave this request. Give it to support.",
            "req_01h455vb4pex5vsknk084sn02q"
        ),
        "X-Client-Request-Id": text("The `X-Request-Id` that you sent, if you sent one.", "order-4711"),
        "RateLimit": text(
            "How many requests are left, and in how many seconds the limit is reset. Only if requests are limited.",
            "\"default\";r=49;t=1"
        ),
        "RateLimit-Policy": text(
            "How many requests are allowed in how many seconds. Only if requests are limited.",
            "\"default\";q=50;w=1"
        ),
        "Access-Control-Allow-Origin": text(
            "The origin of the calling web page, if it may call the API.",
            "https://portal.contoso.example"
        ),
    });
    headers["Retry-After"] = json!({
        "description": "Seconds to wait before the next request.",
        "schema": {"type": "integer", "format": "int64", "minimum": 0, "maximum": RETRY_AFTER_MAX},
    });
    headers
}
