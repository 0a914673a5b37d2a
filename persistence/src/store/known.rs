//! What is known on one snapshot of the database, so that the reads of a group don't look it up one by one.

use std::collections::HashMap;
use std::net::IpAddr;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;
use domain::Timestamp;
use domain::account::{Account, Tier};
use domain::api_client::Terms;
use domain::authority::Role;
use domain::id::{AccountId, SessionId};
use domain::principal::Principal;

use super::connection::StoreConnection;
use super::error::Error;

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

/// What an operation is going to read, as far as it is known before the operation runs.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Who asks, and with which session.
    pub(crate) caller: (Principal, SessionId),
    /// The account that is asked for.
    pub(crate) account: Option<AccountId>,
    /// Loads what the operations of a group want, in few statements.
    pub(crate) load: Load,
}

/// Loads what several operations want.
pub(crate) type Load = fn(&mut StoreConnection, &mut Known, &[Wanted]) -> Result<(), Error>;

/// Number of known sessions above which SQLite's reader forgets all of them before the next group.
const REMEMBERED_MAX: usize = 4096;

/// What is known on one database snapshot. SQLite's reader keeps it from one group to the next, until the file changes.
#[derive(Debug, Default)]
pub struct Known {
    callers: HashMap<SessionId, Option<SignedIn>>,
    accounts: HashMap<AccountId, Option<Account>>,
    snapshot: Option<i64>,
}

impl Known {
    /// Forgets everything if the transaction that has just begun sees a different snapshot from the one on which it was
    /// found. Must be called at the start of every transaction of SQLite's reader.
    pub(crate) fn forget_other_snapshots(&mut self, connection: &mut SqliteConnection) -> QueryResult<()> {
        let snapshot = DataVersion.get_result(connection)?;
        if self.snapshot.replace(snapshot) != Some(snapshot) || self.callers.len() > REMEMBERED_MAX {
            self.callers.clear();
            self.accounts.clear();
        }
        Ok(())
    }

    /// The caller of a session, if it is known, or else what `find` finds (including `None`).
    pub(crate) fn signed_in(
        &mut self,
        session: SessionId,
        find: impl FnOnce() -> Result<Option<SignedIn>, Error>,
    ) -> Result<Option<SignedIn>, Error> {
        match self.callers.get(&session) {
            Some(known) => Ok(known.clone()),
            None => Ok(self.callers.entry(session).insert_entry(find()?).get().clone()),
        }
    }

    /// Adds what was found for a session.
    pub(crate) fn add_caller(&mut self, session: SessionId, found: Option<SignedIn>) {
        self.callers.insert(session, found);
    }

    /// The account with this id, whoever may see it, if it was looked up. The inner `None` says that there is none.
    pub(crate) fn account(&self, id: AccountId) -> Option<&Option<Account>> {
        self.accounts.get(&id)
    }

    /// Adds what was found for an id.
    pub(crate) fn add_account(&mut self, id: AccountId, found: Option<Account>) {
        self.accounts.insert(id, found);
    }
}

/// `PRAGMA data_version`: its value changes on this connection whenever another connection, in any process, has changed
/// the file.
#[derive(Debug, Clone, Copy, QueryId)]
struct DataVersion;

impl RunQueryDsl<SqliteConnection> for DataVersion {}

impl Query for DataVersion {
    type SqlType = BigInt;
}

impl QueryFragment<Sqlite> for DataVersion {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        pass.push_sql("PRAGMA data_version");
        Ok(())
    }
}
