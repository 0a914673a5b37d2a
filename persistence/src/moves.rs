//! Moves of accounts, and the changes to an account that moves.

use diesel::dsl::{self, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use domain::Timestamp;
use domain::account::{Account, Scope, Tier};
use domain::id::{AccountId, MoveId};
use domain::moves::{Move, MoveStatus};
use uuid::Uuid;

use crate::accounts;
use crate::accounts::owners;
use crate::history::note_account;
use crate::schema::{accounts as account_rows, moves};
use crate::store::connection::{MultiBackend, StoreConnection};
use crate::store::error::{Error, inserted};
use crate::store::key::Key;
use crate::store::page::page;
use crate::store::text::search_text;
use crate::store::time::{Instant, column, instant};

type Row = (Key, Key, Key, Key, String, Instant, Instant, Option<Instant>);

/// A move to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewMove {
    /// Its id.
    pub id: MoveId,
    /// The account to be moved.
    pub account: AccountId,
    /// Its current parent.
    pub from: AccountId,
    /// Its new parent.
    pub to: AccountId,
    /// When it was requested.
    pub now: Timestamp,
    /// When it expires if it is still pending.
    pub expires_at: Timestamp,
}

/// The condition of the partial index of pending moves. It must be written literally, because SQLite only uses the
/// index if no part of the condition is a bound value.
const PENDING: &str = "moves.status = 'pending'";

/// The pending move of an account, even if it has expired.
#[dsl::auto_type(no_type_alias)]
pub(crate) fn pending(account: Key) -> _ {
    let pending: SqlLiteral<Bool> = sql(PENDING);
    moves::table.filter(moves::account_id.eq(account)).filter(pending)
}

/// Stores a move. Returns `false` if another move of the account is pending; the transaction must then be rolled back.
pub fn insert(tx: &mut StoreConnection, new: &NewMove) -> Result<bool, Error> {
    let NewMove { id, account, from, to, now, expires_at } = *new;
    let over = pending(Key::from(account)).filter(moves::expires_at.le(column(now)));
    diesel::update(over).set(moves::status.eq(MoveStatus::Expired.as_str())).execute(tx)?;
    inserted(
        diesel::insert_into(moves::table)
            .values((
                moves::id.eq(Key::from(id)),
                moves::account_id.eq(Key::from(account)),
                moves::from_id.eq(Key::from(from)),
                moves::to_id.eq(Key::from(to)),
                moves::status.eq(MoveStatus::Pending.as_str()),
                moves::created_at.eq(column(now)),
                moves::expires_at.eq(column(expires_at)),
                moves::decided_at.eq(None::<Instant>),
            ))
            .execute(tx),
    )
}

/// The move with this id, if its current or new parent is in the scope.
pub fn by_id(tx: &mut StoreConnection, scope: Scope, id: MoveId, now: Timestamp) -> Result<Option<Move>, Error> {
    let row: Option<Row> = in_scope(scope).filter(moves::id.eq(Key::from(id))).first(tx).optional()?;
    row.map(|row| read(tx, row, now)).transpose()
}

/// The moves whose current or new parent is in the scope, sorted by id.
pub fn list(
    tx: &mut StoreConnection,
    scope: Scope,
    after: Option<Uuid>,
    newest_first: bool,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<Move>, Error> {
    let wanted = match (newest_first, after.map(Key::from)) {
        (false, None) => in_scope(scope).order(moves::id.asc()),
        (false, Some(after)) => in_scope(scope).filter(moves::id.gt(after)).order(moves::id.asc()),
        (true, None) => in_scope(scope).order(moves::id.desc()),
        (true, Some(after)) => in_scope(scope).filter(moves::id.lt(after)).order(moves::id.desc()),
    };
    let rows: Vec<Row> = page(wanted, limit, tx)?;
    rows.into_iter().map(|row| read(tx, row, now)).collect()
}

/// Sets the status of a pending move. Returns `false` if it has already been decided.
pub fn decide(tx: &mut StoreConnection, id: MoveId, status: MoveStatus, now: Timestamp) -> Result<bool, Error> {
    let pending =
        moves::table.filter(moves::id.eq(Key::from(id))).filter(moves::status.eq(MoveStatus::Pending.as_str()));
    let decided = diesel::update(pending)
        .set((moves::status.eq(status.as_str()), moves::decided_at.eq(Some(column(now)))))
        .execute(tx)?;
    Ok(decided == 1)
}

/// Moves an account, with everything below it, below another parent.
pub fn carry_out(
    tx: &mut StoreConnection,
    account: &Account,
    parent: &Account,
    billing_reference: Option<&str>,
    now: Timestamp,
) -> Result<(), Error> {
    let master = parent.master_reseller_id.map(Key::from);
    let row = account_rows::table.filter(account_rows::id.eq(Key::from(account.id)));
    let searched = search_text(&[&account.name, account.email.given(), billing_reference.unwrap_or_default()]);
    diesel::update(row)
        .set((
            account_rows::master_reseller_id.eq(master),
            account_rows::billing_reference.eq(billing_reference),
            account_rows::search_text.eq(searched),
            account_rows::version.eq(account.version + 1),
            account_rows::updated_at.eq(column(now)),
        ))
        .execute(tx)?;
    if account.tier == Tier::Enterprise {
        diesel::update(row).set(account_rows::reseller_id.eq(Some(Key::from(parent.id)))).execute(tx)?;
    }
    note_account(tx, account.id, now)?;
    if account.tier == Tier::Reseller {
        let below = account_rows::table
            .filter(account_rows::reseller_id.eq(Key::from(account.id)))
            .filter(account_rows::tier.eq(Tier::Enterprise.as_str()));
        diesel::update(below)
            .set((
                account_rows::master_reseller_id.eq(master),
                account_rows::version.eq(account_rows::version + 1),
                account_rows::updated_at.eq(column(now)),
            ))
            .execute(tx)?;
        let enterprises: Vec<Key> = below.select(account_rows::id).load(tx)?;
        for enterprise in enterprises {
            note_account(tx, enterprise.id(), now)?;
        }
    }
    Ok(())
}

type Columns = (
    moves::id,
    moves::account_id,
    moves::from_id,
    moves::to_id,
    moves::status,
    moves::created_at,
    moves::expires_at,
    moves::decided_at,
);

fn in_scope<'a>(scope: Scope) -> diesel::dsl::IntoBoxed<'a, diesel::dsl::Select<moves::table, Columns>, MultiBackend> {
    let found = moves::table.select(moves::all_columns).into_boxed();
    match scope.account() {
        None => found,
        Some(account) => {
            let own = Key::from(account);
            found.filter(moves::from_id.eq_any(owners(own)).or(moves::to_id.eq_any(owners(own))))
        }
    }
}

fn read(tx: &mut StoreConnection, row: Row, now: Timestamp) -> Result<Move, Error> {
    let (id, account, from, to, status, created_at, expires_at, decided_at) = row;
    let tier: String = account_rows::table.filter(account_rows::id.eq(account)).select(account_rows::tier).first(tx)?;
    let tier = Tier::parse(&tier).ok_or_else(|| Error::Corrupt(format!("tier {tier:?}")))?;
    let account = accounts::by_id(tx, &Scope::Platform, tier, account.id())?
        .ok_or_else(|| Error::Corrupt("a move without its account".to_owned()))?;
    let stored = MoveStatus::parse(&status).ok_or_else(|| Error::Corrupt(format!("move {status:?}")))?;
    let expires_at = instant(expires_at);
    Ok(Move {
        id: id.id(),
        account,
        from: from.id(),
        to: to.id(),
        status: stored.status_at(expires_at, now),
        created_at: instant(created_at),
        expires_at,
        decided_at: decided_at.map(instant),
    })
}
