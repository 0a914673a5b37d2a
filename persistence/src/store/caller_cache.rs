//! Callers that were looked up, remembered from one group of reads to the next.

use std::collections::HashMap;
use std::net::IpAddr;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;
use domain::Timestamp;
use domain::account::Tier;
use domain::api_client::Terms;
use domain::authority::Role;
use domain::id::{AccountId, SessionId};
use domain::principal::Principal;

use super::error::Error;
use super::prepared::Prepared;

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
    /// When its session ends, or its secret.
    pub(crate) expires_at: Option<Timestamp>,
}

impl SignedIn {
    /// Whether it may call from an address.
    #[must_use]
    pub fn may_call_from(&self, address: IpAddr) -> bool {
        self.terms.as_ref().is_none_or(|terms| terms.networks.admit(address))
    }
}

/// Most sessions that are remembered from one group of reads to the next.
const REMEMBERED_MAX: usize = 4096;

/// Who has which session, as it was found on one snapshot. Reads on the same snapshot share it, so that a caller with many
/// requests is looked up once.
#[derive(Debug, Default)]
pub struct CallerCache {
    found: HashMap<SessionId, Option<SignedIn>>,
    snapshot: Option<i64>,
}

impl CallerCache {
    /// Forgets everybody if the snapshot of the transaction that has just begun is not the one that they were found on.
    pub(crate) fn forget_other_snapshots(&mut self, connection: &mut SqliteConnection) -> QueryResult<()> {
        let snapshot = Prepared(DataVersion).get_result(connection)?;
        if self.snapshot.replace(snapshot) != Some(snapshot) || self.found.len() > REMEMBERED_MAX {
            self.found.clear();
        }
        Ok(())
    }

    /// Whoever has a session: as remembered, or as `find` finds it now.
    pub(crate) fn signed_in(
        &mut self,
        session: SessionId,
        find: impl FnOnce() -> Result<Option<SignedIn>, Error>,
    ) -> Result<Option<SignedIn>, Error> {
        match self.found.get(&session) {
            Some(known) => Ok(known.clone()),
            None => Ok(self.found.entry(session).insert_entry(find()?).get().clone()),
        }
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
