//! Queries of a search: SQL text with its bound values.

use diesel::deserialize::QueryableByName;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use domain::account::Scope;

use super::Search;
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::{Key, sql};

/// An account and its position in the order of creation, as a text that sorts in that order.
#[derive(QueryableByName)]
pub(super) struct Place {
    #[diesel(sql_type = Text)]
    pub(super) place: String,
    #[diesel(sql_type = sql::Key)]
    pub(super) id: Key,
}

#[derive(QueryableByName)]
pub(super) struct SqliteStep {
    #[diesel(sql_type = Text)]
    pub(super) detail: String,
}

#[derive(QueryableByName)]
pub(super) struct PostgresqlStep {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    pub(super) detail: String,
}

/// The place of accounts whose order is that of their ids.
pub(super) const BY_ID: &str = "a.id";

/// An SQL query and its bound values.
pub(super) struct Query {
    is_sqlite: bool,
    /// The SQL expression that the cursor is compared with.
    place: &'static str,
    /// The SQL expression to sort by. With `DISTINCT` it has to be a selected column.
    sort: &'static str,
    text: String,
    values: Vec<Value>,
}

pub(super) enum Value {
    Text(String),
    Key(Key),
}

impl Query {
    pub(super) fn new(tx: &StoreConnection, place: &'static str, sort: &'static str, text: &str) -> Self {
        let is_sqlite = matches!(tx, StoreConnection::Sqlite(_));
        Self { is_sqlite, place, sort, text: text.to_owned(), values: Vec::new() }
    }

    pub(super) fn push(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    pub(super) fn bind(mut self, value: Value) -> Self {
        self.values.push(value);
        let place = if self.is_sqlite { "?".to_owned() } else { format!("${}", self.values.len()) };
        self.text.push_str(&place);
        self
    }

    pub(super) fn explained(self, how: &str) -> Self {
        Self { text: format!("{how}{}", self.text), ..self }
    }

    pub(super) fn load<T>(self, tx: &mut StoreConnection) -> Result<Vec<T>, Error>
    where
        T: QueryableByName<Sqlite> + QueryableByName<Pg> + 'static,
    {
        Ok(match tx {
            StoreConnection::Sqlite(connection) => {
                let mut query = diesel::sql_query(self.text).into_boxed::<Sqlite>();
                for value in self.values {
                    query = match value {
                        Value::Text(text) => query.bind::<Text, _>(text),
                        Value::Key(key) => query.bind::<sql::Key, _>(key),
                    };
                }
                query.load(connection)?
            }
            StoreConnection::Postgresql(connection) => {
                let mut query = diesel::sql_query(self.text).into_boxed::<Pg>();
                for value in self.values {
                    query = match value {
                        Value::Text(text) => query.bind::<Text, _>(text),
                        Value::Key(key) => query.bind::<sql::Key, _>(key),
                    };
                }
                query.load(connection)?
            }
        })
    }
}

/// Adds the scope, the filters, the cursor, the sort order and the limit to a query.
pub(super) fn limited(mut query: Query, scope: &Scope, search: &Search) -> Query {
    let place = query.place;
    query = query.push(" AND a.tier <> 'platform'");
    query = match *scope {
        Scope::Platform => query,
        Scope::MasterReseller(id) => query.push(" AND a.master_reseller_id = ").bind(Value::Key(id.into())),
        Scope::Reseller(id) => query.push(" AND a.reseller_id = ").bind(Value::Key(id.into())),
        Scope::Enterprise(id) => query.push(" AND a.id = ").bind(Value::Key(id.into())),
    };
    if let Some(tier) = search.tier {
        query = query.push(" AND a.tier = ").bind(Value::Text(tier.as_str().to_owned()));
    }
    if let Some(status) = search.status {
        query = query.push(" AND a.status = ").bind(Value::Text(status.as_str().to_owned()));
    }
    let (behind, order) = if search.newest_first { ("<", "DESC") } else { (">", "ASC") };
    if let Some(after) = search.after {
        query = query.push(&format!(" AND {place} {behind} "));
        let key = Value::Key(after.into());
        query = if place == BY_ID {
            query.bind(key)
        } else {
            query.push("(SELECT row FROM account_search_rows WHERE account_id = ").bind(key).push(")")
        };
    }
    let sort = query.sort;
    query.push(&format!(" ORDER BY {sort} {order} LIMIT {}", search.limit))
}
