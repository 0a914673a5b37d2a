//! Adds what follows from the path, method and headers of an operation: what the ids of the path mean, the responses of
//! conditional and repeated requests, and the media type of merge patches.

use serde_json::json;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::{ObjectBuilder, OpenApi, RefOr, Required, Response, Type};

/// Completes the parameters and bodies of all operations.
pub(super) fn complete(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        if let Some(patch) = &mut item.patch {
            add_merge_patch(patch);
        }
        for operation in operations(item) {
            describe_ids(operation, path);
        }
    }
}

/// The operations of a path.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten()
}

/// Every PATCH takes its body as a merge patch too (RFC 7396).
fn add_merge_patch(patch: &mut Operation) {
    if let Some(RefOr::T(body)) = &mut patch.request_body
        && let Some(content) = body.content.get("application/json").cloned()
    {
        body.content.insert("application/merge-patch+json".to_owned(), content);
    }
}

/// Describes the ids of the path and puts its parameters first, in the order of the path.
fn describe_ids(operation: &mut Operation, path: &str) {
    let named = |parameter: &RefOr<Parameter>, name: &str| matches!(parameter, RefOr::T(known) if known.name == name);
    let mut others = operation.parameters.take().unwrap_or_default();
    let mut parameters = Vec::new();
    for name in path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')) {
        let known = others.iter().position(|parameter| named(parameter, name)).map(|index| others.remove(index));
        let id = name
            .strip_suffix("_id")
            .filter(|_| !matches!(&known, Some(RefOr::T(known)) if known.description.is_some()));
        parameters.extend(id.map(|resource| RefOr::T(id_parameter(name, resource))).or(known));
    }
    parameters.append(&mut others);
    operation.parameters = Some(parameters).filter(|parameters| !parameters.is_empty());
}

/// The parameter for the id of a resource, whose prefix is given.
fn id_parameter(name: &str, prefix: &str) -> Parameter {
    let resource = match prefix {
        "pbx" => "PBX",
        "client" => "API client",
        "adjustment" => "correction",
        "master_reseller" => "master reseller",
        other => other,
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(format!("The id of the {resource}.")))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .example(Some(json!(format!("{prefix}_01h455vb4pex5vsknk084sn02q"))))
        .build()
}

/// Whether an operation takes a parameter of this name.
pub(super) fn takes(operation: &Operation, name: &str) -> bool {
    let is = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(parameter) if parameter.name == name);
    operation.parameters.iter().flatten().any(is)
}

/// Adds the responses that follow from the headers.
pub(super) fn add_responses(operation: &mut Operation) {
    let conditional = [
        ("If-None-Match", "304", "Not modified: the `ETag` in `If-None-Match` is still current."),
        ("If-Match", "412", "`precondition_failed`: the resource has changed since you read it."),
        ("Idempotency-Key", "409", "`idempotency_key_in_use`: the first request with this key is still running."),
        ("Idempotency-Key", "422", "`idempotency_key_reused`: an earlier request with this key was different."),
    ];
    for (header, status, description) in conditional {
        if !takes(operation, header) {
            continue;
        }
        match operation.responses.responses.get_mut(status) {
            Some(RefOr::T(response)) => {
                response.description = format!("{} {description}", response.description);
            }
            Some(RefOr::Ref(_)) => {}
            None => {
                let _ = operation.responses.responses.insert(status.to_owned(), Response::new(description).into());
            }
        }
    }
}
