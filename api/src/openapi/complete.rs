//! Adds to the document what follows from the shape of an operation, so that handlers need not repeat it: the problems
//! that the edge and the body parser can return, and the form of every problem.

use std::collections::BTreeSet;

use serde_json::json;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Paths, Ref, RefOr, Response, Schema};

use crate::error::ErrorCode;
use crate::openapi::parameters;

/// Adds security schemes, required fields and problems.
pub(super) fn complete(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for operation in parameters::operations(item) {
            let signed_in = || vec![SecurityRequirement::new("bearer", Vec::<String>::new())];
            operation.security.get_or_insert_with(signed_in);
            add_problems(operation);
            parameters::add_responses(operation);
            describe_problems(operation);
        }
    }
    let requests = request_schemas(&document.paths);
    let Some(components) = &mut document.components else { return };
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "The `access_token` from `POST /auth/login`, `POST /auth/refresh` or `POST /oauth/token`: a JWT according \
             to RFC 9068 and RFC8725.",
        ))
        .build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let basic = HttpBuilder::new()
        .scheme(HttpAuthScheme::Basic)
        .description(Some("The id of an API client as the user name and its secret as the password."))
        .build();
    components.add_security_scheme("client", SecurityScheme::Http(basic));
    for (name, schema) in &mut components.schemas {
        let RefOr::T(Schema::Object(object)) = schema else { continue };
        if requests.contains(name) {
            // Unknown fields are refused (W1).
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        } else if !object.properties.is_empty() {
            // Response fields are always present; those without a value are null (W1).
            object.required = object.properties.keys().cloned().collect();
        }
    }
}

/// The names of the schemas of request bodies.
fn request_schemas(paths: &Paths) -> BTreeSet<String> {
    let operations = paths.paths.values().flat_map(|item| [&item.get, &item.post, &item.patch, &item.delete]).flatten();
    let bodies = operations.filter_map(|operation| match &operation.request_body {
        Some(RefOr::T(body)) => Some(body.content.values()),
        Some(RefOr::Ref(_)) | None => None,
    });
    let named = |schema: &RefOr<Schema>| match schema {
        RefOr::Ref(reference) => reference.ref_location.rsplit('/').next().map(str::to_owned),
        RefOr::T(_) => None,
    };
    bodies
        .flatten()
        .filter_map(|content| match content {
            RefOr::T(content) => content.schema.as_ref(),
            RefOr::Ref(_) => None,
        })
        .flat_map(|schema| match schema {
            // The schema of an optional body is a choice with `null`.
            RefOr::T(Schema::OneOf(choices)) => choices.items.iter().filter_map(named).collect(),
            schema => named(schema).into_iter().collect::<Vec<_>>(),
        })
        .collect()
}

fn add_problems(operation: &mut Operation) {
    let signed_in = operation
        .security
        .as_ref()
        .is_some_and(|security| security.iter().all(|requirement| *requirement != SecurityRequirement::default()));
    let parameters = operation.parameters.iter().flatten();
    let has = |place| parameters.clone().any(|known| matches!(known, RefOr::T(known) if known.parameter_in == place));
    let is_json = operation.request_body.as_ref().is_some_and(|body| match body {
        RefOr::T(body) => body.content.contains_key("application/json"),
        RefOr::Ref(_) => true,
    });
    let (path, query, header, body) =
        (has(ParameterIn::Path), has(ParameterIn::Query), has(ParameterIn::Header), operation.request_body.is_some());
    let mut add = |status: &str, description: &str| {
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(Response::new(description)));
    };
    add(
        "400",
        match (body, query, header) {
            (true, _, _) => "`malformed_json`, `invalid_header`: the request can't be parsed.",
            (_, true, _) => "`invalid_parameter`, `invalid_cursor`: see `detail`.",
            (_, _, true) => "`invalid_header`: see `detail`.",
            _ => "`bad_request`: the request is not valid HTTP.",
        },
    );
    if signed_in {
        add("401", "`not_signed_in`: the access token is missing, invalid or expired.");
        add(
            "403",
            "`forbidden`, `account_not_operating`, `address_not_allowed`, `second_factor_required`, `password_change_required`: the caller may \
             not do this.",
        );
    }
    if path {
        add("404", "`not_found`: the resource does not exist, or the caller can't see it.");
    }
    if body {
        add("408", "`request_timeout`: the body took too long to arrive.");
        add("413", "`body_too_large`: the body is too large.");
    }
    if is_json {
        add("415", "`unsupported_media_type`: the `Content-Type` is not JSON.");
        add("422", "`validation_failed`: `errors` lists all invalid values.");
    }
    add("429", "`rate_limited`: see `Retry-After`.");
    add("431", "`headers_too_large`: the headers are too many or too large.");
    add("500", "`internal_error`: the service failed; nothing was changed.");
    add("503", "`unavailable`: try again in a moment.");
}

/// Adds schema and example to every problem. The example is for the first code that the description names.
fn describe_problems(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if !status.starts_with(['4', '5']) {
            continue;
        }
        let named = |code: &&ErrorCode| {
            code.status().to_string() == *status && response.description.contains(&format!("`{}`", code.as_str()))
        };
        // Errors of token requests have the form of OAuth 2.0.
        let Some(code) = ErrorCode::ALL.iter().find(named).filter(|code| !code.is_oauth()) else { continue };
        let example = json!({
            "type": format!("/problems/{}", code.as_str()),
            "title": code.title(),
            "status": code.status(),
            "detail": code.title(),
            "code": code.as_str(),
            "request_id": "req_01h455vb4pex5vsknk084sn02q",
            "errors": [],
            "blockers": null,
        });
        let mut content = Content::new(Some(RefOr::Ref(Ref::from_schema_name("Problem"))));
        content.example = Some(example);
        response.content.insert("application/problem+json".to_owned(), RefOr::T(content));
    }
}
