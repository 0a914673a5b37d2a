//! Finding, listing and counting users of a directory.

use std::collections::{HashMap, HashSet};

use diesel::dsl;
use diesel::prelude::*;
use domain::directory::{Directory, LeftOut};
use domain::id::{AccountId, UserId};
use domain::values::tenant::Tenant;
use uuid::Uuid;

use crate::list_filter::Filter;
use crate::schema::{directories, directory_users, users};
use crate::store::connection::{MultiBackend, StoreConnection, on};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::page::page;
use crate::store::time::{Instant, column, instant};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = directories, primary_key(account_id))]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct Row {
    account_id: Key,
    tenant: String,
    link: Option<String>,
    is_reading: bool,
    generation: i32,
    is_full: bool,
    asked_at: Instant,
    synced_at: Option<Instant>,
    error: Option<String>,
    attempts: i32,
    due_at: Instant,
}

impl Row {
    pub(super) fn new(directory: &Directory) -> Self {
        let Directory {
            account,
            tenant,
            link,
            is_reading,
            generation,
            is_full,
            asked_at,
            synced_at,
            error,
            attempts,
            due_at,
        } = directory;
        Self {
            account_id: Key::from(*account),
            tenant: tenant.as_str().to_owned(),
            link: link.clone(),
            is_reading: *is_reading,
            generation: *generation,
            is_full: *is_full,
            asked_at: column(*asked_at),
            synced_at: synced_at.map(column),
            error: error.clone(),
            attempts: *attempts,
            due_at: column(*due_at),
        }
    }

    pub(super) fn directory(self) -> Result<Directory, Error> {
        let Self {
            account_id,
            tenant,
            link,
            is_reading,
            generation,
            is_full,
            asked_at,
            synced_at,
            error,
            attempts,
            due_at,
        } = self;
        Ok(Directory {
            account: account_id.id(),
            tenant: Tenant::parse(&tenant).map_err(|_| Error::Corrupt(format!("directory of {tenant:?}")))?,
            link,
            is_reading,
            generation,
            is_full,
            asked_at: instant(asked_at),
            synced_at: synced_at.map(instant),
            error,
            attempts,
            due_at: instant(due_at),
        })
    }
}

/// The directory of an enterprise; `None` if nobody has asked for it.
pub fn by_account(tx: &mut StoreConnection, account: AccountId) -> Result<Option<Directory>, Error> {
    let own = directories::table.filter(directories::account_id.eq(Key::from(account)));
    let row: Option<Row> = on!(tx, connection => own.select(Row::as_select()).first(connection).optional())?;
    row.map(Row::directory).transpose()
}

/// Which of some sign-in names, in canonical form, the directory of an enterprise has and offers. `None` if it was never
/// read to its end.
pub fn knows(tx: &mut StoreConnection, account: AccountId, names: &[&str]) -> Result<Option<HashSet<String>>, Error> {
    let key = Key::from(account);
    let synced: Option<Option<Instant>> = on!(tx, connection => directories::table
        .filter(directories::account_id.eq(key))
        .select(directories::synced_at)
        .first(connection)
        .optional())?;
    if synced.flatten().is_none() {
        return Ok(None);
    }
    let found: Vec<String> = on!(tx, connection => directory_users::table
        .filter(directory_users::account_id.eq(key))
        .filter(directory_users::canonical.eq_any(names))
        .filter(directory_users::left_out.is_null())
        .select(directory_users::canonical)
        .load(connection))?;
    Ok(Some(found.into_iter().collect()))
}

/// Filter and page of a list of users of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFilter {
    /// Only users that have a licence with Teams Phone, or only those that have none.
    pub licensed: Option<bool>,
    /// Only users that are users of the enterprise here, or only those that are not.
    pub assigned: Option<bool>,
    /// The page, and the search text, which is looked for in sign-in name and display name.
    pub page: Filter,
}

/// A user of a directory that is offered.
#[derive(Debug, Clone)]
pub struct Visible {
    /// Its object id.
    pub person: Uuid,
    /// Its sign-in name.
    pub name: String,
    /// Its display name.
    pub display_name: Option<String>,
    /// Whether it has a licence with Teams Phone.
    pub is_licensed: bool,
    /// The user of the enterprise that it is here, if it is one.
    pub user: Option<UserId>,
}

/// The users of an enterprise's directory that are offered and match a filter.
pub fn list(tx: &mut StoreConnection, account: AccountId, filter: &UserFilter) -> Result<Vec<Visible>, Error> {
    type Found = (Key, String, String, Option<String>, bool);
    let UserFilter { licensed, assigned, page: wanted_page } = filter;
    let columns = (
        directory_users::person_id,
        directory_users::canonical,
        directory_users::name,
        directory_users::display_name,
        directory_users::is_licensed,
    );
    let key = Key::from(account);
    let mut wanted = directory_users::table
        .filter(directory_users::account_id.eq(key))
        .filter(directory_users::left_out.is_null())
        .select(columns)
        .into_boxed::<MultiBackend>();
    if let Some(licensed) = licensed {
        wanted = wanted.filter(directory_users::is_licensed.eq(*licensed));
    }
    if let Some(assigned) = assigned {
        let here = users::table
            .filter(users::account_id.eq(directory_users::account_id))
            .filter(users::teams_user_canonical.eq(directory_users::canonical));
        wanted = if *assigned { wanted.filter(dsl::exists(here)) } else { wanted.filter(dsl::not(dsl::exists(here))) };
    }
    if let Some(pattern) = wanted_page.pattern() {
        wanted = wanted.filter(directory_users::search_text.like(pattern).escape('\\'));
    }
    wanted = match (wanted_page.newest_first, wanted_page.after()) {
        (false, None) => wanted.order(directory_users::person_id.asc()),
        (false, Some(after)) => {
            wanted.filter(directory_users::person_id.gt(after)).order(directory_users::person_id.asc())
        }
        (true, None) => wanted.order(directory_users::person_id.desc()),
        (true, Some(after)) => {
            wanted.filter(directory_users::person_id.lt(after)).order(directory_users::person_id.desc())
        }
    };
    let rows: Vec<Found> = page(wanted, wanted_page.limit, tx)?;
    let names: Vec<&str> = rows.iter().map(|(_, canonical, ..)| canonical.as_str()).collect();
    let here: Vec<(String, Key)> = on!(tx, connection => users::table
        .filter(users::account_id.eq(key))
        .filter(users::teams_user_canonical.eq_any(names))
        .select((users::teams_user_canonical, users::id))
        .load(connection))?;
    let here: HashMap<String, Key> = here.into_iter().collect();
    let visible = |(person, canonical, name, display_name, is_licensed): Found| {
        let user = here.get(&canonical).map(|user| user.id());
        Visible { person: person.uuid(), name, display_name, is_licensed, user }
    };
    Ok(rows.into_iter().map(visible).collect())
}

/// How many users a directory had when it was last read to its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = directories)]
pub struct Counts {
    /// Users that are offered.
    pub users: i64,
    /// Those of them that have a licence with Teams Phone.
    pub licensed: i64,
    /// Guests, who are left out.
    pub guests: i64,
    /// Users that can't sign in, and are left out.
    pub disabled: i64,
    /// Users with names that this service does not accept, who are left out.
    pub unusable_names: i64,
    /// Users with names in other domains, who are left out where enterprises share a tenant.
    pub other_domains: i64,
}

/// The numbers of users of an enterprise's directory.
pub fn counts(tx: &mut StoreConnection, account: AccountId) -> Result<Counts, Error> {
    let own = directories::table.filter(directories::account_id.eq(Key::from(account)));
    let found = on!(tx, connection => own.select(Counts::as_select()).first(connection).optional())?;
    Ok(found.unwrap_or_default())
}

/// Counts the users of an enterprise's directory.
pub(super) fn count(tx: &mut StoreConnection, account: AccountId) -> Result<Counts, Error> {
    let rows: Vec<(Option<String>, bool, i64)> = on!(tx, connection => directory_users::table
        .filter(directory_users::account_id.eq(Key::from(account)))
        .group_by((directory_users::left_out, directory_users::is_licensed))
        .select((directory_users::left_out, directory_users::is_licensed, dsl::count_star()))
        .load(connection))?;
    let mut counts = Counts::default();
    for (left_out, is_licensed, count) in rows {
        let Some(reason) = left_out else {
            counts.users += count;
            counts.licensed += if is_licensed { count } else { 0 };
            continue;
        };
        match LeftOut::parse(&reason).ok_or_else(|| Error::Corrupt(format!("left out for {reason:?}")))? {
            LeftOut::Guest => counts.guests += count,
            LeftOut::Disabled => counts.disabled += count,
            LeftOut::UnusableName => counts.unusable_names += count,
            LeftOut::OtherDomain => counts.other_domains += count,
        }
    }
    Ok(counts)
}
