//! Parameters that many operations share, as the OpenAPI document shows them.

use utoipa::IntoParams;

use crate::shown;

/// Makes a change conditional: see [`super::Conditions`].
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfMatch {
    /// The `ETag` that you read: nothing is done if somebody has changed it since.
    #[param(value_type = Option<shown::EntityTags>, rename = "If-Match")]
    pub if_match: Option<String>,
}

/// Saves an answer that is known: see [`super::Conditions`].
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfNoneMatch {
    /// The `ETag` that you have: 304 if it is still the same.
    #[param(value_type = Option<shown::EntityTags>, rename = "If-None-Match")]
    pub if_none_match: Option<String>,
}

/// Names a request: see [`super::IdempotencyKey`].
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKeyHeader {
    /// Any text of yours that names this request. The same key and body within 24 hours give the first answer again.
    #[param(value_type = Option<shown::IdempotencyKey>, rename = "Idempotency-Key")]
    pub idempotency_key: Option<String>,
}

/// Says which page of a list is wanted: see [`super::page::Paging`].
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many on a page.
    #[param(value_type = Option<shown::PageLimit>, example = 50)]
    pub limit: Option<i32>,
    /// `next_cursor` of the page before, with the same filters.
    #[param(value_type = Option<shown::CursorParameter>)]
    pub cursor: Option<String>,
    /// `created_at`, oldest first, or `-created_at`, newest first.
    #[param(value_type = Option<shown::TimeOrder>, example = "created_at")]
    pub sort: Option<String>,
}
