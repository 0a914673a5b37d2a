//! Corrects requests where the annotations differ from what the service accepts: optional bodies are absent rather than
//! `null`, and a patch needs at least one field.

use serde_json::{Map, Value, json};

/// Corrects the schemas of all request bodies.
pub(super) fn complete(document: &mut Value) {
    for (name, schema) in document["components"]["schemas"].as_object_mut().into_iter().flatten() {
        if name.starts_with("Patch") && schema["properties"].is_object() {
            schema["minProperties"] = json!(1);
        }
    }
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        let Some(body) = operation.get_mut("requestBody") else { continue };
        let mut can_be_absent = false;
        for content in body["content"].as_object_mut().into_iter().flat_map(Map::values_mut) {
            let choices = content["schema"]["oneOf"].as_array();
            let given = choices.and_then(|choices| choices.iter().find(|choice| choice["type"] != "null")).cloned();
            if let Some(given) = given {
                content["schema"] = given;
                can_be_absent = true;
            }
        }
        body["required"] = json!(!can_be_absent);
    }
}
