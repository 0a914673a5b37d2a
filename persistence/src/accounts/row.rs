//! The row of an account, joined with its ancestors and its latest activation e-mail.

use std::sync::OnceLock;

use diesel::backend::Backend;
use diesel::dsl;
use diesel::expression::Expression;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sqlite::Sqlite;
use domain::account::{Account, Activation, Tier};
use domain::delivery::Delivery;
use domain::services::Services;
use domain::status::Status;
use domain::values::email::EmailAddress;

use crate::schema::{accounts, activations};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::text::sql_text;
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
        (activations::expires_at, activations::delivery, activations::sent_at).nullable(),
    )
}

// The rest of the text is written by hand and kept with that of the columns: diesel would walk all of it several times per
// execution, which takes as long as SQLite needs to find an account.
const FROM: &str = " FROM accounts";
const JOIN_MASTER: &str = " LEFT JOIN accounts AS master ON master.id = accounts.master_reseller_id";
const JOIN_RESELLER: &str = " LEFT JOIN accounts AS reseller ON reseller.id = accounts.reseller_id";
const JOIN_ACTIVATION: &str = " LEFT JOIN activations ON activations.account_id = accounts.id";

/// The text up to the condition: for lists without the statuses of ancestors, which most of their rows share.
fn text<DB: Backend + Default>(is_list: bool) -> String
where
    DB::QueryBuilder: Default,
    columns: QueryFragment<DB>,
{
    let columns = sql_text::<DB>(&columns());
    if !is_list {
        return format!("SELECT {columns}{FROM}{JOIN_MASTER}{JOIN_RESELLER}{JOIN_ACTIVATION}");
    }
    let without = ["master", "reseller"].into_iter().fold(columns, |columns, ancestor| {
        let columns = columns.replace(&format!(r#""{ancestor}"."status""#), "CAST(NULL AS TEXT)");
        columns.replace(&format!("`{ancestor}`.`status`"), "CAST(NULL AS TEXT)")
    });
    format!("SELECT {without}{FROM}{JOIN_ACTIVATION}")
}

fn push_sqlite(pass: &mut AstPass<'_, '_, Sqlite>) {
    static TEXT: OnceLock<String> = OnceLock::new();
    pass.push_sql(TEXT.get_or_init(|| text::<Sqlite>(false)));
}

fn push_postgresql(pass: &mut AstPass<'_, '_, Pg>) {
    static TEXT: OnceLock<String> = OnceLock::new();
    pass.push_sql(TEXT.get_or_init(|| text::<Pg>(false)));
}

/// The query for the accounts that meet a condition, in no order.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct QueryWhere<E>(pub(crate) E);

impl<E, C> RunQueryDsl<C> for QueryWhere<E> {}

impl<E> Query for QueryWhere<E> {
    type SqlType = <columns as Expression>::SqlType;
}

impl<E: QueryFragment<Sqlite>> QueryFragment<Sqlite> for QueryWhere<E> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        push_sqlite(&mut pass);
        pass.push_sql(" WHERE ");
        self.0.walk_ast(pass)
    }
}

impl<E: QueryFragment<Pg>> QueryFragment<Pg> for QueryWhere<E> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        push_postgresql(&mut pass);
        pass.push_sql(" WHERE ");
        self.0.walk_ast(pass)
    }
}

/// The query for the accounts that meet all of some conditions, sorted by id. Says nothing of the accounts above them.
pub(crate) struct QueryList<'a, DB: Backend> {
    conditions: Vec<Box<dyn QueryFragment<DB> + 'a>>,
    newest_first: bool,
}

impl<'a, DB: Backend> QueryList<'a, DB> {
    /// A query without conditions.
    pub(crate) fn new<C: Connection<Backend = DB>>(newest_first: bool, _: &C) -> Self {
        Self { conditions: Vec::new(), newest_first }
    }

    /// Adds a condition.
    pub(crate) fn filter(&mut self, condition: impl QueryFragment<DB> + 'a) {
        self.conditions.push(Box::new(condition));
    }

    fn walk_conditions<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        for (number, condition) in self.conditions.iter().enumerate() {
            pass.push_sql(if number == 0 { " WHERE (" } else { ") AND (" });
            condition.walk_ast(pass.reborrow())?;
        }
        pass.push_sql(if self.conditions.is_empty() { " ORDER BY accounts.id" } else { ") ORDER BY accounts.id" });
        if self.newest_first {
            pass.push_sql(" DESC");
        }
        Ok(())
    }
}

impl<DB: Backend> Query for QueryList<'_, DB> {
    type SqlType = <columns as Expression>::SqlType;
}

impl QueryFragment<Sqlite> for QueryList<'_, Sqlite> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        static TEXT: OnceLock<String> = OnceLock::new();
        pass.push_sql(TEXT.get_or_init(|| text::<Sqlite>(true)));
        self.walk_conditions(pass)
    }
}

impl QueryFragment<Pg> for QueryList<'_, Pg> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        static TEXT: OnceLock<String> = OnceLock::new();
        pass.push_sql(TEXT.get_or_init(|| text::<Pg>(true)));
        self.walk_conditions(pass)
    }
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
