//! Whoever makes a request, as the database knows it at this moment: a member by its session, an API client by the secret that it
//! got its token with.

use std::collections::HashMap;
use std::net::IpAddr;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;
use domain::Timestamp;
use domain::account::{Status, Tier};
use domain::api_client::Terms;
use domain::authority::Role;
use domain::id::{AccountId, ClientId, SessionId};
use domain::principal::Principal;

use crate::accounts::{MASTER, RESELLER, parse_status};
use crate::api_clients::parse_networks;
use crate::connection::{StoreConnection, on};
use crate::error::Error;
use crate::key::Key;
use crate::members::parse_role;
use crate::prepared::Prepared;
use crate::schema::{accounts, api_client_secrets as secrets, api_clients as clients, members, sessions};
use crate::time::{Instant, instant};

/// Who makes a request, as the database knows it at this moment.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub principal: Principal,
    /// What it may do.
    pub role: Role,
    /// The account that it signed in to.
    pub account: AccountId,
    /// That account's tier.
    pub tier: Tier,
    /// Whether that account and all above it are active.
    pub operates: bool,
    /// Whether it is a member without a second factor of an account that asks for one.
    pub lacks_second_factor: bool,
    /// The limits of an API client.
    pub terms: Option<Terms>,
    expires_at: Option<Timestamp>,
}

impl SignedIn {
    /// Whether it may call from an address.
    #[must_use]
    pub fn may_call_from(&self, address: IpAddr) -> bool {
        self.terms.as_ref().is_none_or(|terms| terms.networks.admit(address))
    }
}

/// Most sessions that are remembered from one group of reads to the next.
const KNOWN_MAX: usize = 4096;

/// Who has which session, as it was found on one snapshot. Reads on the same snapshot share it, so that a caller with many
/// requests is looked up once.
#[derive(Debug, Default)]
pub struct Known {
    found: HashMap<SessionId, Option<SignedIn>>,
    snapshot: Option<i64>,
}

impl Known {
    /// Forgets everybody if the snapshot of the transaction that has just begun is not the one that they were found on.
    pub(crate) fn forget_other_snapshots(&mut self, connection: &mut SqliteConnection) -> QueryResult<()> {
        let snapshot = Prepared(DataVersion).get_result(connection)?;
        if self.snapshot.replace(snapshot) != Some(snapshot) || self.found.len() > KNOWN_MAX {
            self.found.clear();
        }
        Ok(())
    }

    /// Whoever has this session, unless it is over, or its member or API client is gone. The session of an API client is the
    /// secret that it got its token with.
    pub fn signed_in(
        &mut self,
        tx: &mut StoreConnection,
        principal: Principal,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<SignedIn>, Error> {
        let found = match self.found.get(&session) {
            Some(known) => known.clone(),
            None => self.found.entry(session).insert_entry(find(tx, principal, session)?).get().clone(),
        };
        let lasts = |signed_in: &SignedIn| signed_in.expires_at.is_none_or(|end| end > now);
        Ok(found.filter(|signed_in| signed_in.principal == principal && lasts(signed_in)))
    }
}

/// Another number on this connection as soon as another one, in whatever process, has changed the file.
#[derive(Debug, Clone, Copy, QueryId)]
struct DataVersion;

impl Query for DataVersion {
    type SqlType = BigInt;
}

impl QueryFragment<Sqlite> for DataVersion {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        pass.push_sql("PRAGMA data_version");
        Ok(())
    }
}

fn find(tx: &mut StoreConnection, principal: Principal, session: SessionId) -> Result<Option<SignedIn>, Error> {
    match principal {
        Principal::Member(_) => member(tx, session),
        Principal::Client(id) => client(tx, id, session),
    }
}

/// The member who has a session.
fn member(tx: &mut StoreConnection, session: SessionId) -> Result<Option<SignedIn>, Error> {
    type Factor = (bool, Option<Instant>);
    type Row = (Key, String, Key, String, String, Option<String>, Option<String>, Instant, Factor);
    let found = sessions::table
        .inner_join(members::table.on(members::id.eq(sessions::member_id)))
        .inner_join(accounts::table.on(accounts::id.eq(members::account_id)))
        .left_join(MASTER.on(MASTER.field(accounts::id).nullable().eq(accounts::master_reseller_id)))
        .left_join(RESELLER.on(RESELLER.field(accounts::id).nullable().eq(accounts::reseller_id)))
        .filter(sessions::id.eq(Key::from(session)))
        .filter(sessions::ended_at.is_null())
        .filter(members::removed_at.is_null())
        .select((
            members::id,
            members::role,
            accounts::id,
            accounts::tier,
            accounts::status,
            MASTER.field(accounts::status).nullable(),
            RESELLER.field(accounts::status).nullable(),
            sessions::expires_at,
            (accounts::second_factor_required, members::second_factor_since),
        ));
    let row: Option<Row> = on!(tx, connection => Prepared(found).get_result(connection)).optional()?;
    let Some((id, role, account, tier, own, master, reseller, expires_at, (required, since))) = row else {
        return Ok(None);
    };
    Ok(Some(SignedIn {
        principal: Principal::Member(id.id()),
        role: parse_role(&role)?,
        account: account.id(),
        tier: parse_tier(&tier)?,
        operates: operates(&own, master, reseller)?,
        lacks_second_factor: required && since.is_none(),
        terms: None,
        expires_at: Some(instant(expires_at)),
    }))
}

/// The API client that has a secret.
fn client(tx: &mut StoreConnection, id: ClientId, secret: SessionId) -> Result<Option<SignedIn>, Error> {
    type Terms4 = (String, String, Option<Instant>, Option<Instant>);
    type Row = (Terms4, Key, String, String, Option<String>, Option<String>);
    let row: Option<Row> = secrets::table
        .inner_join(clients::table.on(clients::id.eq(secrets::client_id)))
        .inner_join(accounts::table.on(accounts::id.eq(clients::account_id)))
        .left_join(MASTER.on(MASTER.field(accounts::id).nullable().eq(accounts::master_reseller_id)))
        .left_join(RESELLER.on(RESELLER.field(accounts::id).nullable().eq(accounts::reseller_id)))
        .filter(secrets::id.eq(Key::from(secret)))
        .filter(clients::id.eq(Key::from(id)))
        .filter(clients::revoked_at.is_null())
        .select((
            (clients::role, clients::allowed_networks, clients::expires_at, secrets::expires_at),
            accounts::id,
            accounts::tier,
            accounts::status,
            MASTER.field(accounts::status).nullable(),
            RESELLER.field(accounts::status).nullable(),
        ))
        .first(tx)
        .optional()?;
    let Some(((role, networks, client_ends, secret_ends), account, tier, own, master, reseller)) = row else {
        return Ok(None);
    };
    let role = parse_role(&role)?;
    let (client_ends, secret_ends) = (client_ends.map(instant), secret_ends.map(instant));
    Ok(Some(SignedIn {
        principal: Principal::Client(id),
        role,
        account: account.id(),
        tier: parse_tier(&tier)?,
        operates: operates(&own, master, reseller)?,
        lacks_second_factor: false,
        terms: Some(Terms { role, expires_at: client_ends, networks: parse_networks(&networks)? }),
        expires_at: [client_ends, secret_ends].into_iter().flatten().min(),
    }))
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
