//! Inserting and finding many rows with few statements, whose texts don't depend on how many rows they are, so that they
//! stay prepared.

use std::marker::PhantomData;
use std::ops::Range;

use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text, Timestamp};
use diesel::sqlite::Sqlite;

use super::connection::StoreConnection;
use super::key::{Key, sql};
use super::time::Instant;

/// The values that some rows have in one column.
pub(crate) enum Values<'a> {
    Keys(Vec<Option<Key>>),
    Texts(Vec<Option<&'a str>>),
    Octets(Vec<Option<&'a [u8]>>),
    Flags(Vec<bool>),
    Shorts(Vec<i16>),
    Integers(Vec<Option<i32>>),
    Longs(Vec<i64>),
    Instants(Vec<Option<Instant>>),
}

impl Values<'_> {
    const fn len(&self) -> usize {
        match self {
            Self::Keys(values) => values.len(),
            Self::Texts(values) => values.len(),
            Self::Octets(values) => values.len(),
            Self::Flags(values) => values.len(),
            Self::Shorts(values) => values.len(),
            Self::Integers(values) => values.len(),
            Self::Longs(values) => values.len(),
            Self::Instants(values) => values.len(),
        }
    }

    /// Writes the value of one row.
    fn push_one<'b>(&'b self, row: usize, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        match self {
            Self::Keys(values) => pass.push_bind_param::<Nullable<sql::Key>, _>(&values[row]),
            Self::Texts(values) => pass.push_bind_param::<Nullable<Text>, _>(&values[row]),
            Self::Octets(values) => pass.push_bind_param::<Nullable<Binary>, _>(&values[row]),
            Self::Flags(values) => pass.push_bind_param::<Bool, _>(&values[row]),
            Self::Shorts(values) => pass.push_bind_param::<SmallInt, _>(&values[row]),
            Self::Integers(values) => pass.push_bind_param::<Nullable<Integer>, _>(&values[row]),
            Self::Longs(values) => pass.push_bind_param::<BigInt, _>(&values[row]),
            Self::Instants(values) => pass.push_bind_param::<Nullable<Timestamp>, _>(&values[row]),
        }
    }
}

/// Names and values of the columns of some rows: `columns!(accounts; id: Keys = |account| …, …)`.
///
/// Each expression gives the value of one row; `Option` where the values are optional.
macro_rules! columns {
    ($rows:expr; $($name:ident: $kind:ident = $value:expr),+ $(,)?) => {
        vec![$((stringify!($name), $crate::store::rows::Values::$kind($rows.iter().map($value).collect()))),+]
    };
}
pub(crate) use columns;

/// Inserts rows into a table: on PostgreSQL with one statement, whose text depends on how many they are and which is not
/// kept. For tables that rarely get many rows at once.
macro_rules! insert_all {
    ($tx:expr, $table:expr, $rows:expr) => {
        match $tx {
            $crate::store::connection::StoreConnection::Postgresql(connection) => {
                diesel::insert_into($table).values($rows).execute(connection).map(drop)
            }
            $crate::store::connection::StoreConnection::Sqlite(connection) => $rows
                .into_iter()
                .try_for_each(|row| diesel::insert_into($table).values(row).execute(connection).map(drop)),
        }
    };
}
pub(crate) use insert_all;

/// How many rows SQLite inserts with one statement: as many as fit, of these.
const ROWS_AT_ONCE: [usize; 4] = [64, 16, 4, 1];

/// Inserts rows into a table: on PostgreSQL with one statement, on SQLite with few. If one row can't be inserted, the
/// transaction must be rolled back.
pub(crate) fn insert(
    tx: &mut StoreConnection,
    table: &'static str,
    columns: Vec<(&'static str, Values<'_>)>,
) -> QueryResult<usize> {
    let rows = columns.first().map_or(0, |(_, values)| values.len());
    match tx {
        _ if rows == 0 => {}
        StoreConnection::Postgresql(connection) => return Insert { table, columns }.execute(connection),
        StoreConnection::Sqlite(connection) => {
            let mut first = 0;
            for size in ROWS_AT_ONCE {
                while first + size <= rows {
                    InsertSome { table, columns: &columns, rows: first..first + size }.execute(connection)?;
                    first += size;
                }
            }
        }
    }
    Ok(rows)
}

/// Inserts the rows at some places of those that are given.
struct InsertSome<'a> {
    table: &'static str,
    columns: &'a [(&'static str, Values<'a>)],
    rows: Range<usize>,
}

impl QueryId for InsertSome<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<SqliteConnection> for InsertSome<'_> {}

impl QueryFragment<Sqlite> for InsertSome<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        push_head(self.table, self.columns, pass.reborrow());
        for row in self.rows.clone() {
            pass.push_sql(if row == self.rows.start { ") VALUES (" } else { "), (" });
            for (number, (_, values)) in self.columns.iter().enumerate() {
                if number > 0 {
                    pass.push_sql(", ");
                }
                values.push_one(row, pass.reborrow())?;
            }
        }
        pass.push_sql(")");
        Ok(())
    }
}

/// Inserts all rows.
struct Insert<'a> {
    table: &'static str,
    columns: Vec<(&'static str, Values<'a>)>,
}

impl QueryId for Insert<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for Insert<'_> {}

impl QueryFragment<Pg> for Insert<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        push_head(self.table, &self.columns, pass.reborrow());
        pass.push_sql(") SELECT * FROM ");
        push_rows(&self.columns, pass)
    }
}

/// Writes the beginning of a statement that inserts rows, up to the last column.
fn push_head<DB: Backend>(table: &str, columns: &[(&'static str, Values<'_>)], mut pass: AstPass<'_, '_, DB>) {
    pass.push_sql("INSERT INTO ");
    pass.push_sql(table);
    for (number, (name, _)) in columns.iter().enumerate() {
        pass.push_sql(if number == 0 { " (" } else { ", " });
        pass.push_sql(name);
    }
}

/// Rows of a table that have certain values in some columns. Each is looked up by itself: for `a = ANY(…) AND b = ANY(…)`,
/// PostgreSQL could read every row that has one of the values in `a`.
pub(crate) struct Find<'a, Selected> {
    /// What is selected of each row that is found, which is called `one`.
    select: &'static str,
    table: &'static str,
    values: Vec<(&'static str, Values<'a>)>,
    selected: PhantomData<Selected>,
}

impl<'a, Selected> Find<'a, Selected> {
    /// Finds the rows with these values, and selects `select` of each, which is called `one` there.
    pub(crate) const fn new(
        select: &'static str,
        table: &'static str,
        values: Vec<(&'static str, Values<'a>)>,
    ) -> Self {
        Self { select, table, values, selected: PhantomData }
    }
}

impl<Selected> QueryId for Find<'_, Selected> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Selected> Query for Find<'_, Selected> {
    type SqlType = Selected;
}

impl<Selected> RunQueryDsl<PgConnection> for Find<'_, Selected> {}

impl<Selected> QueryFragment<Pg> for Find<'_, Selected> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql("SELECT ");
        pass.push_sql(self.select);
        pass.push_sql(" FROM ");
        push_rows(&self.values, pass.reborrow())?;
        pass.push_sql(" AS asked (");
        for (number, (name, _)) in self.values.iter().enumerate() {
            pass.push_sql(if number == 0 { "" } else { ", " });
            pass.push_sql(name);
        }
        pass.push_sql(") CROSS JOIN LATERAL (SELECT * FROM ");
        pass.push_sql(self.table);
        pass.push_sql(" AS one WHERE ");
        for (number, (name, _)) in self.values.iter().enumerate() {
            pass.push_sql(if number == 0 { "one." } else { " AND one." });
            pass.push_sql(name);
            pass.push_sql(" = asked.");
            pass.push_sql(name);
        }
        pass.push_sql(" OFFSET 0) AS one");
        Ok(())
    }
}

/// Writes rows with these columns, of which each is one bound array.
fn push_rows<'b>(columns: &'b [(&'static str, Values<'b>)], mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    pass.push_sql("unnest(");
    for (number, (_, values)) in columns.iter().enumerate() {
        if number > 0 {
            pass.push_sql(", ");
        }
        match values {
            Values::Keys(values) => pass.push_bind_param::<Array<Nullable<sql::Key>>, _>(values)?,
            Values::Texts(values) => pass.push_bind_param::<Array<Nullable<Text>>, _>(values)?,
            Values::Octets(values) => pass.push_bind_param::<Array<Nullable<Binary>>, _>(values)?,
            Values::Flags(values) => pass.push_bind_param::<Array<Bool>, _>(values)?,
            Values::Shorts(values) => pass.push_bind_param::<Array<SmallInt>, _>(values)?,
            Values::Integers(values) => pass.push_bind_param::<Array<Nullable<Integer>>, _>(values)?,
            Values::Longs(values) => pass.push_bind_param::<Array<BigInt>, _>(values)?,
            Values::Instants(values) => pass.push_bind_param::<Array<Nullable<Timestamp>>, _>(values)?,
        }
    }
    pass.push_sql(")");
    Ok(())
}
