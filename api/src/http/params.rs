//! Headers and query parameters that many operations share, for the OpenAPI document.

use utoipa::IntoParams;

use crate::shown;

/// The `If-Match` header, which makes a change conditional: see [`super::Conditions`].
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfMatch {
    /// The `ETag` from your last read. If the resource has changed since then, the request fails with 412.
    #[param(value_type = Option<shown::EntityTags>, rename = "If-Match")]
    pub if_match: Option<String>,
}

/// The `If-None-Match` header, which avoids sending a known body again: see [`super::Conditions`].
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfNoneMatch {
    /// The `ETag` that you have. If the resource is unchanged, the response is 304 without a body.
    #[param(value_type = Option<shown::EntityTags>, rename = "If-None-Match")]
    pub if_none_match: Option<String>,
}

/// The `Idempotency-Key` header: see [`super::IdempotencyKey`].
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKeyHeader {
    /// A unique text of your choice. Repeating the request with the same key and body within 24 hours returns the first
    /// response and changes nothing.
    #[param(value_type = Option<shown::IdempotencyKey>, rename = "Idempotency-Key")]
    pub idempotency_key: Option<String>,
}

/// The query parameters of a paged list: see [`super::page::Paging`].
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Maximum number of items per page.
    #[param(value_type = Option<shown::PageLimit>, example = 50)]
    pub limit: Option<i32>,
    /// The `next_cursor` of the previous page. Use it with the same filters.
    #[param(value_type = Option<shown::CursorParameter>)]
    pub cursor: Option<String>,
    /// `created_at` sorts oldest first, `-created_at` newest first.
    #[param(value_type = Option<shown::TimeOrder>, example = "created_at")]
    pub sort: Option<String>,
}
