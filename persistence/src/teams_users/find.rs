//! Finding and counting users in Teams.

use std::collections::HashMap;

use diesel::dsl;
use diesel::prelude::*;
use domain::id::{AccountId, UserId};
use domain::refusal::UserClaim;
use domain::teams::{State, TeamsUser};
use domain::user::Settings;
use domain::values::phone_number::PhoneNumber;

use super::row::Row;
use crate::schema::{teams_users, users};
use crate::store::connection::{StoreConnection, on};
use crate::store::error::Error;
use crate::store::key::Key;

/// A user that has a name in a tenant, or had it and still has something under that name.
#[derive(Debug, Clone)]
pub struct Namesake {
    /// The user.
    pub user: UserId,
    /// Its name, in canonical form.
    pub name: String,
    /// Its state.
    pub state: State,
    /// Whether it has, or is about to get, something at Microsoft.
    pub holds_something: bool,
}

/// A user in Teams; `None` if nobody has asked for it.
pub fn by_id(tx: &mut StoreConnection, user: UserId) -> Result<Option<TeamsUser>, Error> {
    let own = teams_users::table.filter(teams_users::user_id.eq(Key::from(user)));
    let row: Option<Row> = on!(tx, connection => own.select(Row::as_select()).first(connection).optional())?;
    row.map(Row::user).transpose()
}

/// Those of some users for whom somebody has asked, by the user.
pub fn by_users(tx: &mut StoreConnection, ids: &[UserId]) -> Result<HashMap<UserId, TeamsUser>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Key> = ids.iter().copied().map(Key::from).collect();
    let rows: Vec<Row> = on!(tx, connection => teams_users::table
        .filter(teams_users::user_id.eq_any(ids))
        .select(Row::as_select())
        .load(connection))?;
    rows.into_iter().map(|row| row.user().map(|user| (user.user, user))).collect()
}

/// The users of an enterprise with some of these names in their tenant, in canonical form.
pub fn namesakes(tx: &mut StoreConnection, account: AccountId, names: &[&str]) -> Result<Vec<Namesake>, Error> {
    let rows: Vec<Row> = on!(tx, connection => teams_users::table
        .filter(teams_users::account_id.eq(Key::from(account)))
        .filter(teams_users::teams_user_canonical.eq_any(names))
        .select(Row::as_select())
        .load(connection))?;
    let namesake = |row: Row| {
        let user = row.user()?;
        let (name, holds_something) = (user.teams_user.canonical().to_owned(), user.holds_something());
        Ok(Namesake { user: user.user, name, state: user.state, holds_something })
    };
    rows.into_iter().map(namesake).collect()
}

/// How many users of an enterprise are in which state. Users for whom nobody has asked are counted, too.
pub fn counts(tx: &mut StoreConnection, account: AccountId) -> Result<HashMap<State, i64>, Error> {
    let account = Key::from(account);
    let states: Vec<(String, i64)> = on!(tx, connection => teams_users::table
        .inner_join(users::table.on(users::id.eq(teams_users::user_id)))
        .filter(teams_users::account_id.eq(account))
        .group_by(teams_users::state)
        .select((teams_users::state, dsl::count_star()))
        .load(connection))?;
    let all: i64 = on!(tx, connection => users::table
        .filter(users::account_id.eq(account))
        .select(dsl::count_star())
        .first(connection))?;
    let mut counts = HashMap::new();
    for (state, count) in states {
        let state = State::parse(&state).ok_or_else(|| Error::Corrupt(format!("state in Teams {state:?}")))?;
        counts.insert(state, count);
    }
    let asked: i64 = counts.values().sum();
    counts.insert(State::NotRequested, all - asked);
    Ok(counts)
}

/// Numbers that users have in Teams, of those that some users want.
#[derive(Debug, Default)]
pub struct HeldNumbers(HashMap<String, (UserId, AccountId)>);

impl HeldNumbers {
    /// Finds out which of the numbers of some settings a user has in Teams.
    pub fn load<'a>(tx: &mut StoreConnection, all: impl IntoIterator<Item = &'a Settings>) -> Result<Self, Error> {
        let numbers: Vec<&str> = all.into_iter().flat_map(Settings::numbers).map(PhoneNumber::as_str).collect();
        let mut held = HashMap::new();
        // Not too many for one statement on SQLite.
        for numbers in numbers.chunks(500) {
            let found: Vec<(Option<String>, Key, Key)> = on!(tx, connection => teams_users::table
                .filter(teams_users::number.eq_any(numbers))
                .select((teams_users::number, teams_users::user_id, teams_users::account_id))
                .load(connection))?;
            held.extend(
                found.into_iter().filter_map(|(number, user, account)| Some((number?, (user.id(), account.id())))),
            );
        }
        Ok(Self(held))
    }

    /// The first number of a user that Microsoft has not yet taken back from somebody else, who may be deleted, and that
    /// one's enterprise.
    #[must_use]
    pub fn first(&self, user: UserId, settings: &Settings) -> Option<(UserClaim, AccountId)> {
        let holder = |number: &PhoneNumber| {
            self.0.get(number.as_str()).filter(|(holder, _)| *holder != user).map(|(_, account)| *account)
        };
        if let Some(account) = settings.default_number.as_ref().and_then(holder) {
            return Some((UserClaim::DefaultNumber, account));
        }
        let further = settings.forwarded_numbers.iter().enumerate();
        let mut held = further.filter_map(|(index, number)| Some((UserClaim::ForwardedNumber(index), holder(number)?)));
        held.next()
    }
}

/// The deleted users of an enterprise that still have something at Microsoft: how many, and some of them.
pub(crate) fn released_users(
    tx: &mut StoreConnection,
    account: AccountId,
    limit: i64,
) -> Result<(i64, Vec<(Key, String)>), Error> {
    let own = || {
        let deleted = dsl::not(dsl::exists(users::table.filter(users::id.eq(teams_users::user_id))));
        teams_users::table.filter(teams_users::account_id.eq(Key::from(account))).filter(deleted)
    };
    let total = own().count().get_result(tx)?;
    let some = own().order(teams_users::user_id).limit(limit).select((teams_users::user_id, teams_users::teams_user));
    Ok((total, some.load(tx)?))
}
