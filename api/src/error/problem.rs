//! The body that all errors have: `application/problem+json` (RFC 9457, W2).

use std::borrow::Cow;

use domain::fault::Fault;
use domain::limits;
use domain::refusal::{Blocker, Blockers};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::shown;

/// An invalid value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(title = "Fault of one value")]
#[schema(example = json!({"pointer": "/email", "code": "invalid_email", "detail": "Give one e-mail address of the form name@example.com, of at most 254 characters."}))]
pub struct ValueError {
    /// JSON pointer (RFC 6901) to the value in the request body. Empty if the whole body is meant.
    #[schema(value_type = shown::Pointer)]
    pub pointer: String,
    /// Stable error code, for programs.
    #[schema(value_type = shown::CodeName)]
    pub code: Cow<'static, str>,
    /// What is wrong with the value and how to correct it, as text for people.
    #[schema(value_type = shown::Detail)]
    pub detail: String,
}

/// An object that blocks a change: an account, or a route, PBX, trunk or user of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"type": "enterprise", "name": "Kiosk am Tor", "status": "active"}))]
pub struct BlockerView {
    /// The object's id; for a route, the code of its SBC region.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The type of the object: `master_reseller`, `reseller`, `enterprise`, `route`, `pbx`, `trunk` or `user`.
    #[serde(rename = "type")]
    #[schema(value_type = shown::Word)]
    pub kind: &'static str,
    /// The object's name; for a route its domain, for a PBX its location, for a user the Teams address.
    #[schema(value_type = shown::BlockerName)]
    pub name: String,
    /// The account's status or the route's state; `active` for objects that have neither.
    #[schema(value_type = shown::Word)]
    pub status: &'static str,
}

/// The objects that block a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BlockersView {
    /// Up to 20 of the blocking objects, oldest first.
    #[schema(value_type = ListedBlockers)]
    pub items: Vec<BlockerView>,
    /// The total number of blocking objects.
    #[schema(example = 1)]
    pub total: i64,
}

impl From<Blockers> for BlockersView {
    fn from(Blockers { listed, total }: Blockers) -> Self {
        let items = listed
            .into_iter()
            .map(|Blocker { kind, id, name, status }| BlockerView { id, kind, name, status })
            .collect();
        Self { items, total }
    }
}

/// The body of every error (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(title = "Problem")]
#[schema(example = json!({"type": "/problems/not_found", "title": "Not found", "status": 404, "detail": "The resource does not exist, or you can't see it.", "code": "not_found", "request_id": "req_01h455vb4pex5vsknk084sn02q"}))]
pub struct Problem {
    /// Path of the page that documents the error code. It is the same for every occurrence of a code.
    #[serde(rename = "type")]
    #[schema(value_type = shown::ProblemType)]
    pub kind: String,
    /// The title of the error code. It is the same for every occurrence of a code.
    #[schema(value_type = shown::ProblemTitle)]
    pub title: &'static str,
    /// The HTTP status.
    #[schema(value_type = shown::ErrorStatus)]
    pub status: u16,
    /// What happened in this request and what to do about it.
    #[schema(value_type = shown::ProblemDetail)]
    pub detail: String,
    /// Stable error code, for programs.
    #[schema(value_type = shown::CodeName)]
    pub code: &'static str,
    /// The id of the request. Give it to support when you ask about the error.
    #[schema(value_type = shown::RequestId)]
    pub request_id: String,
    /// All invalid values. Empty if the error is not about values.
    #[schema(value_type = ValueErrors)]
    pub errors: Vec<ValueError>,
    /// The objects that block the change; `null` if the error has none.
    pub blockers: Option<BlockersView>,
}

/// The body of an error of a token request: the fields that RFC 6749 section 5.2 requires, and those of every other
/// error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OauthError, title = "Error of a token request")]
#[schema(example = json!({"error": "invalid_client", "error_description": "The client id or secret is wrong, or the API client was revoked."}))]
pub struct OauthProblem {
    /// The OAuth 2.0 error code.
    #[schema(value_type = shown::CodeName)]
    pub error: &'static str,
    /// What happened in this request and what to do about it.
    #[schema(value_type = shown::ProblemDetail)]
    pub error_description: String,
    /// The fields of every other error.
    #[serde(flatten)]
    pub problem: Problem,
}

/// Creates the entry of `errors` for a fault of the value at a pointer.
#[must_use]
pub fn value_error(pointer: impl Into<String>, fault: Fault) -> ValueError {
    ValueError { pointer: pointer.into(), code: Cow::Borrowed(fault.code), detail: fault.detail }
}

type ListedBlockers = shown::Many<BlockerView, 0, { shown::items(limits::BLOCKERS_LISTED) }>;
type ValueErrors = shown::Many<ValueError, 0, { limits::ERRORS_MAX }>;
