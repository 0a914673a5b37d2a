//! Queries whose prepared statement is cached without diesel's check.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};

/// A query whose SQL text does not depend on the number of bound values. Before diesel uses a cached statement, it
/// walks the whole query to check that it may; for an insert, this costs as much as binding the values. This wrapper
/// skips that check.
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

/// The SQL text of a query part that has no bound values.
pub(crate) fn text<DB: Backend + Default>(part: &impl QueryFragment<DB>) -> String
where
    DB::QueryBuilder: Default,
{
    let mut builder = DB::QueryBuilder::default();
    part.to_sql(&mut builder, &DB::default()).expect("names of tables and columns are written without a connection");
    builder.finish()
}
