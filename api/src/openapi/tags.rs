//! Groups the operations by tags, which follow from their paths.

use utoipa::openapi::OpenApi;

use super::parameters::operations;

/// Each tag, with the segments of the paths that have it.
const TAGS: &[(&str, &[&str])] = &[
    ("Support tickets", &["support-tickets"]),
    ("Activation", &["activations"]),
    ("Sign-in", &["auth", "me", "authorize"]),
    ("Accounts", &["accounts", "import-reports"]),
    ("Resellers", &["resellers"]),
    ("Enterprises", &["enterprises", "sbc-regions"]),
    ("Direct Routing", &["direct-routing"]),
    ("PBXs", &["pbxes", "pbx-types"]),
    ("Trunks", &["trunks"]),
    ("Users", &["users", "teams-users"]),
    ("Master resellers", &["master-resellers"]),
    ("Billing reports", &["billing-reports"]),
    ("Moves", &["moves", "move"]),
    ("Members", &["members", "sign-in-policy"]),
    ("API clients", &["api-clients", "token", "oauth-authorization-server"]),
    ("Events", &["events"]),
    ("Webhooks", &["webhooks"]),
    ("System", &["livez", "readyz", "metrics", "jwks.json"]),
];

/// Gives every operation the tag of the last segment of its path that has one.
///
/// # Panics
/// If no segment of a path has a tag.
pub(super) fn add(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let tag_of = |segment| TAGS.iter().find(|(_, segments)| segments.contains(&segment));
        let (tag, _) = path.rsplit('/').find_map(tag_of).expect("a segment of every path has a tag");
        for operation in operations(item) {
            operation.tags = Some(vec![(*tag).to_owned()]);
        }
    }
}
