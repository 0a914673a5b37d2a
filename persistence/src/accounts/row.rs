//! The row of an account, joined with its ancestors and its latest activation e-mail.

use std::sync::OnceLock;

use diesel::backend::Backend;
use diesel::dsl;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};
use diesel::query_dsl::methods::FilterDsl;
use diesel::sqlite::Sqlite;
use domain::account::{Account, Activation, Tier};
use domain::delivery::Delivery;
use domain::services::Services;
use domain::status::Status;
use domain::values::email::EmailAddress;

use crate::schema::{accounts, activations, outbox};
use crate::store::connection::MultiBackend;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::time::{Instant, instant};

// The master reseller and the reseller above an account.
diesel::alias! {
    pub(crate) const MASTER: Alias<Master> = accounts as master;
    pub(crate) const RESELLER: Alias<Reseller> = accounts as reseller;
}

/// The columns of an account itself.
#[derive(Queryable)]
pub(crate) struct AccountRow {
    id: Key,
    tier: String,
    master_reseller_id: Option<Key>,
    reseller_id: Option<Key>,
    name: String,
    email: String,
    billing_reference: Option<String>,
    service_pbx: bool,
    service_trunk: bool,
    status: String,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
    activated_at: Option<Instant>,
    closed_at: Option<Instant>,
}

/// An account, the statuses of the master reseller and reseller above it, and its latest activation e-mail.
pub(crate) type Row = (AccountRow, Option<String>, Option<String>, Option<(Instant, String, Option<Instant>)>);

/// The query for accounts with all joined tables. The caller adds filters, order and limit.
#[dsl::auto_type]
pub(crate) fn query() -> _ {
    accounts::table
        .left_join(MASTER.on(MASTER.field(accounts::id).nullable().eq(accounts::master_reseller_id)))
        .left_join(RESELLER.on(RESELLER.field(accounts::id).nullable().eq(accounts::reseller_id)))
        .left_join(activations::table.on(activations::account_id.eq(accounts::id)))
        .left_join(outbox::table.on(outbox::id.nullable().eq(activations::message_id.nullable())))
        .select(Columns)
}

/// The columns of a [`Row`].
#[dsl::auto_type]
fn columns() -> _ {
    (
        (
            accounts::id,
            accounts::tier,
            accounts::master_reseller_id,
            accounts::reseller_id,
            accounts::name,
            accounts::email,
            accounts::billing_reference,
            accounts::service_pbx,
            accounts::service_trunk,
            accounts::status,
            accounts::version,
            accounts::created_at,
            accounts::updated_at,
            accounts::activated_at,
            accounts::closed_at,
        ),
        MASTER.field(accounts::status).nullable(),
        RESELLER.field(accounts::status).nullable(),
        (activations::expires_at, outbox::state, outbox::sent_at).nullable(),
    )
}

/// The columns of a [`Row`], with their SQL text cached. Diesel walks all columns of a query several times per
/// execution, which takes as long as SQLite needs to find an account.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct Columns;

impl Expression for Columns {
    type SqlType = <columns as Expression>::SqlType;
}

impl<QS> AppearsOnTable<QS> for Columns where columns: AppearsOnTable<QS> {}
impl<QS> SelectableExpression<QS> for Columns where columns: SelectableExpression<QS> {}

impl ValidGrouping<()> for Columns {
    type IsAggregate = is_aggregate::No;
}

impl QueryFragment<Sqlite> for Columns {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        static TEXT: OnceLock<String> = OnceLock::new();
        pass.push_sql(TEXT.get_or_init(|| text::<Sqlite>(&columns())));
        Ok(())
    }
}

impl QueryFragment<Pg> for Columns {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        static TEXT: OnceLock<String> = OnceLock::new();
        pass.push_sql(TEXT.get_or_init(|| look_up_messages(&text::<Pg>(&columns()))));
        Ok(())
    }
}

impl QueryFragment<MultiBackend> for Columns {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        static COLUMNS: OnceLock<columns> = OnceLock::new();
        COLUMNS.get_or_init(columns).walk_ast(pass)
    }
}

/// The columns with each column of the outbox looked up by itself, in place of the join, which PostgreSQL then leaves out.
/// While the outbox is small, it would be read as a whole for each account.
fn look_up_messages(columns: &str) -> String {
    let mut columns = columns.to_owned();
    for column in ["state", "sent_at"] {
        columns = columns.replace(
            &format!(r#""outbox"."{column}""#),
            &format!("(SELECT message.{column} FROM outbox AS message WHERE message.id = activations.message_id)"),
        );
    }
    columns
}

/// [`query()`] with one condition and no order. Its SQL text is cached except for the condition.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct QueryWhere<E>(E);

/// The query for accounts that meet a condition. The condition may only use tables of [`query()`]; with others the
/// query fails when it is executed.
pub(crate) fn query_where<E>(condition: E) -> QueryWhere<E>
where
    query: FilterDsl<E>,
{
    QueryWhere(condition)
}

impl<E> Query for QueryWhere<E> {
    type SqlType = <columns as Expression>::SqlType;
}

impl<E: QueryFragment<Sqlite>> QueryFragment<Sqlite> for QueryWhere<E> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        static TEXT: OnceLock<String> = OnceLock::new();
        pass.push_sql(TEXT.get_or_init(|| text::<Sqlite>(&query())));
        pass.push_sql(" WHERE ");
        self.0.walk_ast(pass)
    }
}

impl<E: QueryFragment<Pg>> QueryFragment<Pg> for QueryWhere<E> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        static TEXT: OnceLock<String> = OnceLock::new();
        pass.push_sql(TEXT.get_or_init(|| text::<Pg>(&query())));
        pass.push_sql(" WHERE ");
        self.0.walk_ast(pass)
    }
}

/// The SQL text of a query part that has no bound values.
fn text<DB: Backend + Default>(part: &impl QueryFragment<DB>) -> String
where
    DB::QueryBuilder: Default,
{
    let mut builder = DB::QueryBuilder::default();
    part.to_sql(&mut builder, &DB::default()).expect("names of tables and columns are written without a connection");
    builder.finish()
}

/// Converts a row into an account.
pub(crate) fn account((own, master, reseller, activation): Row) -> Result<Account, Error> {
    let AccountRow {
        id,
        tier,
        master_reseller_id,
        reseller_id,
        name,
        email,
        billing_reference,
        service_pbx,
        service_trunk,
        status,
        version,
        created_at,
        updated_at,
        activated_at,
        closed_at,
    } = own;
    let active = Status::Active.as_str();
    Ok(Account {
        id: id.id(),
        tier: Tier::parse(&tier).ok_or_else(|| Error::Corrupt(format!("tier {tier:?}")))?,
        master_reseller_id: master_reseller_id.map(Key::id),
        reseller_id: reseller_id.map(Key::id),
        name,
        email: EmailAddress::from_stored(email),
        billing_reference,
        services: Services::from_flags(service_pbx, service_trunk)
            .ok_or_else(|| Error::Corrupt("an account without services".to_owned()))?,
        status: parse_status(&status)?,
        ancestors_active: [master, reseller].iter().flatten().all(|status| status == active),
        version,
        created_at: instant(created_at),
        updated_at: instant(updated_at),
        activated_at: activated_at.map(instant),
        closed_at: closed_at.map(instant),
        activation: activation
            .map(|(expires_at, state, sent_at)| {
                Ok::<_, Error>(Activation {
                    sent_at: sent_at.map(instant),
                    expires_at: instant(expires_at),
                    delivery: Delivery::parse(&state).ok_or_else(|| Error::Corrupt(format!("delivery {state:?}")))?,
                })
            })
            .transpose()?,
        enterprise: None,
    })
}

/// Parses the status column of a row.
pub(crate) fn parse_status(text: &str) -> Result<Status, Error> {
    Status::parse(text).ok_or_else(|| Error::Corrupt(format!("status {text:?}")))
}
