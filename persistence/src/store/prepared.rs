//! Queries whose prepared statement is kept without a second thought.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A query of which no part depends on how much is bound. Before diesel uses a statement that it has kept, it goes over all of
/// the query to see whether it may, each time anew; of an insert that is as much work as binding its values.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct Prepared<Q>(pub(crate) Q);

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for Prepared<Q> {}

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, backend: &DB) -> QueryResult<bool> {
        debug_assert!(
            self.0.is_safe_to_cache_prepared(backend)?,
            "a statement for each number of values would be kept"
        );
        Ok(true)
    }
}
