//! The allowed methods of every path: the operations of the OpenAPI document, and the pages that it does not have.

use std::collections::HashSet;
use std::sync::LazyLock;

use actix_web::http::Method;
use actix_web::web::Data;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};

use crate::http::fallback::AllowedMethods;
use crate::openapi;
use crate::site::pages;

/// Paths that are neither in the document nor in [`pages::PATHS`]. All of them are read-only.
const OTHERS: [&str; 6] =
    ["/openapi.yaml", "/openapi.json", "/swagger-ui", "/swagger-ui/{file:.*}", "/demo/mail", "/demo/mail/{number}"];

/// Computed once per process, because it needs the whole document.
static ALLOWED: LazyLock<Data<AllowedMethods>> = LazyLock::new(|| {
    let documented = openapi::aside(documented);
    let documented: Vec<_> = documented.lines().map(|line| line.split('\t').collect::<Vec<_>>()).collect();
    let mut paths = Vec::new();
    let mut with_query = HashSet::new();
    for columns in &documented {
        if let [path, allow, asking @ ..] = columns.as_slice() {
            paths.push((*path, (*allow).to_owned()));
            let methods = asking.iter().filter_map(|name| Method::from_bytes(name.as_bytes()).ok());
            with_query.extend(methods.map(|method| (method, (*path).to_owned())));
        }
    }
    let pages = pages::PATHS.iter().chain(&OTHERS).map(|path| (*path, "GET, HEAD, OPTIONS".to_owned()));
    Data::new(AllowedMethods::new(paths.into_iter().chain(pages), with_query))
});

/// The allowed methods of every path.
pub(super) fn allowed_methods() -> Data<AllowedMethods> {
    Data::clone(&ALLOWED)
}

/// One line per path of the document: the path, the allowed methods, and each method that has query parameters, separated
/// by tabs.
fn documented() -> String {
    let document = openapi::annotated();
    let lines = document.paths.paths.iter().map(|(path, item)| {
        let methods = [
            ("GET, HEAD, ", item.get.is_some()),
            ("POST, ", item.post.is_some()),
            ("PATCH, ", item.patch.is_some()),
            ("DELETE, ", item.delete.is_some()),
        ];
        let present: String = methods.into_iter().filter(|(_, present)| *present).map(|(name, _)| name).collect();
        let operations = [("GET", &item.get), ("POST", &item.post), ("PATCH", &item.patch), ("DELETE", &item.delete)];
        let asks = |operation: &Operation| operation.parameters.iter().flatten().any(is_in_query);
        let asking = operations.into_iter().filter(|(_, operation)| operation.as_ref().is_some_and(asks));
        let columns = [path.clone(), format!("{present}OPTIONS")].into_iter();
        let columns: Vec<_> = columns.chain(asking.map(|(method, _)| method.to_owned())).collect();
        columns.join("\t") + "\n"
    });
    lines.collect()
}

fn is_in_query(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if matches!(parameter.parameter_in, ParameterIn::Query))
}
