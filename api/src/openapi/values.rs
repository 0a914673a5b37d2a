//! Inlines the schemas of value types where they are used, and distributes the examples of whole bodies to their
//! fields.

use serde_json::{Map, Value, json};

use crate::shown::VALUE_PREFIX;

/// Inlines all value schemas and distributes the examples.
pub(super) fn write_out(document: &mut Value) {
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.retain(|name, _| !name.starts_with(VALUE_PREFIX));
    }
    replace(document);
    let operations =
        document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut);
    let parameters = operations.flat_map(Map::values_mut).filter_map(|own| own["parameters"].as_array_mut()).flatten();
    parameters.for_each(|parameter| refuse_null(&mut parameter["schema"]));
    let schemas = document["components"]["schemas"].as_object_mut().into_iter().flat_map(Map::values_mut);
    schemas.for_each(share_example);
}

fn replace(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(replace),
        Value::Object(object) => {
            object.values_mut().for_each(replace);
            let own = object.get("$ref").and_then(Value::as_str);
            let own = own.and_then(|place| place.strip_prefix("#/components/schemas/")?.strip_prefix(VALUE_PREFIX));
            if let Some(schema) = own.and_then(|schema| serde_json::from_str(schema).ok()) {
                object.shift_remove("$ref");
                merge(object, schema);
            }
            join(object);
            // A field that is left out has no value.
            if object.get("default").is_some_and(Value::is_null) {
                object.shift_remove("default");
            }
        }
        _ => {}
    }
}

/// Merges a value schema with the description or default beside it. A nullable value gets the types of the value and
/// `null`.
fn join(object: &mut Map<String, Value>) {
    if let Some(parts) = object.get("allOf").and_then(Value::as_array)
        && parts.iter().all(|part| part["$ref"].is_null())
    {
        let parts = parts.clone();
        object.shift_remove("allOf");
        for part in parts {
            merge(object, part);
        }
    }
    let choices = object.get("oneOf").and_then(Value::as_array).map(Vec::as_slice);
    let Some([one, other]) = choices else { return };
    let value = if *one == json!({"type": "null"}) { other } else { one };
    let has_null = [one, other].contains(&&json!({"type": "null"}));
    if has_null && matches!(value["type"], Value::String(_)) && value["properties"].is_null() {
        let mut value = value.clone();
        value["type"] = json!([value["type"], "null"]);
        object.shift_remove("oneOf");
        merge(object, value);
    }
}

fn merge(object: &mut Map<String, Value>, other: Value) {
    if let Value::Object(other) = other {
        for (name, value) in other {
            object.entry(name).or_insert(value);
        }
    }
}

/// The annotations make optional parameters nullable, but a parameter can only be absent.
fn refuse_null(schema: &mut Value) {
    let is_null = |kind: &Value| *kind == "null" || kind["type"] == "null";
    for choices in ["type", "oneOf"] {
        let Some(first) =
            schema[choices].as_array().and_then(|kinds| kinds.iter().find(|kind| !is_null(kind))).cloned()
        else {
            continue;
        };
        if choices == "type" {
            schema["type"] = first;
        } else if schema[choices].as_array().is_some_and(|kinds| kinds.iter().any(is_null)) {
            *schema = first;
        }
    }
}

fn share_example(schema: &mut Value) {
    let has_members = |schema: &Map<String, Value>| schema.contains_key("properties") || schema.contains_key("allOf");
    let Some(object) = schema.as_object_mut().filter(|object| has_members(object)) else { return };
    let Some(Value::Object(examples)) = object.shift_remove("example") else { return };
    let mut parts = vec![object];
    while let Some(part) = parts.pop() {
        for (name, member) in part.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
            if let (Some(example), Value::Object(member)) = (examples.get(name), member)
                && !member.contains_key("$ref")
            {
                member.entry("example").or_insert_with(|| example.clone());
            }
        }
        let inner = part.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten();
        parts.extend(inner.filter_map(Value::as_object_mut));
    }
}
