//! The one body that all errors have: `application/problem+json` (RFC 9457, W2).

use std::borrow::Cow;

use domain::fault::Fault;
use domain::limits;
use domain::refusal::{Blocker, Blockers};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::shown;

/// One value that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(title = "Fault of one value")]
#[schema(example = json!({"pointer": "/email", "code": "invalid_email", "detail": "Give one e-mail address of the form name@example.com, of at most 254 characters."}))]
pub struct ValueError {
    /// Where the value stands in the body: a JSON pointer (RFC 6901).
    #[schema(value_type = shown::Pointer)]
    pub pointer: String,
    /// Stable, for programs.
    #[schema(value_type = shown::CodeName)]
    pub code: Cow<'static, str>,
    /// What is wrong with it and what to do, for people.
    #[schema(value_type = shown::Detail)]
    pub detail: String,
}

/// Something that stands in the way: an account, or what an enterprise has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"type": "enterprise", "name": "Kiosk am Tor", "status": "active"}))]
pub struct BlockerView {
    /// Its id; the region of a route.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// What it is: `master_reseller`, `reseller`, `enterprise`, `route`, `pbx`, `trunk` or `user`.
    #[serde(rename = "type")]
    #[schema(value_type = shown::Word)]
    pub kind: &'static str,
    /// Its name; the domain of a route, the location of a PBX, the address of a Teams user.
    #[schema(value_type = shown::BlockerName)]
    pub name: String,
    /// Its status, the state of a route; `active` of what has none.
    #[schema(value_type = shown::Word)]
    pub status: &'static str,
}

/// What stands in the way of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BlockersView {
    /// The first of them, oldest first, at most 20.
    #[schema(value_type = ListedBlockers)]
    pub items: Vec<BlockerView>,
    /// How many there are.
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
#[schema(example = json!({"type": "/problems/not_found", "title": "Not found", "status": 404, "detail": "There is no such thing, or you can't see it.", "code": "not_found", "request_id": "req_01h455vb4pex5vsknk084sn02q"}))]
pub struct Problem {
    /// Names the kind of problem; the same for every occurrence of a code.
    #[serde(rename = "type")]
    #[schema(value_type = shown::ProblemType)]
    pub kind: String,
    /// The kind of problem in words.
    #[schema(value_type = shown::ProblemTitle)]
    pub title: &'static str,
    /// The HTTP status.
    #[schema(value_type = shown::ErrorStatus)]
    pub status: u16,
    /// What happened this time and what to do.
    #[schema(value_type = shown::ProblemDetail)]
    pub detail: String,
    /// Stable, for programs.
    #[schema(value_type = shown::CodeName)]
    pub code: &'static str,
    /// Name it when you ask support.
    #[schema(value_type = shown::RequestId)]
    pub request_id: String,
    /// Every value that is wrong; empty when it is not about values.
    #[schema(value_type = ValueErrors)]
    pub errors: Vec<ValueError>,
    /// What stands in the way; `null` when nothing below does.
    pub blockers: Option<BlockersView>,
}

/// The body of an error of a token request: what RFC 6749 section 5.2 asks for, and the members of every other error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OauthError, title = "Error of a token request")]
#[schema(example = json!({"error": "invalid_client", "error_description": "Client id and secret do not go together, or the API client was revoked."}))]
pub struct OauthProblem {
    /// What went wrong, as OAuth 2.0 calls it.
    #[schema(value_type = shown::CodeName)]
    pub error: &'static str,
    /// What happened this time and what to do.
    #[schema(value_type = shown::ProblemDetail)]
    pub error_description: String,
    /// The members of every other error.
    #[serde(flatten)]
    pub problem: Problem,
}

/// A fault of the value at a pointer.
#[must_use]
pub fn value_error(pointer: impl Into<String>, fault: Fault) -> ValueError {
    ValueError { pointer: pointer.into(), code: Cow::Borrowed(fault.code), detail: fault.detail }
}

/// The blockers that are listed.
type ListedBlockers = shown::Many<BlockerView, 0, { shown::items(limits::BLOCKERS_LISTED) }>;

/// The wrong values that are listed.
type ValueErrors = shown::Many<ValueError, 0, { limits::ERRORS_MAX }>;
