//! The allowed methods of every path: the operations of the OpenAPI document, and the pages that it does not have.

use std::sync::LazyLock;

use actix_web::web::Data;

use crate::http::fallback::AllowedMethods;
use crate::openapi;
use crate::site::pages;

/// Paths that are neither in the document nor in [`pages::PATHS`]. All of them are read-only.
const OTHERS: [&str; 6] =
    ["/openapi.yaml", "/openapi.json", "/swagger-ui", "/swagger-ui/{file:.*}", "/demo/mail", "/demo/mail/{number}"];

/// Computed once per process, because it needs the whole document.
static ALLOWED: LazyLock<Data<AllowedMethods>> = LazyLock::new(|| {
    let documented = openapi::aside(documented);
    let documented = documented.lines().filter_map(|line| line.split_once('\t'));
    let documented = documented.map(|(path, allow)| (path, allow.to_owned()));
    let pages = pages::PATHS.iter().chain(&OTHERS).map(|path| (*path, "GET, HEAD, OPTIONS".to_owned()));
    Data::new(AllowedMethods::new(documented.chain(pages)))
});

/// The allowed methods of every path.
pub(super) fn allowed_methods() -> Data<AllowedMethods> {
    Data::clone(&ALLOWED)
}

/// One line per path of the document: the path, a tab, and the allowed methods.
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
        format!("{path}\t{present}OPTIONS\n")
    });
    lines.collect()
}
