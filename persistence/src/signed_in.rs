//! Looks up the authenticated caller of a request: a member by its session, an API client by the secret with which it
//! obtained its token.

use std::collections::HashSet;

use diesel::dsl;
use diesel::prelude::*;
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
use crate::store::connection::{StoreConnection, on};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::known::{Known, SignedIn, Wanted};
use crate::store::prepared::Prepared;
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
    match principal {
        Principal::Member(_) => {
            let found = members_query().filter(sessions::id.eq(key));
            let row: Option<MemberRow> = on!(tx, connection => Prepared(found).get_result(connection)).optional()?;
            row.map(member).transpose()
        }
        Principal::Client(_) => {
            let found = clients_query().filter(secrets::id.eq(key));
            let row: Option<ClientRow> = on!(tx, connection => Prepared(found).get_result(connection)).optional()?;
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
        let rows: Vec<MemberRow> = Prepared(members_query().filter(sessions::id.eq_any(members))).load(connection)?;
        for row in rows {
            known.add_caller(row.0.id(), Some(member(row)?));
        }
    }
    if !clients.is_empty() {
        let rows: Vec<ClientRow> = Prepared(clients_query().filter(secrets::id.eq_any(clients))).load(connection)?;
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

/// The sessions that have not ended, with their members.
#[dsl::auto_type]
fn members_query() -> _ {
    let columns: account_part = account_part();
    sessions::table
        .inner_join(members::table.on(members::id.eq(sessions::member_id)))
        .inner_join(accounts_table::table.on(accounts_table::id.eq(members::account_id)))
        .left_join(MASTER.on(MASTER.field(accounts_table::id).nullable().eq(accounts_table::master_reseller_id)))
        .left_join(RESELLER.on(RESELLER.field(accounts_table::id).nullable().eq(accounts_table::reseller_id)))
        .filter(sessions::ended_at.is_null())
        .filter(members::removed_at.is_null())
        .select((
            sessions::id,
            members::id,
            columns,
            (
                members::role,
                sessions::expires_at,
                accounts_table::second_factor_required,
                members::second_factor_since,
                members::password_is_temporary,
            ),
        ))
}

/// The secrets of API clients that were not revoked.
#[dsl::auto_type]
fn clients_query() -> _ {
    let columns: account_part = account_part();
    secrets::table
        .inner_join(clients::table.on(clients::id.eq(secrets::client_id)))
        .inner_join(accounts_table::table.on(accounts_table::id.eq(clients::account_id)))
        .left_join(MASTER.on(MASTER.field(accounts_table::id).nullable().eq(accounts_table::master_reseller_id)))
        .left_join(RESELLER.on(RESELLER.field(accounts_table::id).nullable().eq(accounts_table::reseller_id)))
        .filter(clients::revoked_at.is_null())
        .select((
            secrets::id,
            clients::id,
            columns,
            (clients::role, clients::allowed_networks, clients::expires_at, secrets::expires_at),
        ))
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
