//! The history of accounts and users, for billing. Each entry has a start and an end and is written in the transaction
//! of the change.

use diesel::prelude::*;
use domain::Timestamp;
use domain::account::Tier;
use domain::id::{AccountId, UserId};
use domain::services::Service;
use domain::status::Status;

use crate::schema::{account_history, accounts, user_history};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::rows;
use crate::store::time::{Instant, column, instant};

/// The state of an account, as recorded in the history.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = account_history)]
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct State {
    pub(crate) master_reseller_id: Option<Key>,
    pub(crate) reseller_id: Option<Key>,
    pub(crate) name: String,
    pub(crate) billing_reference: Option<String>,
    pub(crate) status: String,
    pub(crate) service_pbx: bool,
    pub(crate) service_trunk: bool,
}

/// The accounts above an account of this tier. The row of an account also names the account itself; that is left out.
pub(crate) fn above<T>(tier: Tier, master_reseller: Option<T>, reseller: Option<T>) -> (Option<T>, Option<T>) {
    match tier {
        Tier::Platform | Tier::MasterReseller => (None, None),
        Tier::Reseller => (master_reseller, None),
        Tier::Enterprise => (master_reseller, reseller),
    }
}

/// Records the new state of an account if it differs from the last recorded one.
pub(crate) fn note_account(tx: &mut StoreConnection, account: AccountId, now: Timestamp) -> Result<(), Error> {
    type Row = (String, Option<Key>, Option<Key>, String, Option<String>, String, bool, bool);
    let id = Key::from(account);
    let row: Row = accounts::table
        .filter(accounts::id.eq(id))
        .select((
            accounts::tier,
            accounts::master_reseller_id,
            accounts::reseller_id,
            accounts::name,
            accounts::billing_reference,
            accounts::status,
            accounts::service_pbx,
            accounts::service_trunk,
        ))
        .first(tx)?;
    let (tier, master_reseller_id, reseller_id, name, billing_reference, status, service_pbx, service_trunk) = row;
    let tier = Tier::parse(&tier).ok_or_else(|| Error::Corrupt(format!("tier {tier:?}")))?;
    let (master_reseller_id, reseller_id) = above(tier, master_reseller_id, reseller_id);
    let state = State { master_reseller_id, reseller_id, name, billing_reference, status, service_pbx, service_trunk };

    let going_on =
        account_history::table.filter(account_history::account_id.eq(id)).filter(account_history::until.is_null());
    let before: Option<(Instant, State)> =
        going_on.select((account_history::since, State::as_select())).first(tx).optional()?;
    let mut at = now;
    if let Some((since, before)) = before {
        if before == state {
            return Ok(());
        }
        // The clocks of replicas differ slightly; never record an end before the start.
        at = now.max(instant(since));
        if at == instant(since) {
            // The state would have lasted no time at all.
            diesel::delete(going_on).execute(tx)?;
        } else {
            diesel::update(going_on).set(account_history::until.eq(Some(column(at)))).execute(tx)?;
        }
    }
    if state.status == Status::Closed.as_str() { Ok(()) } else { begin_all(tx, &[(account, state, at)]) }
}

/// Records the state of accounts from an instant on. The accounts must have no open entry.
pub(crate) fn begin_all(tx: &mut StoreConnection, states: &[(AccountId, State, Timestamp)]) -> Result<(), Error> {
    let columns = rows::columns!(states;
        account_id: Keys = |(account, _, _)| Some((*account).into()),
        since: Instants = |(_, _, at)| Some(column(*at)),
        master_reseller_id: Keys = |(_, state, _)| state.master_reseller_id,
        reseller_id: Keys = |(_, state, _)| state.reseller_id,
        name: Texts = |(_, state, _)| Some(state.name.as_str()),
        billing_reference: Texts = |(_, state, _)| state.billing_reference.as_deref(),
        status: Texts = |(_, state, _)| Some(state.status.as_str()),
        service_pbx: Flags = |(_, state, _)| state.service_pbx,
        service_trunk: Flags = |(_, state, _)| state.service_trunk,
    );
    rows::insert(tx, "account_history", columns)?;
    Ok(())
}

/// Records that new users use a service, each from an instant on.
pub(crate) fn begin_users(
    tx: &mut StoreConnection,
    users: &[(AccountId, UserId, Service, Timestamp)],
) -> Result<(), Error> {
    let columns = rows::columns!(users;
        account_id: Keys = |(account, ..)| Some((*account).into()),
        service: Texts = |(_, _, service, _)| Some(service.as_str()),
        user_id: Keys = |(_, user, ..)| Some((*user).into()),
        since: Instants = |(.., at)| Some(column(*at)),
    );
    rows::insert(tx, "user_history", columns)?;
    Ok(())
}

/// Records that a user uses a service, and no other, from now on.
pub(crate) fn note_user(
    tx: &mut StoreConnection,
    account: AccountId,
    user: UserId,
    service: Service,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(since) = end_other(tx, account, user, Some(service), now)? else { return Ok(()) };
    begin_users(tx, &[(account, user, service, since)])
}

/// Records that a user was removed.
pub(crate) fn end_user(
    tx: &mut StoreConnection,
    account: AccountId,
    user: UserId,
    now: Timestamp,
) -> Result<(), Error> {
    end_other(tx, account, user, None, now).map(drop)
}

/// Ends the open history entry of a user and returns the instant of the end. Returns `None`, and changes nothing, if
/// the open entry is of the given service.
fn end_other(
    tx: &mut StoreConnection,
    account: AccountId,
    user: UserId,
    service: Option<Service>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let mut at = now;
    for on in Service::ALL {
        let going_on = user_history::table
            .filter(user_history::account_id.eq(Key::from(account)))
            .filter(user_history::service.eq(on.as_str()))
            .filter(user_history::user_id.eq(Key::from(user)))
            .filter(user_history::until.is_null());
        let Some(since) = going_on.select(user_history::since).first::<Instant>(tx).optional()? else { continue };
        if Some(on) == service {
            return Ok(None);
        }
        at = now.max(instant(since));
        if at == instant(since) {
            diesel::delete(going_on).execute(tx)?;
        } else {
            diesel::update(going_on).set(user_history::until.eq(Some(column(at)))).execute(tx)?;
        }
    }
    Ok(Some(at))
}
