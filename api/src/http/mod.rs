//! What handlers take and return: bodies, queries, conditions, cursors, idempotency keys and responses.

pub mod names;
pub mod problem_response;
pub mod pieces;
pub mod answer;
pub mod query;
pub mod field;
#[expect(missing_docs, reason = "each is the nullable field of the value type of its name")]
pub mod nullable;
pub mod validation;
pub mod body;
pub mod context;
pub mod conditions;
pub mod idempotency;
pub mod page;
pub mod params;
pub mod fallback;
pub mod rate_limit;

pub use answer::Answer;
pub use body::{Body, Parsed};
pub use conditions::Conditions;
pub use context::Context;
pub use idempotency::IdempotencyKey;
pub use validation::Valid;

/// The id in the path of a request, as given.
pub type Id = actix_web::web::Path<String>;
