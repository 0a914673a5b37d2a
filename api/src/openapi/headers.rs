//! Adds the headers of responses that follow from the parameters of operations: `ETag` and `Link`.

use std::collections::BTreeSet;

use utoipa::openapi::path::Operation;
use utoipa::openapi::{HeaderBuilder, ObjectBuilder, OpenApi, RefOr, Response, Type};

use super::parameters::{operations, takes};

/// Adds the headers to the successful responses that have them.
pub(super) fn add(document: &mut OpenApi) {
    let mut operations: Vec<_> = document.paths.paths.values_mut().flat_map(operations).collect();
    let shown_by = |header: &str| -> BTreeSet<String> {
        let conditional = operations.iter().filter(|operation| takes(operation, header));
        conditional.filter_map(|operation| schema(success(operation)?)).collect()
    };
    let (changed, read) = (shown_by("If-Match"), shown_by("If-None-Match"));
    for operation in &mut operations {
        let reads = takes(operation, "If-None-Match");
        let writes = takes(operation, "If-Match") || operation.responses.responses.contains_key("201");
        let pages = takes(operation, "cursor");
        let Some(RefOr::T(response)) =
            operation.responses.responses.iter_mut().find_map(|(status, response)| is_body(status).then_some(response))
        else {
            continue;
        };
        let shown = schema(response);
        let is_in = |resources: &BTreeSet<String>| shown.as_ref().is_some_and(|shown| resources.contains(shown));
        let etag = match (reads, writes) {
            (true, _) if is_in(&changed) => Some("`If-Match` and `If-None-Match`"),
            (false, true) if is_in(&changed) => Some("`If-Match`"),
            (true, _) | (_, true) if is_in(&read) => Some("`If-None-Match`"),
            _ => None,
        };
        if let Some(conditions) = etag {
            add_header(response, "ETag", &format!("Current version, for {conditions}."));
        }
        if pages {
            add_header(response, "Link", "Link to the next page, if there is one (RFC 8288).");
        }
    }
}

fn add_header(response: &mut Response, name: &str, description: &str) {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let header = HeaderBuilder::new().schema(Some(text)).description(Some(description)).build();
    response.headers.insert(name.to_owned(), header.into());
}

fn is_body(status: &str) -> bool {
    matches!(status, "200" | "201")
}

fn success(operation: &Operation) -> Option<&Response> {
    operation.responses.responses.iter().find_map(|(status, response)| match response {
        RefOr::T(response) if is_body(status) => Some(response),
        RefOr::T(_) | RefOr::Ref(_) => None,
    })
}

/// The reference to the schema of a response.
fn schema(response: &Response) -> Option<String> {
    response.content.values().find_map(|content| match content {
        RefOr::T(content) => match &content.schema {
            Some(RefOr::Ref(reference)) => Some(reference.ref_location.clone()),
            Some(RefOr::T(_)) | None => None,
        },
        RefOr::Ref(_) => None,
    })
}
