//! Adds an example to every JSON request and response that has none, composed of the examples of its fields.

use serde_json::{Map, Value};

/// Adds the missing examples.
pub(super) fn add(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        let (answers, others): (Vec<_>, Vec<_>) =
            operation.as_object_mut().into_iter().flatten().partition(|(name, _)| *name == "responses");
        let request = others.into_iter().filter(|(name, _)| *name == "requestBody").map(|(_, request)| request);
        let answers = answers.into_iter().filter_map(|(_, answers)| answers.as_object_mut()).flat_map(Map::values_mut);
        for content in request.chain(answers).filter_map(|holder| holder.get_mut("content")?.as_object_mut()) {
            for (media, content) in content {
                let is_of_members = media.contains("json") || media == "application/x-www-form-urlencoded";
                if is_of_members && content["example"].is_null() && content["examples"].is_null() {
                    content["example"] = example_of(&content["schema"], &schemas);
                }
            }
        }
    }
}

/// Composes an example for a schema.
fn example_of(schema: &Value, schemas: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return example_of(&schemas[name], schemas);
    }
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    let parts = ["allOf", "oneOf", "anyOf"].into_iter().find_map(|key| schema[key].as_array());
    if let Some(parts) = parts {
        if schema["allOf"].is_array() {
            let members = parts.iter().filter_map(|part| example_of(part, schemas).as_object().cloned()).flatten();
            return Value::Object(members.collect());
        }
        // Of a nullable schema, the example is not null.
        let something = parts.iter().find(|part| part["type"] != "null");
        return something.map_or(Value::Null, |part| example_of(part, schemas));
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.first().cloned().unwrap_or_default();
    }
    let (many, one) = (schema["type"].as_array(), schema["type"].as_str());
    if many.is_some_and(|kinds| kinds.iter().any(|kind| kind == "null")) {
        return Value::Null;
    }
    match one {
        Some("object") => {
            let members = schema["properties"].as_object().into_iter().flatten();
            Value::Object(members.map(|(name, member)| (name.clone(), example_of(member, schemas))).collect())
        }
        Some("array") => Value::Array(vec![example_of(&schema["items"], schemas)]),
        Some("string") if schema["format"] == "date-time" => Value::from("2026-11-23T20:59:08.939Z"),
        Some("string") => Value::from("text"),
        Some("integer") => schema.get("minimum").cloned().unwrap_or(Value::from(0)),
        Some("boolean") => Value::from(true),
        _ => Value::Null,
    }
}
