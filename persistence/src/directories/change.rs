//! Storing what was read of a directory.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use chrono::TimeDelta;
use diesel::dsl;
use diesel::prelude::*;
use domain::Timestamp;
use domain::directory::{Change, Directory, DirectoryUser};
use domain::id::AccountId;
use domain::status::Status;
use uuid::Uuid;

use super::find::{Row, count};
use crate::schema::{accounts, directories, directory_users, users};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::rows;
use crate::store::text::search_text;
use crate::store::time::{Instant, column};

/// How long a worker's lease of a directory lasts. If the worker dies, other workers can take it over afterwards.
pub const LEASE: Duration = Duration::from_mins(2);

/// How many values one statement has at most.
const CHUNK: usize = 500;

#[derive(Insertable)]
#[diesel(table_name = directory_users)]
struct UserRow {
    account_id: Key,
    person_id: Key,
    name: String,
    canonical: String,
    display_name: Option<String>,
    is_licensed: bool,
    is_enabled: bool,
    is_guest: bool,
    left_out: Option<String>,
    search_text: String,
    generation: i32,
}

impl UserRow {
    fn new(directory: &Directory, user: &DirectoryUser, domain: Option<&str>) -> Self {
        let DirectoryUser { person, name, display_name, is_licensed, is_enabled, is_guest } = user;
        Self {
            account_id: Key::from(directory.account),
            person_id: Key::from(*person),
            name: name.clone(),
            canonical: user.canonical(),
            display_name: display_name.clone(),
            is_licensed: *is_licensed,
            is_enabled: *is_enabled,
            is_guest: *is_guest,
            left_out: user.left_out(domain).map(|reason| reason.as_str().to_owned()),
            search_text: search_text(&[name, display_name.as_deref().unwrap_or_default()]),
            generation: directory.generation,
        }
    }
}

/// Stores how far a directory was read, and ends its lease.
pub fn save(tx: &mut StoreConnection, directory: &Directory) -> Result<(), Error> {
    let own = directories::table.filter(directories::account_id.eq(Key::from(directory.account)));
    let row = (Row::new(directory), directories::leased_until.eq(None::<Instant>));
    if diesel::update(own).set(row).execute(tx)? == 0 {
        diesel::insert_into(directories::table).values(Row::new(directory)).execute(tx)?;
    }
    Ok(())
}

/// Forgets a directory and its users.
pub fn forget(tx: &mut StoreConnection, account: AccountId) -> Result<(), Error> {
    let key = Key::from(account);
    let own = directories::table.filter(directories::account_id.eq(key)).filter(directories::synced_at.is_not_null());
    if own.count().get_result::<i64>(tx)? > 0 {
        // Users no longer show whether the directory has them.
        let all = users::table.filter(users::account_id.eq(key));
        diesel::update(all).set(users::version.eq(users::version + 1)).execute(tx)?;
    }
    diesel::delete(directory_users::table.filter(directory_users::account_id.eq(key))).execute(tx)?;
    diesel::delete(directories::table.filter(directories::account_id.eq(key))).execute(tx)?;
    Ok(())
}

/// Leases a directory that is due to the calling worker. Only those of active enterprises are read: the others are suspended,
/// or have not proved that their address, which names the tenant and the domain, is theirs.
pub fn lease(tx: &mut StoreConnection, now: Timestamp) -> Result<Option<Directory>, Error> {
    let is_own = accounts::id.eq(directories::account_id);
    let awake = accounts::table.filter(is_own).filter(accounts::status.eq(Status::Active.as_str()));
    let due = directories::table
        .filter(directories::due_at.le(column(now)))
        .filter(directories::leased_until.is_null().or(directories::leased_until.lt(column(now))))
        .filter(dsl::exists(awake))
        .order(directories::due_at)
        .limit(1);
    let due: Vec<Row> = match tx {
        StoreConnection::Postgresql(connection) => {
            due.select(Row::as_select()).for_update().skip_locked().load(connection)?
        }
        StoreConnection::Sqlite(connection) => due.select(Row::as_select()).load(connection)?,
    };
    let Some(directory) = due.into_iter().next().map(Row::directory).transpose()? else { return Ok(None) };
    let until = column(now + TimeDelta::from_std(LEASE).unwrap_or_default());
    let own = directories::table.filter(directories::account_id.eq(Key::from(directory.account)));
    diesel::update(own).set(directories::leased_until.eq(until)).execute(tx)?;
    Ok(Some(directory))
}

/// Stores a page of users: their changes in order, `None` for those that are gone. After the last page, users are counted,
/// and those that a reading from the beginning has not mentioned are forgotten. `domain` is the one that sign-in names must
/// be in, if there is one.
pub fn store_page(
    tx: &mut StoreConnection,
    directory: &Directory,
    changes: Vec<(Uuid, Option<Change>)>,
    domain: Option<&str>,
    is_last: bool,
) -> Result<(), Error> {
    type Found = (Key, String, Option<String>, bool, bool, bool);
    let account = Key::from(directory.account);
    let mentioned: Vec<Key> = changes.iter().map(|(person, _)| Key::from(*person)).collect();
    let own = || directory_users::table.filter(directory_users::account_id.eq(account));
    let mut known: HashMap<Uuid, DirectoryUser> = HashMap::new();
    for some in mentioned.chunks(CHUNK) {
        let found: Vec<Found> = own()
            .filter(directory_users::person_id.eq_any(some))
            .select((
                directory_users::person_id,
                directory_users::name,
                directory_users::display_name,
                directory_users::is_licensed,
                directory_users::is_enabled,
                directory_users::is_guest,
            ))
            .load(tx)?;
        known.extend(found.into_iter().map(|(person, name, display_name, is_licensed, is_enabled, is_guest)| {
            let person = person.uuid();
            (person, DirectoryUser { person, name, display_name, is_licensed, is_enabled, is_guest })
        }));
        diesel::delete(own().filter(directory_users::person_id.eq_any(some))).execute(tx)?;
    }
    let mut names: BTreeSet<String> = known.values().map(DirectoryUser::canonical).collect();
    for (person, change) in changes {
        let before = known.remove(&person);
        let after = change.and_then(|change| change.apply(before.as_ref()));
        known.extend(after.map(|user| (person, user)));
    }
    names.extend(known.values().map(DirectoryUser::canonical));
    let rows: Vec<UserRow> = known.values().map(|user| UserRow::new(directory, user, domain)).collect();
    rows::insert_all!(tx, directory_users::table, rows)?;
    show_change(tx, account, &names.into_iter().collect::<Vec<_>>())?;
    if is_last {
        if directory.is_full {
            diesel::delete(own().filter(directory_users::generation.lt(directory.generation))).execute(tx)?;
            let all = users::table.filter(users::account_id.eq(account));
            diesel::update(all).set(users::version.eq(users::version + 1)).execute(tx)?;
        }
        let counts = count(tx, directory.account)?;
        let row = directories::table.filter(directories::account_id.eq(account));
        diesel::update(row).set(counts).execute(tx)?;
    }
    Ok(())
}

/// Gives the users of an enterprise with these names another `ETag`, because they show whether the directory has them.
fn show_change(tx: &mut StoreConnection, account: Key, names: &[String]) -> Result<(), Error> {
    for some in names.chunks(CHUNK) {
        let shown = users::table.filter(users::account_id.eq(account)).filter(users::teams_user_canonical.eq_any(some));
        diesel::update(shown).set(users::version.eq(users::version + 1)).execute(tx)?;
    }
    Ok(())
}
