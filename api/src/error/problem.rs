//! The one body that all errors have: `application/problem+json` (RFC 9457, W2).

use std::borrow::Cow;

use domain::fault::Fault;
use domain::refusal::{Blocker, Blockers};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One value that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(title = "Fault of one value")]
pub struct ValueError {
    /// Where the value stands in the body: a JSON pointer (RFC 6901).
    #[schema(example = "/email", max_length = 200)]
    pub pointer: String,
    /// Stable, for programs.
    #[schema(example = "invalid_email", max_length = 60)]
    pub code: Cow<'static, str>,
    /// What is wrong with it and what to do, for people.
    #[schema(
        example = "Give one e-mail address of the form name@example.com, of at most 254 characters.",
        max_length = 500
    )]
    pub detail: String,
}

/// Something that stands in the way: an account, or what an enterprise has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BlockerView {
    /// Its id; the region of a route.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub id: String,
    /// What it is: `master_reseller`, `reseller`, `enterprise`, `route`, `pbx`, `trunk` or `user`.
    #[serde(rename = "type")]
    #[schema(example = "enterprise", max_length = 20)]
    pub kind: &'static str,
    /// Its name; the domain of a route, the location of a PBX, the address of a Teams user.
    #[schema(example = "Kiosk am Tor", max_length = 254)]
    pub name: String,
    /// Its status, the state of a route; `active` of what has none.
    #[schema(example = "active", max_length = 20)]
    pub status: &'static str,
}

/// What stands in the way of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BlockersView {
    /// The first of them, oldest first, at most 20.
    #[schema(max_items = 20)]
    pub items: Vec<BlockerView>,
    /// How many there are.
    #[schema(example = 1, minimum = 0)]
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
pub struct Problem {
    /// Names the kind of problem; the same for every occurrence of a code.
    #[serde(rename = "type")]
    #[schema(example = "/problems/not_found", format = "uri-reference", max_length = 100)]
    pub kind: String,
    /// The kind of problem in words.
    #[schema(example = "Not found", max_length = 100)]
    pub title: &'static str,
    /// The HTTP status.
    #[schema(example = 404, minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened this time and what to do.
    #[schema(example = "There is no such thing, or you can't see it.", max_length = 1000)]
    pub detail: String,
    /// Stable, for programs.
    #[schema(example = "not_found", max_length = 60)]
    pub code: &'static str,
    /// Name it when you ask support.
    #[schema(example = "req_01h455vb4pex5vsknk084sn02q", max_length = 128)]
    pub request_id: String,
    /// Every value that is wrong; empty when it is not about values.
    #[schema(max_items = 100)]
    pub errors: Vec<ValueError>,
    /// What stands in the way; `null` when nothing below does.
    pub blockers: Option<BlockersView>,
}

/// The body of an error of a token request: what RFC 6749 section 5.2 asks for, and the members of every other error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OauthError, title = "Error of a token request")]
pub struct OauthProblem {
    /// What went wrong, as OAuth 2.0 calls it.
    #[schema(example = "invalid_client", max_length = 60)]
    pub error: &'static str,
    /// What happened this time and what to do.
    #[schema(example = "Client id and secret do not go together, or the API client was revoked.", max_length = 1000)]
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
