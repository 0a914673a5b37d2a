//! What all resources share of HTTP: errors, bodies, conditions, cursors, idempotency, callers and the edge that
//! every request passes.

pub mod answer;
pub mod body;
pub mod caller;
pub mod conditions;
pub mod context;
pub mod edge;
pub mod error;
pub mod error_code;
pub mod fallback;
pub mod idempotency;
pub mod instant;
pub mod limits;
pub mod page;
pub mod params;
pub mod query;
pub mod rate_limit;
mod refused;
mod times;

pub use answer::Answer;
pub use body::{Body, Field, Members, Unknown};
pub use caller::{Actor, Caller};
pub use conditions::Conditions;
pub use context::{Context, Origin};
pub use error::{Error, Problem};
pub use error_code::ErrorCode;
pub use idempotency::Once;
