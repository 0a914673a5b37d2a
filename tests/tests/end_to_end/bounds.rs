//! S6: every bound of the OpenAPI document is a limit of `domain::limits`, by which the service checks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

const LENGTHS: [&str; 4] = ["minLength", "maxLength", "minItems", "maxItems"];
const RANGES: [&str; 2] = ["minimum", "maximum"];

#[test]
fn s6_every_bound_of_the_document_is_a_limit_by_which_the_service_checks() {
    let limits = limits();
    assert_eq!(limits["NAME_MAX"], [120], "the limits are read");
    let known: BTreeSet<i64> = limits.values().flatten().flat_map(|limit| [*limit, -limit]).chain([0, 1]).collect();
    let document = serde_json::to_value(api::openapi::document()).unwrap();
    let mut unknown = Vec::new();
    let mut seen = 0;
    walk("", &document, &mut |place, schema| {
        for name in LENGTHS.into_iter().chain(RANGES) {
            let Some(bound) = schema[name].as_f64() else { continue };
            seen += 1;
            #[expect(clippy::cast_possible_truncation, reason = "bounds are whole and small")]
            if !known.contains(&(bound as i64)) {
                unknown.push(format!("{place}: {name} is {bound}, which is no limit of domain::limits"));
            }
        }
    });
    assert!(seen > 500, "only {seen} bounds were found");
    assert!(unknown.is_empty(), "\n{}", unknown.join("\n"));
}

#[test]
fn s6_bounds_of_requests_are_those_of_the_value_types() {
    let document = serde_json::to_value(api::openapi::document()).unwrap();
    let member = |schema: &str, name: &str| document["components"]["schemas"][schema]["properties"][name].clone();
    let limit = |name: &str| limits()[name][0];
    for (schema, name, bounds) in [
        ("CreateReseller", "name", json!({"minLength": 1, "maxLength": limit("NAME_MAX")})),
        ("CreateReseller", "email", json!({"minLength": limit("EMAIL_MIN"), "maxLength": limit("EMAIL_MAX")})),
        ("CreateReseller", "services", json!({"minItems": 1, "maxItems": limit("SERVICES_MAX")})),
        ("CreateEnterprise", "user_limit", json!({"minimum": 0, "maximum": limit("USER_LIMIT_MAX")})),
        ("CreatePbx", "port", json!({"minimum": 1, "maximum": limits()["PORTS"][1]})),
        ("CreateUser", "tag", json!({"minLength": 1, "maxLength": limit("TAG_MAX")})),
        ("CreateUser", "forwarded_numbers", json!({"maxItems": limit("FORWARDED_NUMBERS_MAX")})),
        ("RedeemToken", "password", json!({"minLength": limit("PASSWORD_MIN"), "maxLength": limit("PASSWORD_MAX")})),
    ] {
        let shown = member(schema, name);
        for (bound, value) in bounds.as_object().unwrap() {
            assert_eq!(shown[bound].as_f64(), value.as_f64(), "{bound} of {schema}.{name}: {shown}");
        }
    }
}

/// Calls `visit` with every schema, and whatever else is an object.
fn walk(place: &str, value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(place, item, visit)),
        Value::Object(object) => {
            visit(place, value);
            for (name, child) in object.iter().filter(|(name, _)| !matches!(name.as_str(), "example" | "examples")) {
                walk(&format!("{place}/{name}"), child, visit);
            }
        }
        _ => {}
    }
}

/// The constants of `domain/src/limits.rs` by their names: one number each, or the two of a range.
fn limits() -> BTreeMap<String, Vec<i64>> {
    let text = std::fs::read_to_string(end_to_end::root().join("domain/src/limits.rs")).expect("the limits");
    let mut found: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("pub const ")) {
        let (name, rest) = line.split_once(": ").expect("a constant has a type");
        let (_, value) = rest.trim_end_matches(';').split_once(" = ").expect("a constant has a value");
        let number = |text: &str| -> i64 {
            let factor = |text: &str| match found.get(text.trim()) {
                Some(known) => known[0],
                None => text.trim().replace('_', "").parse().unwrap_or_else(|_| panic!("{line}: {text}")),
            };
            text.split('*').map(factor).product()
        };
        let numbers = value.split("..=").map(number).collect();
        found.insert(name.to_owned(), numbers);
    }
    found
}
