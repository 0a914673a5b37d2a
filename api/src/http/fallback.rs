//! Requests that no operation takes: 404, 405 with `Allow`, and OPTIONS.

use actix_web::dev::ResourceDef;
use actix_web::http::{Method, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use domain::refusal::Refusal;
use utoipa::openapi::OpenApi;

use super::error::Error;
use super::error_code::ErrorCode;

/// The methods of every path.
pub struct Methods(Vec<(ResourceDef, String)>);

impl Methods {
    /// Those of the document, and GET of the paths that it leaves out.
    #[must_use]
    pub fn new(documented: &[(String, String)], pages: &[&str]) -> Self {
        let documented = documented.iter().map(|(path, names)| (ResourceDef::new(path.as_str()), names.clone()));
        let pages = pages.iter().map(|path| (ResourceDef::new(*path), "GET, HEAD, OPTIONS".to_owned()));
        Self(documented.chain(pages).collect())
    }

    /// Each path of the document, with the names of its methods.
    #[must_use]
    pub fn documented(document: &OpenApi) -> Vec<(String, String)> {
        document
            .paths
            .paths
            .iter()
            .map(|(path, item)| {
                let mut names = Vec::new();
                let present = [
                    ("GET, HEAD", item.get.is_some()),
                    ("POST", item.post.is_some()),
                    ("PATCH", item.patch.is_some()),
                    ("DELETE", item.delete.is_some()),
                ];
                names.extend(present.into_iter().filter(|(_, present)| *present).map(|(name, _)| name));
                names.push("OPTIONS");
                (path.clone(), names.join(", "))
            })
            .collect()
    }
}

/// Answers them.
pub async fn answer(request: HttpRequest, methods: Data<Methods>) -> Result<HttpResponse, Error> {
    let path = request.path();
    let Some((_, allow)) = methods.0.iter().find(|(pattern, _)| pattern.is_match(path)) else {
        return Err(Refusal::NotFound.into());
    };
    if request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((header::ALLOW, allow.as_str())).finish());
    }
    let detail = format!("This path takes {allow}.");
    Err(Error::new(ErrorCode::MethodNotAllowed, detail).header(header::ALLOW, allow.clone()))
}
