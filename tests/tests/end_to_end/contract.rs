//! The contract only grows: the document takes nothing away from the one that was released last, and the check that says so sees
//! each kind of break.

use end_to_end::breaks;
use rstest::rstest;
use serde_json::{Value, json};

/// What was taken away because it was not safe.
const BROKEN: [&str; 1] = [
    // Without the password, whoever found an open browser could take over the account.
    "POST /me/change-email request/password: the member is required now",
];

/// Patterns that take more than they did: recovery codes have 26 characters now, and earlier ones of 16 still work.
const WIDENED: [&str; 1] = [
    r#"pattern was "^[ -]*(([0-9][ -]*){6}|([A-Za-z2-7][ -]*){16})$" and is "^[ -]*(([0-9][ -]*){6}|([A-Za-z2-7][ -]*){16}(([A-Za-z2-7][ -]*){10})?)$""#,
];

#[test]
fn the_document_takes_nothing_away_from_the_released_one() {
    let folder = end_to_end::root().join("docs/releases");
    let version = |path: &std::path::Path| {
        let name = path.file_stem().unwrap().to_str().unwrap();
        name.split('.').map(|part| part.parse::<u32>().expect("a number")).collect::<Vec<_>>()
    };
    let mut released: Vec<_> = std::fs::read_dir(folder)
        .expect("docs/releases")
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    released.sort_by_key(|path| version(path));
    let last = std::fs::read_to_string(released.last().expect("a release")).unwrap();
    let last: Value = yaml_serde::from_str(&last).unwrap();
    let now = serde_json::to_value(api::openapi::document()).unwrap();
    let mut found = breaks(&last, &now);
    found.retain(|change| !WIDENED.iter().any(|widened| change.ends_with(widened)));
    assert_eq!(found, BROKEN, "released clients would break");
    assert!(!breaks(&now, &json!({})).is_empty());
}

/// A document with one operation that has everything that can be taken away.
fn document() -> Value {
    json!({
        "paths": {"/things": {"post": {
            "operationId": "create_thing",
            "parameters": [{"name": "sort", "in": "query", "schema": {"type": "string", "enum": ["a", "b"]}}],
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/CreateThing"}}}},
            "responses": {
                "201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                "409": {"$ref": "#/components/responses/Taken"},
            },
        }}},
        "components": {
            "responses": {"Taken": {"content": {"application/problem+json": {"schema": {"type": "object"}}}}},
            "schemas": {
                "CreateThing": {"type": "object", "required": ["name"], "properties": {
                    "name": {"type": "string", "minLength": 1, "maxLength": 120},
                    "kind": {"type": ["string", "null"], "enum": ["x", "y"]},
                    "count": {"type": "integer", "minimum": 0, "maximum": 10},
                    "tags": {"type": "array", "maxItems": 5, "items": {"type": "string", "maxLength": 20}},
                }},
                "Thing": {"type": "object", "required": ["id", "name"], "properties": {
                    "id": {"type": "string"}, "name": {"type": "string"}, "parent": {"$ref": "#/components/schemas/Thing"},
                }},
            },
        },
    })
}

const POST: &str = "/paths/~1things/post";
const CREATE: &str = "/components/schemas/CreateThing";
const THING: &str = "/components/schemas/Thing";

/// What was changed, and what the check says of it.
#[rstest]
#[case::path("/paths", json!({}), "the path is gone")]
#[case::operation("/paths/~1things", json!({}), "the operation is gone")]
#[case::operation_id(&format!("{POST}/operationId"), json!("make_thing"), "the operation has another id")]
#[case::parameter(&format!("{POST}/parameters"), json!([]), "the parameter is gone")]
#[case::parameter_required(&format!("{POST}/parameters/0/required"), json!(true), "the parameter is required now")]
#[case::new_parameter(&format!("{POST}/parameters/1"), json!({"name": "z", "in": "query", "required": true}), "a new parameter is required")]
#[case::parameter_value(&format!("{POST}/parameters/0/schema/enum"), json!(["a"]), "the value \"b\" is gone")]
#[case::body_required(&format!("{POST}/requestBody/required"), json!(true), "a body is required now")]
#[case::media_type(&format!("{POST}/requestBody/content"), json!({}), "application/json is gone")]
#[case::status(&format!("{POST}/responses"), json!({"201": document()["paths"]["/things"]["post"]["responses"]["201"]}), "the status is gone")]
#[case::problem("/components/responses/Taken/content", json!({}), "application/problem+json is gone")]
#[case::request_member(&format!("{CREATE}/properties/count"), Value::Null, "the member is gone")]
#[case::request_value(&format!("{CREATE}/properties/kind/enum"), json!(["x"]), "the value \"y\" is gone")]
#[case::new_list_of_values(&format!("{CREATE}/properties/name/enum"), json!(["x"]), "the values are limited to a list now")]
#[case::required_member(&format!("{CREATE}/required"), json!(["name", "kind"]), "the member is required now")]
#[case::new_required_member(&format!("{CREATE}/required"), json!(["name", "new"]), "the member is required now")]
#[case::closed(&format!("{CREATE}/additionalProperties"), json!(false), "further members are refused now")]
#[case::longest(&format!("{CREATE}/properties/name/maxLength"), json!(119), "maxLength was 120 and is 119")]
#[case::shortest(&format!("{CREATE}/properties/name/minLength"), json!(2), "minLength was 1 and is 2")]
#[case::least(&format!("{CREATE}/properties/count/minimum"), json!(1), "minimum was 0 and is 1")]
#[case::most(&format!("{CREATE}/properties/count/maximum"), json!(9), "maximum was 10 and is 9")]
#[case::items(&format!("{CREATE}/properties/tags/maxItems"), json!(4), "maxItems was 5 and is 4")]
#[case::item(&format!("{CREATE}/properties/tags/items/maxLength"), json!(19), "maxLength was 20 and is 19")]
#[case::pattern(&format!("{CREATE}/properties/name/pattern"), json!("^a"), "pattern was null")]
#[case::request_type(&format!("{CREATE}/properties/kind/type"), json!("string"), "the type was")]
#[case::answer_member(&format!("{THING}/properties/name"), Value::Null, "the member is gone")]
#[case::answer_type(&format!("{THING}/properties/name/type"), json!("integer"), "the type was")]
#[case::answer_null(&format!("{THING}/properties/name/type"), json!(["string", "null"]), "the type was")]
#[case::answer_optional(&format!("{THING}/required"), json!(["id"]), "the member can be absent now")]
fn a_break_is_seen(#[case] place: &str, #[case] change: Value, #[case] said: &str) {
    let mut new = document();
    let (above, name) = place.rsplit_once('/').unwrap();
    let name = &name.replace("~1", "/");
    match (new.pointer_mut(above).expect(place), change) {
        (Value::Array(items), change) => items.push(change),
        (Value::Object(members), Value::Null) => drop(members.remove(name)),
        (Value::Object(members), change) => drop(members.insert(name.clone(), change)),
        (other, _) => panic!("{place} stands in {other}"),
    }
    let found = breaks(&document(), &new);
    assert!(found.iter().any(|break_| break_.contains(said)), "{found:?}");
}

#[test]
fn what_only_grows_breaks_nothing() {
    assert_eq!(breaks(&document(), &document()), Vec::<String>::new());
    let mut new = document();
    new["paths"]["/more"] = json!({"get": {}});
    new["paths"]["/things"]["post"]["responses"]["422"] = json!({"description": "More."});
    new["components"]["schemas"]["CreateThing"]["properties"]["name"]["maxLength"] = json!(200);
    new["components"]["schemas"]["CreateThing"]["properties"]["kind"]["enum"] = json!(["x", "y", "z"]);
    new["components"]["schemas"]["CreateThing"]["properties"]["more"] = json!({"type": "string"});
    new["components"]["schemas"]["Thing"]["properties"]["more"] = json!({"type": "string"});
    new["components"]["schemas"]["Thing"]["required"] = json!(["id", "name", "more"]);
    assert_eq!(breaks(&document(), &new), Vec::<String>::new());
}
