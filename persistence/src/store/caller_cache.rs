//! A cache of authenticated callers, kept by the SQLite reader from one group of reads to the next.

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

/// The authenticated caller of a request, as found in the database.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The member or API client.
    pub principal: Principal,
    /// Its role in its account.
    pub role: Role,
    /// The account it belongs to.
    pub account: AccountId,
    /// The tier of that account.
    pub tier: Tier,
    /// Whether that account and all accounts above it are active (R7).
    pub operates: bool,
    /// Whether it is a member who has no second factor although the account requires one.
    pub lacks_second_factor: bool,
    /// Whether it is a member whose password was generated and has not been replaced yet.
    pub has_temporary_password: bool,
    /// The terms of an API client: role, expiry and allowed networks. `None` for a member.
    pub terms: Option<Terms>,
    /// When its session, or the secret of an API client, expires. `None` means never.
    pub(crate) expires_at: Option<Timestamp>,
}

impl SignedIn {
    /// Whether the caller may send requests from this network address. Always true for members.
    #[must_use]
    pub fn may_call_from(&self, address: IpAddr) -> bool {
        self.terms.as_ref().is_none_or(|terms| terms.networks.admit(address))
    }
}

/// Number of cached sessions above which the cache is cleared before the next group of reads.
const REMEMBERED_MAX: usize = 4096;

/// Maps sessions to their callers, as found on one database snapshot. All reads on the same snapshot share the cache,
/// so a caller who sends many requests is looked up only once.
#[derive(Debug, Default)]
pub struct CallerCache {
    found: HashMap<SessionId, Option<SignedIn>>,
    snapshot: Option<i64>,
}

impl CallerCache {
    /// Clears the cache if the transaction that has just begun sees a different snapshot from the one the entries were
    /// found on. Must be called at the start of every read transaction.
    pub(crate) fn forget_other_snapshots(&mut self, connection: &mut SqliteConnection) -> QueryResult<()> {
        let snapshot = Prepared(DataVersion).get_result(connection)?;
        if self.snapshot.replace(snapshot) != Some(snapshot) || self.found.len() > REMEMBERED_MAX {
            self.found.clear();
        }
        Ok(())
    }

    /// Returns the caller of a session from the cache, or calls `find` and caches its result (including `None`).
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

/// `PRAGMA data_version`: its value changes on this connection whenever another connection, in any process, has changed
/// the file.
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
