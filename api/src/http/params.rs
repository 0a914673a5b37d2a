//! Parameters that many operations share, as the OpenAPI document shows them.

use utoipa::IntoParams;

/// Makes a change conditional: see [`super::Conditions`].
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfMatch {
    /// The `ETag` that you read: nothing is done if somebody has changed it since.
    #[param(
        rename = "If-Match",
        max_length = 16_384,
        pattern = r#"^(\*|(W/)?"[\x21\x23-\x7e]*"( *, *(W/)?"[\x21\x23-\x7e]*")*)$"#
    )]
    pub if_match: Option<String>,
}

/// Saves an answer that is known: see [`super::Conditions`].
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfNoneMatch {
    /// The `ETag` that you have: 304 if it is still the same.
    #[param(
        rename = "If-None-Match",
        max_length = 16_384,
        pattern = r#"^(\*|(W/)?"[\x21\x23-\x7e]*"( *, *(W/)?"[\x21\x23-\x7e]*")*)$"#
    )]
    pub if_none_match: Option<String>,
}

/// Names a request: see [`super::Once`].
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKey {
    /// Any text of yours that names this request. The same key and body within 24 hours give the first answer again.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255, pattern = r"^[\x21-\x7e]+$")]
    pub idempotency_key: Option<String>,
}

/// Says which page of a list is wanted: see [`super::page::Paging`].
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many on a page.
    #[param(minimum = 1, maximum = 200, example = 50)]
    pub limit: Option<i32>,
    /// `next_cursor` of the page before, with the same filters.
    #[param(min_length = 1, max_length = 60, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: Option<String>,
    /// `created_at`, oldest first, or `-created_at`, newest first.
    #[param(max_length = 20, pattern = "^-?created_at$", example = "created_at")]
    pub sort: Option<String>,
}
