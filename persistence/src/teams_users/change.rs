//! Storing users in Teams.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamp as Instants};
use domain::Timestamp;
use domain::id::{AccountId, UserId};
use domain::teams::{Missing, TeamsUser};
use domain::values::tenant::Tenant;

use super::queue::wake;
use super::row::Row;
use crate::schema::{direct_routing_routes as routes, teams_users, users};
use crate::store::connection::{StoreConnection, on};
use crate::store::error::Error;
use crate::store::key::{Key, sql};
use crate::store::time::column;

/// Stores a user in Teams, and has its enterprise served when it is due. The `ETag` of the user changes with `is_shown`.
pub fn save(tx: &mut StoreConnection, user: &TeamsUser, is_shown: bool) -> Result<(), Error> {
    let id = Key::from(user.user);
    let own = teams_users::table.filter(teams_users::user_id.eq(id));
    let changed = on!(tx, connection => diesel::update(own).set(Row::new(user)).execute(connection))?;
    if changed == 0 {
        on!(tx, connection => diesel::insert_into(teams_users::table).values(Row::new(user)).execute(connection))?;
    }
    if is_shown {
        let shown = users::table.filter(users::id.eq(id));
        on!(tx, connection => diesel::update(shown).set(users::version.eq(users::version + 1)).execute(connection))?;
    }
    wake(tx, user.account, &user.tenant, user.due_at)
}

/// Forgets a user that has nothing at Microsoft any more.
pub fn delete(tx: &mut StoreConnection, user: UserId) -> Result<(), Error> {
    diesel::delete(teams_users::table.filter(teams_users::user_id.eq(Key::from(user)))).execute(tx)?;
    Ok(())
}

/// Has those users of an enterprise that wait for one of these things attempted at once.
pub fn end_wait(tx: &mut StoreConnection, account: AccountId, things: &[Missing], now: Timestamp) -> Result<(), Error> {
    let things: Vec<&str> = things.iter().map(|missing| missing.as_str()).collect();
    let waiting = || {
        teams_users::table
            .filter(teams_users::account_id.eq(Key::from(account)))
            .filter(teams_users::missing.eq_any(&things))
    };
    let change = (teams_users::due_at.eq(column(now)), teams_users::attempts.eq(0));
    let tenant: Option<String> = waiting().select(teams_users::tenant).first(tx).optional()?;
    let Some(tenant) = tenant.and_then(|tenant| Tenant::parse(&tenant).ok()) else { return Ok(()) };
    diesel::update(waiting()).set(change).execute(tx)?;
    wake(tx, account, &tenant, now)
}

/// Asks for number and policy of all users of an enterprise that have not got them: of those for whom nobody has asked, that
/// failed or were released, and with `replaces` of those that were changed at Microsoft. Returns how many they are.
pub fn request_all(
    tx: &mut StoreConnection,
    account: AccountId,
    replaces: bool,
    now: Timestamp,
) -> Result<usize, Error> {
    /// Users that have asked before and begin anew.
    const AGAIN: &str = "\
        UPDATE teams_users SET state = 'pending', progress = 'find', replaces = $1, missing = NULL, waits_since = $2, found_number = NULL, \
            found_policy = NULL, failure = NULL, failure_detail = NULL, failure_request_id = NULL, since = $2, \
            attempts = 0, due_at = $2 \
        WHERE account_id = $3 AND (state IN ('failed', 'released') OR ($1 AND state = 'drifted')) \
            AND EXISTS (SELECT 1 FROM users WHERE users.id = teams_users.user_id)";
    /// Users for whom nobody has asked.
    const NEW: &str = "\
        INSERT INTO teams_users (user_id, account_id, tenant, teams_user, teams_user_canonical, state, progress, replaces, \
            waits_since, since, attempts, due_at) \
        SELECT users.id, users.account_id, route.tenant, users.teams_user, users.teams_user_canonical, 'pending', 'find', \
            $1, $2, $2, 0, $2 \
        FROM users JOIN direct_routing_routes AS route \
            ON route.account_id = users.account_id AND route.region = users.voice_route \
        WHERE users.account_id = $3 \
            AND NOT EXISTS (SELECT 1 FROM teams_users AS known WHERE known.user_id = users.id)";
    /// Both are shown with the users.
    const SHOWN: &str = "\
        UPDATE users SET version = version + 1 WHERE account_id = $1 AND id IN (SELECT user_id FROM teams_users \
            WHERE account_id = $1 AND state = 'pending' AND progress = 'find' AND since = $2)";
    let (key, at) = (Key::from(account), column(now));
    let mut asked = 0;
    for statement in [AGAIN, NEW] {
        asked += on!(tx, connection => diesel::sql_query(statement)
            .bind::<Bool, _>(replaces)
            .bind::<Instants, _>(at)
            .bind::<sql::Key, _>(key)
            .execute(connection))?;
    }
    if asked == 0 {
        return Ok(0);
    }
    on!(tx, connection => diesel::sql_query(SHOWN)
        .bind::<sql::Key, _>(key)
        .bind::<Instants, _>(at)
        .execute(connection))?;
    let tenant: Option<String> =
        routes::table.filter(routes::account_id.eq(key)).select(routes::tenant).first(tx).optional()?;
    let tenant = tenant.and_then(|tenant| Tenant::parse(&tenant).ok());
    if let Some(tenant) = tenant {
        wake(tx, account, &tenant, now)?;
    }
    Ok(asked)
}
