//! Looks up the authenticated caller of a request: a member by its session, an API client by the secret with which it
//! obtained its token.

use std::collections::HashSet;
use std::sync::LazyLock;

use diesel::dsl;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Array;
use domain::Timestamp;
use domain::account::Tier;
use domain::api_client::Terms;
use domain::id::{AccountId, SessionId};
use domain::principal::Principal;
use domain::status::Status;

use crate::accounts::{self, MASTER, RESELLER, parse_status};
use crate::api_clients::parse_networks;
use crate::members::parse_role;
use crate::schema::{
    accounts as accounts_table, api_client_secrets as secrets, api_clients as clients, members, sessions,
};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::{Key, sql};
use crate::store::known::{Known, SignedIn, Wanted};
use crate::store::text::sql_text;
use crate::store::time::{Instant, instant};

/// What the operation of a caller is going to read: the caller, and the account that it asks for.
#[must_use]
pub fn wanted(principal: Principal, session: SessionId, account: Option<AccountId>) -> Wanted {
    Wanted { caller: (principal, session), account, load }
}

/// The caller with this session. `None` if the session has ended or expired, or if the member or API client was
/// removed. For an API client, the session is the id of the secret with which it obtained its token.
pub fn find(
    tx: &mut StoreConnection,
    known: &mut Known,
    principal: Principal,
    session: SessionId,
    now: Timestamp,
) -> Result<Option<SignedIn>, Error> {
    let found = known.signed_in(session, || look_up(tx, principal, session))?;
    let lasts = |signed_in: &SignedIn| signed_in.expires_at.is_none_or(|end| end > now);
    Ok(found.filter(|signed_in| signed_in.principal == principal && lasts(signed_in)))
}

fn look_up(tx: &mut StoreConnection, principal: Principal, session: SessionId) -> Result<Option<SignedIn>, Error> {
    let key = Key::from(session);
    match (principal, tx) {
        (Principal::Member(_), StoreConnection::Postgresql(connection)) => {
            let row: Option<MemberRow> = Members(vec![key]).get_result(connection).optional()?;
            row.map(member).transpose()
        }
        (Principal::Client(_), StoreConnection::Postgresql(connection)) => {
            let row: Option<ClientRow> = Clients(vec![key]).get_result(connection).optional()?;
            row.map(client).transpose()
        }
        (Principal::Member(_), StoreConnection::Sqlite(connection)) => {
            let found = members_query().filter(sessions::id.eq(key));
            let row: Option<MemberRow> = found.get_result(connection).optional()?;
            row.map(member).transpose()
        }
        (Principal::Client(_), StoreConnection::Sqlite(connection)) => {
            let found = clients_query().filter(secrets::id.eq(key));
            let row: Option<ClientRow> = found.get_result(connection).optional()?;
            row.map(client).transpose()
        }
    }
}

/// Loads the callers and the accounts that several operations want, each kind in one statement. Does nothing on SQLite,
/// where a statement for each is as fast.
pub fn load(tx: &mut StoreConnection, known: &mut Known, wanted: &[Wanted]) -> Result<(), Error> {
    let StoreConnection::Postgresql(connection) = tx else { return Ok(()) };
    let callers: HashSet<(Principal, SessionId)> = wanted.iter().map(|wanted| wanted.caller).collect();
    let (mut members, mut clients): (Vec<Key>, Vec<Key>) = (Vec::new(), Vec::new());
    for (principal, session) in callers {
        known.add_caller(session, None);
        match principal {
            Principal::Member(_) => members.push(Key::from(session)),
            Principal::Client(_) => clients.push(Key::from(session)),
        }
    }
    if !members.is_empty() {
        let rows: Vec<MemberRow> = Members(members).load(connection)?;
        for row in rows {
            known.add_caller(row.0.id(), Some(member(row)?));
        }
    }
    if !clients.is_empty() {
        let rows: Vec<ClientRow> = Clients(clients).load(connection)?;
        for row in rows {
            known.add_caller(row.0.id(), Some(client(row)?));
        }
    }
    let accounts: HashSet<AccountId> = wanted.iter().filter_map(|wanted| wanted.account).collect();
    accounts::load_known(tx, known, &accounts)
}

/// What is read about the caller's account: its id and tier, its own status and those of the accounts above it.
type AccountPart = (Key, String, String, Option<String>, Option<String>);
/// A session with its member: role, end of the session, whether a second factor is required, since when there is one, and
/// whether the password is temporary.
type MemberRow = (Key, Key, AccountPart, (String, Instant, bool, Option<Instant>, bool));
/// A secret with its API client: role, networks, and when the client and the secret expire.
type ClientRow = (Key, Key, AccountPart, (String, String, Option<Instant>, Option<Instant>));

#[dsl::auto_type]
fn account_part() -> _ {
    (
        accounts_table::id,
        accounts_table::tier,
        accounts_table::status,
        MASTER.field(accounts_table::status).nullable(),
        RESELLER.field(accounts_table::status).nullable(),
    )
}

#[dsl::auto_type]
fn member_columns() -> _ {
    let account: account_part = account_part();
    (
        sessions::id,
        members::id,
        account,
        (
            members::role,
            sessions::expires_at,
            accounts_table::second_factor_required,
            members::second_factor_since,
            members::password_is_temporary,
        ),
    )
}

#[dsl::auto_type]
fn client_columns() -> _ {
    let account: account_part = account_part();
    (
        secrets::id,
        clients::id,
        account,
        (clients::role, clients::allowed_networks, clients::expires_at, secrets::expires_at),
    )
}

/// The sessions that have not ended, with their members. For SQLite.
#[dsl::auto_type]
fn members_query() -> _ {
    let columns: member_columns = member_columns();
    sessions::table
        .inner_join(members::table.on(members::id.eq(sessions::member_id)))
        .inner_join(accounts_table::table.on(accounts_table::id.eq(members::account_id)))
        .left_join(MASTER.on(MASTER.field(accounts_table::id).nullable().eq(accounts_table::master_reseller_id)))
        .left_join(RESELLER.on(RESELLER.field(accounts_table::id).nullable().eq(accounts_table::reseller_id)))
        .filter(sessions::ended_at.is_null())
        .filter(members::removed_at.is_null())
        .select(columns)
}

/// The secrets of API clients that were not revoked. For SQLite.
#[dsl::auto_type]
fn clients_query() -> _ {
    let columns: client_columns = client_columns();
    secrets::table
        .inner_join(clients::table.on(clients::id.eq(secrets::client_id)))
        .inner_join(accounts_table::table.on(accounts_table::id.eq(clients::account_id)))
        .left_join(MASTER.on(MASTER.field(accounts_table::id).nullable().eq(accounts_table::master_reseller_id)))
        .left_join(RESELLER.on(RESELLER.field(accounts_table::id).nullable().eq(accounts_table::reseller_id)))
        .filter(clients::revoked_at.is_null())
        .select(columns)
}

// For PostgreSQL, the text is written by hand. Behind `OFFSET 0`, each table is looked up for each row of the one before:
// while the tables are small, a whole one would be read, and the plan be kept.

const ACCOUNT: &str = " \
    CROSS JOIN LATERAL (SELECT * FROM accounts AS one WHERE one.id = holder.account_id OFFSET 0) AS accounts \
    LEFT JOIN LATERAL (SELECT one.status FROM accounts AS one \
    WHERE one.id = accounts.master_reseller_id OFFSET 0) AS master ON TRUE \
    LEFT JOIN LATERAL (SELECT one.status FROM accounts AS one \
    WHERE one.id = accounts.reseller_id OFFSET 0) AS reseller ON TRUE";

/// The sessions with these ids that have not ended, with their members.
#[derive(QueryId)]
struct Members(Vec<Key>);

impl Query for Members {
    type SqlType = <member_columns as Expression>::SqlType;
}

impl RunQueryDsl<PgConnection> for Members {}

impl QueryFragment<Pg> for Members {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        static SELECT: LazyLock<String> =
            LazyLock::new(|| format!("SELECT {} FROM unnest(", sql_text::<Pg>(&member_columns())));
        pass.push_sql(&SELECT);
        pass.push_bind_param::<Array<sql::Key>, _>(&self.0)?;
        pass.push_sql(
            ") AS asked (id) CROSS JOIN LATERAL \
             (SELECT * FROM sessions AS one WHERE one.id = asked.id OFFSET 0) AS sessions \
             CROSS JOIN LATERAL (SELECT * FROM members AS one \
             WHERE one.id = sessions.member_id OFFSET 0) AS members",
        );
        pass.push_sql(&ACCOUNT.replace("holder", "members"));
        // Not inside: PostgreSQL might then read a partial index of all members who were not removed.
        pass.push_sql(" WHERE sessions.ended_at IS NULL AND members.removed_at IS NULL");
        Ok(())
    }
}

/// The secrets with these ids, with their API clients that were not revoked.
#[derive(QueryId)]
struct Clients(Vec<Key>);

impl Query for Clients {
    type SqlType = <client_columns as Expression>::SqlType;
}

impl RunQueryDsl<PgConnection> for Clients {}

impl QueryFragment<Pg> for Clients {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        static SELECT: LazyLock<String> =
            LazyLock::new(|| format!("SELECT {} FROM unnest(", sql_text::<Pg>(&client_columns())));
        pass.push_sql(&SELECT);
        pass.push_bind_param::<Array<sql::Key>, _>(&self.0)?;
        pass.push_sql(
            ") AS asked (id) CROSS JOIN LATERAL \
             (SELECT * FROM api_client_secrets AS one WHERE one.id = asked.id OFFSET 0) AS api_client_secrets \
             CROSS JOIN LATERAL (SELECT * FROM api_clients AS one \
             WHERE one.id = api_client_secrets.client_id OFFSET 0) AS api_clients",
        );
        pass.push_sql(&ACCOUNT.replace("holder", "api_clients"));
        pass.push_sql(" WHERE api_clients.revoked_at IS NULL");
        Ok(())
    }
}

fn member((_, id, (account, tier, own, master, reseller), rest): MemberRow) -> Result<SignedIn, Error> {
    let (role, expires_at, required, since, has_temporary_password) = rest;
    Ok(SignedIn {
        principal: Principal::Member(id.id()),
        role: parse_role(&role)?,
        account: account.id(),
        tier: parse_tier(&tier)?,
        operates: operates(&own, master, reseller)?,
        lacks_second_factor: required && since.is_none(),
        has_temporary_password,
        terms: None,
        expires_at: Some(instant(expires_at)),
    })
}

fn client((_, id, (account, tier, own, master, reseller), rest): ClientRow) -> Result<SignedIn, Error> {
    let (role, networks, client_ends, secret_ends) = rest;
    let role = parse_role(&role)?;
    let (client_ends, secret_ends) = (client_ends.map(instant), secret_ends.map(instant));
    Ok(SignedIn {
        principal: Principal::Client(id.id()),
        role,
        account: account.id(),
        tier: parse_tier(&tier)?,
        operates: operates(&own, master, reseller)?,
        lacks_second_factor: false,
        has_temporary_password: false,
        terms: Some(Terms { role, expires_at: client_ends, networks: parse_networks(&networks)? }),
        expires_at: [client_ends, secret_ends].into_iter().flatten().min(),
    })
}

fn operates(own: &str, master: Option<String>, reseller: Option<String>) -> Result<bool, Error> {
    let mut operates = parse_status(own)? == Status::Active;
    for ancestor in [master, reseller].into_iter().flatten() {
        operates &= parse_status(&ancestor)? == Status::Active;
    }
    Ok(operates)
}

fn parse_tier(text: &str) -> Result<Tier, Error> {
    Tier::parse(text).ok_or_else(|| Error::Corrupt(format!("tier {text:?}")))
}
