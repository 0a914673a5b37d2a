//! Pages of lists.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::methods::LoadQuery;

/// How many rows are asked for: the least of these that is enough, or else all that is wanted. There is a prepared
/// statement for each number.
const SIZES: [i64; 6] = [2, 11, 26, 51, 101, 201];

/// The first rows of a query, at most `limit`.
///
/// The number stands in the text of the statement. If it were a bound value, PostgreSQL would have to plan without it,
/// for a tenth of the table.
pub(crate) fn page<'a, C, Q, U>(query: Q, limit: i64, connection: &mut C) -> QueryResult<Vec<U>>
where
    Limited<Q>: LoadQuery<'a, C, U>,
{
    let size = SIZES.into_iter().find(|size| *size >= limit).unwrap_or(limit);
    let mut rows = Limited(query, size).load(connection)?;
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(rows)
}

/// A query with a number of rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limited<Q>(Q, i64);

impl<Q> QueryId for Limited<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Limited<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for Limited<Q> {}

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Limited<Q> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass.reborrow())?;
        pass.push_sql(" LIMIT ");
        pass.push_sql(&self.1.to_string());
        Ok(())
    }
}
