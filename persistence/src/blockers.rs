//! Blockers: the objects that prevent an account from being closed or something from being removed.

use diesel::dsl::sql;
use diesel::prelude::*;
use domain::account::{Account, Tier};
use domain::enterprise::SbcRegionCode;
use domain::id::{AccountId, Kind, Pbx, PbxId, Trunk, TrunkId, User};
use domain::limits::BLOCKERS_LISTED;
use domain::refusal::{Blocker, Blockers};
use domain::services::Service;
use domain::status::Status;
use domain::teams::State;

use crate::accounts::parse_status;
use crate::schema::{accounts, pbxes, trunks, users};
use crate::store::connection::{MultiBackend, StoreConnection};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::teams_users;

/// What prevents an account from being closed (R7): open accounts below it, or the PBXs, trunks and users of an
/// enterprise.
pub fn open_descendants(tx: &mut StoreConnection, account: &Account) -> Result<Blockers, Error> {
    match account.tier {
        Tier::Enterprise => everything(tx, account.id),
        Tier::Platform | Tier::MasterReseller | Tier::Reseller => descendants(tx, account, None),
    }
}

/// What prevents a service from being removed from an account (R5): accounts below it, or PBXs or trunks, that use the
/// service.
pub fn open_descendants_with(tx: &mut StoreConnection, account: &Account, service: Service) -> Result<Blockers, Error> {
    match account.tier {
        Tier::Enterprise => with_service(tx, account.id, service),
        Tier::Platform | Tier::MasterReseller | Tier::Reseller => descendants(tx, account, Some(service)),
    }
}

type Open = accounts::BoxedQuery<'static, MultiBackend>;

fn descendants(tx: &mut StoreConnection, account: &Account, service: Option<Service>) -> Result<Blockers, Error> {
    let select = || -> Option<Open> {
        let open: Open = accounts::table.filter(accounts::status.ne(Status::Closed.as_str())).into_boxed();
        let id = Key::from(account.id);
        let below = match account.tier {
            Tier::Platform => open.filter(accounts::tier.ne(Tier::Platform.as_str())),
            Tier::MasterReseller => {
                open.filter(accounts::master_reseller_id.eq(id)).filter(accounts::tier.ne(account.tier.as_str()))
            }
            Tier::Reseller => {
                open.filter(accounts::reseller_id.eq(id)).filter(accounts::tier.ne(account.tier.as_str()))
            }
            Tier::Enterprise => return None,
        };
        Some(match service {
            None => below,
            Some(Service::Pbx) => below.filter(accounts::service_pbx.eq(true)),
            Some(Service::Trunk) => below.filter(accounts::service_trunk.eq(true)),
        })
    };
    let (Some(counted), Some(listed)) = (select(), select()) else { return Ok(Blockers::default()) };
    let total = counted.select(sql::<diesel::sql_types::BigInt>("count(*)")).first(tx)?;
    let rows: Vec<(Key, String, String, String)> = listed
        .select((accounts::id, accounts::tier, accounts::name, accounts::status))
        .order(accounts::id)
        .limit(BLOCKERS_LISTED)
        .load(tx)?;
    let listed = rows
        .into_iter()
        .map(|(id, tier, name, status)| {
            let tier = Tier::parse(&tier).ok_or_else(|| Error::Corrupt(format!("tier {tier:?}")))?;
            let status = parse_status(&status)?.as_str();
            Ok(Blocker { kind: tier.as_str(), id: tier.format_id(id.id()), name, status })
        })
        .collect::<Result<_, Error>>()?;
    Ok(Blockers { listed, total })
}

/// The PBXs or the trunks of an enterprise, whichever use the service (R5).
fn with_service(tx: &mut StoreConnection, account: AccountId, service: Service) -> Result<Blockers, Error> {
    match service {
        Service::Pbx => all_pbxes(tx, account),
        Service::Trunk => all_trunks(tx, account),
    }
}

/// The PBXs, trunks and users of an enterprise, which prevent it from being closed (R7), and its deleted users that still
/// have something at Microsoft.
fn everything(tx: &mut StoreConnection, account: AccountId) -> Result<Blockers, Error> {
    let users = found_users(tx, |users| users.filter(users::account_id.eq(Key::from(account))))?;
    Ok(joined(&[all_pbxes(tx, account)?, all_trunks(tx, account)?, users, being_released(tx, account)?]))
}

/// The deleted users of an enterprise that still have something at Microsoft.
fn being_released(tx: &mut StoreConnection, account: AccountId) -> Result<Blockers, Error> {
    let (total, listed) = teams_users::released_users(tx, account, BLOCKERS_LISTED)?;
    let mut found = blockers::<User>(total, listed);
    found.listed.iter_mut().for_each(|blocker| blocker.status = State::Releasing.as_str());
    Ok(found)
}

/// What prevents a route from being removed (R11): users whose calls use it and, if it is the last one, all PBXs and
/// trunks.
pub fn on_route(
    tx: &mut StoreConnection,
    account: AccountId,
    region: &SbcRegionCode,
    is_last: bool,
) -> Result<Blockers, Error> {
    let users = found_users(tx, |users| {
        users.filter(users::account_id.eq(Key::from(account))).filter(users::voice_route.eq(region.as_str().to_owned()))
    })?;
    if !is_last {
        return Ok(users);
    }
    Ok(joined(&[all_pbxes(tx, account)?, all_trunks(tx, account)?, users]))
}

/// The users of a PBX, which prevent it from being removed.
pub fn on_pbx(tx: &mut StoreConnection, pbx: PbxId) -> Result<Blockers, Error> {
    found_users(tx, |users| users.filter(users::pbx_id.eq(Key::from(pbx))))
}

/// The users of a trunk, which prevent it from being removed.
pub fn on_trunk(tx: &mut StoreConnection, trunk: TrunkId) -> Result<Blockers, Error> {
    found_users(tx, |users| users.filter(users::trunk_id.eq(Key::from(trunk))))
}

fn all_pbxes(tx: &mut StoreConnection, account: AccountId) -> Result<Blockers, Error> {
    let own = pbxes::table.filter(pbxes::account_id.eq(Key::from(account)));
    let total = own.count().get_result(tx)?;
    let listed = own.order(pbxes::id).limit(BLOCKERS_LISTED).select((pbxes::id, pbxes::location)).load(tx)?;
    Ok(blockers::<Pbx>(total, listed))
}

fn all_trunks(tx: &mut StoreConnection, account: AccountId) -> Result<Blockers, Error> {
    let own = trunks::table.filter(trunks::account_id.eq(Key::from(account)));
    let total = own.count().get_result(tx)?;
    let listed = own.order(trunks::id).limit(BLOCKERS_LISTED).select((trunks::id, trunks::name)).load(tx)?;
    Ok(blockers::<Trunk>(total, listed))
}

type Users = users::BoxedQuery<'static, MultiBackend>;

fn found_users(tx: &mut StoreConnection, which: impl Fn(Users) -> Users) -> Result<Blockers, Error> {
    let total = which(users::table.into_boxed()).count().get_result(tx)?;
    let some = which(users::table.into_boxed()).order(users::id).limit(BLOCKERS_LISTED);
    Ok(blockers::<User>(total, some.select((users::id, users::teams_user)).load(tx)?))
}

fn blockers<K: Kind>(total: i64, listed: Vec<(Key, String)>) -> Blockers {
    let blocker =
        |(id, name): (Key, String)| Blocker { kind: K::PREFIX, id: id.id::<K>().to_string(), name, status: "active" };
    Blockers { total, listed: listed.into_iter().map(blocker).collect() }
}

fn joined(parts: &[Blockers]) -> Blockers {
    let mut all = Blockers::default();
    for Blockers { listed, total } in parts {
        all.total += total;
        all.listed.extend(listed.iter().cloned());
    }
    all.listed.truncate(usize::try_from(BLOCKERS_LISTED).unwrap_or(usize::MAX));
    all
}
