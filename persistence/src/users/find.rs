//! Finding, listing and counting users.

use std::collections::HashMap;

use diesel::dsl;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use domain::enterprise::SbcRegionCode;
use domain::fault::Fault;
use domain::id::{AccountId, PbxId, TrunkId, UserId};
use domain::teams::State;
use domain::user::{Assignment, Settings, User};
use domain::values::phone_number::PhoneNumber;
use domain::values::sip::SipUser;
use domain::values::text::{AuthenticationName, Tag};
use domain::values::user_principal_name::UserPrincipalName;

use crate::list_filter::Filter;
use crate::schema::{phone_numbers, teams_users, users};
use crate::store::connection::{MultiBackend, StoreConnection, on};
use crate::store::error::Error;
use crate::store::key::{Key, sql};
use crate::store::page::page;
use crate::store::rows::{Find, columns};
use crate::store::time::{Instant, instant};

/// Filter and page of a list of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFilter {
    /// Only users of this PBX.
    pub pbx: Option<PbxId>,
    /// Only users of this trunk.
    pub trunk: Option<TrunkId>,
    /// Only users whose calls use the route of this region.
    pub voice_route: Option<SbcRegionCode>,
    /// Only users with exactly this tag.
    pub tag: Option<String>,
    /// Only users in this state in Teams.
    pub teams_state: Option<State>,
    /// The page, and the search text, which is looked for in Teams user, SIP user, phone numbers and tag.
    pub page: Filter,
}

#[derive(Queryable)]
struct Row {
    id: Key,
    account_id: Key,
    teams_user: String,
    pbx_id: Option<Key>,
    trunk_id: Option<Key>,
    sip_user: Option<String>,
    auth_id: Option<String>,
    has_password: bool,
    voice_route: String,
    tag: Option<String>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

#[diesel::dsl::auto_type(no_type_alias)]
fn columns() -> _ {
    (
        users::id,
        users::account_id,
        users::teams_user,
        users::pbx_id,
        users::trunk_id,
        users::sip_user,
        users::auth_id,
        users::password.is_not_null(),
        users::voice_route,
        users::tag,
        users::version,
        users::created_at,
        users::updated_at,
    )
}

/// The enterprise that a user belongs to. Check that the caller can see the enterprise before returning anything else
/// about the user.
pub fn owner(tx: &mut StoreConnection, id: UserId) -> Result<Option<AccountId>, Error> {
    let owner = users::table.filter(users::id.eq(Key::from(id))).select(users::account_id);
    Ok(owner.first::<Key>(tx).optional()?.map(Key::id))
}

/// The user of an enterprise with this id; `None` if there is none.
pub fn by_id(tx: &mut StoreConnection, account: AccountId, id: UserId) -> Result<Option<User>, Error> {
    let own = users::table.filter(users::account_id.eq(Key::from(account))).filter(users::id.eq(Key::from(id)));
    let row: Option<Row> = own.select(columns()).first(tx).optional()?;
    Ok(complete(tx, row.into_iter().collect())?.pop())
}

/// The users of an enterprise with these ids. Those that it does not have are left out.
pub fn by_ids(tx: &mut StoreConnection, account: AccountId, ids: &[UserId]) -> Result<Vec<User>, Error> {
    let ids: Vec<Key> = ids.iter().copied().map(Key::from).collect();
    let own = users::table.filter(users::account_id.eq(Key::from(account))).filter(users::id.eq_any(ids));
    let rows: Vec<Row> = own.select(columns()).load(tx)?;
    complete(tx, rows)
}

/// The users of an enterprise with some of these Teams users, given in canonical form, by that form.
pub fn by_teams_users(
    tx: &mut StoreConnection,
    account: AccountId,
    canonical: &[&str],
) -> Result<HashMap<String, User>, Error> {
    let own = users::table.filter(users::account_id.eq(Key::from(account)));
    let rows: Vec<Row> = match tx {
        StoreConnection::Postgresql(connection) => {
            let named = named(connection, canonical)?;
            let ids = named.into_iter().filter(|(_, of, _)| *of == Key::from(account)).map(|(id, ..)| id);
            let ids: Vec<Key> = ids.collect();
            if ids.is_empty() {
                return Ok(HashMap::new());
            }
            own.filter(users::id.eq_any(ids)).select(columns()).load(tx)?
        }
        StoreConnection::Sqlite(_) => {
            own.filter(users::teams_user_canonical.eq_any(canonical)).select(columns()).load(tx)?
        }
    };
    let found = complete(tx, rows)?;
    Ok(found.into_iter().map(|user| (user.settings.teams_user.canonical().to_owned(), user)).collect())
}

/// The users of all enterprises with some of these Teams users: their ids, their enterprises and their Teams users. By the
/// name alone: with the enterprise, PostgreSQL could go through all users of that.
pub(super) fn named(connection: &mut PgConnection, canonical: &[&str]) -> QueryResult<Vec<(Key, Key, String)>> {
    const NAMED: &str = "one.id, one.account_id, one.teams_user_canonical";
    let wanted = columns!(canonical; teams_user_canonical: Texts = |name| Some(*name));
    Find::<(sql::Key, sql::Key, Text)>::new(NAMED, "users", wanted).load(connection)
}

/// The numbers of users of enterprises, by the enterprise. Those without users are left out.
pub fn counts(tx: &mut StoreConnection, accounts: &[AccountId]) -> Result<HashMap<AccountId, i64>, Error> {
    if accounts.is_empty() {
        return Ok(HashMap::new());
    }
    let accounts: Vec<Key> = accounts.iter().copied().map(Key::from).collect();
    let counted: Vec<(Key, i64)> = on!(tx, connection => users::table
        .filter(users::account_id.eq_any(accounts))
        .group_by(users::account_id)
        .select((users::account_id, dsl::count_star()))
        .load(connection))?;
    Ok(counted.into_iter().map(|(account, count)| (account.id(), count)).collect())
}

/// The users of an enterprise that match a filter.
pub fn list(tx: &mut StoreConnection, account: AccountId, filter: &UserFilter) -> Result<Vec<User>, Error> {
    let UserFilter { pbx, trunk, voice_route, tag, teams_state, page: wanted_page } = filter;
    let mut wanted =
        users::table.filter(users::account_id.eq(Key::from(account))).select(columns()).into_boxed::<MultiBackend>();
    if let Some(pbx) = pbx {
        wanted = wanted.filter(users::pbx_id.eq(Key::from(*pbx)));
    }
    if let Some(trunk) = trunk {
        wanted = wanted.filter(users::trunk_id.eq(Key::from(*trunk)));
    }
    if let Some(region) = voice_route {
        wanted = wanted.filter(users::voice_route.eq(region.as_str()));
    }
    if let Some(tag) = tag {
        wanted = wanted.filter(users::tag.eq(tag));
    }
    if let Some(state) = teams_state {
        let asked = teams_users::table.filter(teams_users::user_id.eq(users::id));
        wanted = if *state == State::NotRequested {
            wanted.filter(dsl::not(dsl::exists(asked)))
        } else {
            wanted.filter(dsl::exists(asked.filter(teams_users::state.eq(state.as_str()))))
        };
    }
    if let Some(pattern) = wanted_page.pattern() {
        let found = users::search_text.like(pattern.clone()).escape('\\');
        let in_sip =
            users::sip_search_text.like(pattern).escape('\\').and(wanted_page.sees_sip_data.into_sql::<Bool>());
        wanted = wanted.filter(found.or(in_sip));
    }
    wanted = match (wanted_page.newest_first, wanted_page.after()) {
        (false, None) => wanted.order(users::id.asc()),
        (false, Some(after)) => wanted.filter(users::id.gt(after)).order(users::id.asc()),
        (true, None) => wanted.order(users::id.desc()),
        (true, Some(after)) => wanted.filter(users::id.lt(after)).order(users::id.desc()),
    };
    let rows = page(wanted, wanted_page.limit, tx)?;
    complete(tx, rows)
}

/// Converts rows into users and loads their phone numbers.
fn complete(tx: &mut StoreConnection, rows: Vec<Row>) -> Result<Vec<User>, Error> {
    let ids: Vec<Key> = rows.iter().map(|row| row.id).collect();
    let held: Vec<(Key, i16, String)> = on!(tx, connection => phone_numbers::table
        .filter(phone_numbers::user_id.eq_any(&ids))
        .order((phone_numbers::user_id, phone_numbers::position))
        .select((phone_numbers::user_id, phone_numbers::position, phone_numbers::number))
        .load(connection))?;
    let mut numbers_of = HashMap::<Key, (Option<PhoneNumber>, Vec<PhoneNumber>)>::new();
    for (user, position, number) in held {
        let number = PhoneNumber::parse(&number).map_err(|fault| corrupt(&fault))?;
        let (default, further) = numbers_of.entry(user).or_default();
        if position == 0 { *default = Some(number) } else { further.push(number) }
    }
    rows.into_iter()
        .map(|row| {
            let numbers = numbers_of.remove(&row.id).unwrap_or_default();
            user(row, numbers)
        })
        .collect()
}

fn user(row: Row, numbers: (Option<PhoneNumber>, Vec<PhoneNumber>)) -> Result<User, Error> {
    let Row {
        id,
        account_id,
        teams_user,
        pbx_id,
        trunk_id,
        sip_user,
        auth_id,
        has_password,
        voice_route,
        tag,
        version,
        created_at,
        updated_at,
    } = row;
    let corrupt = |fault: Fault| corrupt(&fault);
    let assignment = match (pbx_id, sip_user, trunk_id) {
        (Some(pbx), Some(sip_user), None) => Assignment::Pbx {
            pbx: pbx.id(),
            sip_user: SipUser::parse(&sip_user).map_err(corrupt)?,
            auth_id: auth_id.map(|auth_id| AuthenticationName::parse(&auth_id)).transpose().map_err(corrupt)?,
        },
        (None, None, Some(trunk)) => Assignment::Trunk(trunk.id()),
        _ => return Err(Error::Corrupt("a user without a PBX or trunk, or with both".to_owned())),
    };
    let (default_number, forwarded_numbers) = numbers;
    let settings = Settings {
        teams_user: UserPrincipalName::parse(&teams_user).map_err(corrupt)?,
        assignment,
        default_number,
        forwarded_numbers,
        voice_route: SbcRegionCode::parse(&voice_route)
            .ok_or_else(|| Error::Corrupt(format!("voice route {voice_route:?}")))?,
        tag: tag.map(|tag| Tag::parse(&tag)).transpose().map_err(corrupt)?,
    };
    Ok(User {
        id: id.id(),
        account: account_id.id(),
        settings,
        has_password,
        version,
        created_at: instant(created_at),
        updated_at: instant(updated_at),
    })
}

fn corrupt(fault: &Fault) -> Error {
    Error::Corrupt(format!("a user's settings: {}", fault.code))
}
