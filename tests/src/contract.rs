//! Tells what a new OpenAPI document takes away from an older one. The contract only grows: whoever was written against the
//! older one has to go on working.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Everything by which a client of the old document could break on the new one, each with where it stands.
#[must_use]
pub fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut comparison = Comparison { old, new, found: Vec::new(), under_way: BTreeSet::new() };
    comparison.paths();
    comparison.found
}

/// Which way a value goes: what a request may hold must not shrink, what an answer holds must not grow beyond what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Request,
    Answer,
}

struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    found: Vec<String>,
    /// The pairs of schemas that are being compared, since schemas can hold themselves.
    under_way: BTreeSet<(Way, String, String)>,
}

impl<'a> Comparison<'a> {
    fn note(&mut self, place: &str, what: &str) {
        self.found.push(format!("{place}: {what}"));
    }

    fn paths(&mut self) {
        for (path, item) in members(&self.old["paths"]) {
            let Some(new_item) = self.new["paths"].get(path) else {
                self.note(path, "the path is gone");
                continue;
            };
            for (method, operation) in members(item) {
                let place = format!("{} {path}", method.to_uppercase());
                match new_item.get(method) {
                    None => self.note(&place, "the operation is gone"),
                    Some(new) => self.operation(&place, operation, new),
                }
            }
        }
    }

    fn operation(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        if old["operationId"] != new["operationId"] {
            self.note(place, "the operation has another id, after which clients name their functions");
        }
        self.parameters(place, old, new);
        let (old_body, new_body) = (resolve(self.old, &old["requestBody"]), resolve(self.new, &new["requestBody"]));
        if new_body["required"] == true && old_body["required"] != true {
            self.note(place, "a body is required now");
        }
        self.contents(&format!("{place} request"), old_body, new_body, Way::Request);
        for (status, answer) in members(&old["responses"]) {
            let place = format!("{place} {status}");
            match new["responses"].get(status) {
                None => self.note(&place, "the status is gone"),
                Some(new) => {
                    let (old, new) = (resolve(self.old, answer), resolve(self.new, new));
                    self.contents(&place, old, new, Way::Answer);
                }
            }
        }
    }

    fn parameters(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        let name = |parameter: &Value| (parameter["in"].clone(), parameter["name"].clone());
        let all = |root: &'a Value, operation: &'a Value| {
            let listed = operation["parameters"].as_array().into_iter().flatten();
            listed.map(|parameter| resolve(root, parameter)).collect::<Vec<_>>()
        };
        let (old_ones, new_ones) = (all(self.old, old), all(self.new, new));
        for parameter in &old_ones {
            let place = format!("{place} parameter {}", parameter["name"]);
            match new_ones.iter().find(|other| name(other) == name(parameter)) {
                None => self.note(&place, "the parameter is gone"),
                Some(other) => {
                    if other["required"] == true && parameter["required"] != true {
                        self.note(&place, "the parameter is required now");
                    }
                    self.schema(&place, &parameter["schema"], &other["schema"], Way::Request);
                }
            }
        }
        for parameter in new_ones.iter().filter(|parameter| parameter["required"] == true) {
            if !old_ones.iter().any(|other| name(other) == name(parameter)) {
                self.note(&format!("{place} parameter {}", parameter["name"]), "a new parameter is required");
            }
        }
    }

    fn contents(&mut self, place: &str, old: &'a Value, new: &'a Value, way: Way) {
        for (media, content) in members(&old["content"]) {
            match new["content"].get(media) {
                None => self.note(place, &format!("{media} is gone")),
                Some(other) => self.schema(place, &content["schema"], &other["schema"], way),
            }
        }
    }

    fn schema(&mut self, place: &str, old: &'a Value, new: &'a Value, way: Way) {
        if let (Some(old), Some(new)) = (old["$ref"].as_str(), new["$ref"].as_str())
            && !self.under_way.insert((way, old.to_owned(), new.to_owned()))
        {
            return;
        }
        let (old, new) = (resolve(self.old, old), resolve(self.new, new));
        self.types(place, old, new, way);
        self.values(place, old, new, way);
        if way == Way::Request {
            self.limits(place, old, new);
        }
        self.members(place, old, new, way);
        if !old["items"].is_null() {
            self.schema(&format!("{place}/*"), &old["items"], &new["items"], way);
        }
        for key in ["allOf", "oneOf", "anyOf"] {
            let parts = |schema: &'a Value| schema[key].as_array().map(Vec::as_slice).unwrap_or_default();
            for (index, part) in parts(old).iter().enumerate() {
                match parts(new).get(index) {
                    None => self.note(place, &format!("a part of {key} is gone")),
                    Some(other) => self.schema(place, part, other, way),
                }
            }
        }
    }

    fn types(&mut self, place: &str, old: &Value, new: &Value, way: Way) {
        let (before, after) = (types(old), types(new));
        let fits = match way {
            Way::Request => after.is_empty() || before.is_subset(&after),
            // A client that was told of a text can't take a null.
            Way::Answer => before.is_empty() || !after.is_empty() && after.is_subset(&before),
        };
        if !fits {
            self.note(place, &format!("the type was {before:?} and is {after:?}"));
        }
    }

    /// The values that are listed. New ones in answers are no break: clients are told to expect them.
    fn values(&mut self, place: &str, old: &Value, new: &Value, way: Way) {
        if way == Way::Answer {
            return;
        }
        let Some(after) = new["enum"].as_array() else { return };
        match old["enum"].as_array() {
            None => self.note(place, "the values are limited to a list now"),
            Some(before) => {
                for gone in before.iter().filter(|value| !after.contains(value)) {
                    self.note(place, &format!("the value {gone} is gone"));
                }
            }
        }
    }

    fn limits(&mut self, place: &str, old: &Value, new: &Value) {
        for (name, is_most) in [
            ("maxLength", true),
            ("maxItems", true),
            ("maximum", true),
            ("minLength", false),
            ("minItems", false),
            ("minimum", false),
        ] {
            let narrower = match (old[name].as_f64(), new[name].as_f64()) {
                (_, None) => false,
                // A least of nothing is no limit.
                (None, Some(after)) => is_most || after > 0.0,
                (Some(before), Some(after)) => {
                    if is_most {
                        after < before
                    } else {
                        after > before
                    }
                }
            };
            if narrower {
                self.note(place, &format!("{name} was {} and is {}", old[name], new[name]));
            }
        }
        for name in ["pattern", "format"] {
            if !new[name].is_null() && new[name] != old[name] {
                self.note(place, &format!("{name} was {} and is {}", old[name], new[name]));
            }
        }
    }

    fn members(&mut self, place: &str, old: &'a Value, new: &'a Value, way: Way) {
        for (name, member) in members(&old["properties"]) {
            let place = format!("{place}/{name}");
            match new["properties"].get(name) {
                None => self.note(&place, "the member is gone"),
                Some(other) => self.schema(&place, member, other, way),
            }
        }
        let (before, after) = (required(old), required(new));
        match way {
            Way::Request => {
                for name in after.difference(&before) {
                    self.note(&format!("{place}/{name}"), "the member is required now");
                }
                if new["additionalProperties"] == false && old["additionalProperties"] != false {
                    self.note(place, "further members are refused now");
                }
            }
            Way::Answer => {
                for name in before.difference(&after).filter(|name| !new["properties"][**name].is_null()) {
                    self.note(&format!("{place}/{name}"), "the member can be absent now");
                }
            }
        }
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

/// What a reference stands for.
fn resolve<'a>(root: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"].as_str().and_then(|reference| root.pointer(reference.strip_prefix('#')?));
    target.map_or(value, |target| resolve(root, target))
}

fn types(schema: &Value) -> BTreeSet<&str> {
    match &schema["type"] {
        Value::String(one) => BTreeSet::from([one.as_str()]),
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => BTreeSet::new(),
    }
}

fn required(schema: &Value) -> BTreeSet<&str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
