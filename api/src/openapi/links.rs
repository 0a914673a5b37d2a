//! Adds links from each creation to the operations on the created resource. Programs and tests follow them.

use serde_json::{Map, Value, json};

/// Creating paths whose resources have their operations at another path.
const ELSEWHERE: &[(&str, &str)] = &[
    ("/enterprises/{enterprise_id}/pbxes", "/pbxes"),
    ("/enterprises/{enterprise_id}/trunks", "/trunks"),
    ("/enterprises/{enterprise_id}/users", "/users"),
    ("/resellers/{reseller_id}/move", "/moves"),
    ("/enterprises/{enterprise_id}/move", "/moves"),
];

/// Adds a link for every operation on a created resource.
pub(super) fn add(document: &mut Value) {
    let Some(paths) = document["paths"].as_object().cloned() else { return };
    let operations = |item: &Value| {
        let ids = item
            .as_object()
            .into_iter()
            .flat_map(Map::values)
            .filter_map(|operation| operation["operationId"].as_str());
        ids.map(str::to_owned).collect::<Vec<_>>()
    };
    for path in paths.keys() {
        let operation = document["paths"].get_mut(path).and_then(|item| item.get_mut("post"));
        let Some(created) = operation.and_then(|operation| operation["responses"].get_mut("201")) else { continue };
        let root = ELSEWHERE.iter().find(|(from, _)| from == path).map_or(path.as_str(), |(_, root)| root);
        let mut links = Map::new();
        for (below, item) in &paths {
            let Some(parameter) = only_parameter(root, below) else { continue };
            for operation in operations(item) {
                let mut link = json!({
                    "operationId": operation,
                    "parameters": {parameter: "$response.body#/id"},
                    "description": "Uses the `id` of the created resource.",
                });
                for name in parameters_of(root) {
                    link["parameters"][name] = json!(format!("$request.path.{name}"));
                }
                links.insert(operation, link);
            }
        }
        if !links.is_empty() {
            created["links"] = Value::Object(links);
        }
    }
}

/// The name of a path's only parameter beyond those of `root`: the id of the created resource. `None` if there are
/// others.
fn only_parameter<'a>(root: &str, path: &'a str) -> Option<&'a str> {
    let (name, rest) = path.strip_prefix(root)?.strip_prefix("/{")?.split_once('}')?;
    (!rest.contains('{')).then_some(name)
}

fn parameters_of(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|part| part.split('}').next())
}
