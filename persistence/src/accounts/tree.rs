//! How much there is below an account, counted from indexes.

use diesel::dsl::count_star;
use diesel::prelude::*;
use domain::account::{Account, Status, Tier};

use super::row::parse_status;
use crate::connection::StoreConnection;
use crate::error::Error;
use crate::key::Key;
use crate::schema::{accounts, direct_routing_routes as routes, pbxes, trunks, users};

/// What is below an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    /// How many accounts there are of a tier with a status.
    pub accounts: Vec<(Tier, Status, i64)>,
    /// How many routes there are in a state; those that were not started are not counted.
    pub routes: Vec<(String, i64)>,
    /// How many PBXs there are.
    pub pbxes: i64,
    /// How many trunks there are.
    pub trunks: i64,
    /// How many users there are.
    pub users: i64,
}

/// What is below an account.
pub fn tree(tx: &mut StoreConnection, account: &Account) -> Result<Tree, Error> {
    let id = Key::from(account.id);
    let below = accounts::table.filter(accounts::tier.ne(account.tier.as_str()));
    let columns = (accounts::tier, accounts::status, count_star());
    let groups = (accounts::tier, accounts::status);
    let counted: Vec<(String, String, i64)> = match account.tier {
        Tier::Platform => below.group_by(groups).select(columns).load(tx)?,
        Tier::MasterReseller => {
            below.filter(accounts::master_reseller_id.eq(id)).group_by(groups).select(columns).load(tx)?
        }
        Tier::Reseller => below.filter(accounts::reseller_id.eq(id)).group_by(groups).select(columns).load(tx)?,
        Tier::Enterprise => Vec::new(),
    };
    let parsed = counted.into_iter().map(|(tier, status, count)| {
        let tier = Tier::parse(&tier).ok_or_else(|| Error::Corrupt(format!("tier {tier:?}")))?;
        Ok((tier, parse_status(&status)?, count))
    });
    Ok(Tree {
        accounts: parsed.collect::<Result<_, Error>>()?,
        routes: by_state(tx, account.tier, id)?,
        pbxes: count(tx, account.tier, id, Of::Pbxes)?,
        trunks: count(tx, account.tier, id, Of::Trunks)?,
        users: count(tx, account.tier, id, Of::Users)?,
    })
}

/// The enterprises below an account, or itself.
#[diesel::dsl::auto_type(no_type_alias)]
fn below_reseller(id: Key) -> _ {
    accounts::table.filter(accounts::reseller_id.eq(id)).select(accounts::id)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn below_master_reseller(id: Key) -> _ {
    accounts::table.filter(accounts::master_reseller_id.eq(id)).select(accounts::id)
}

fn by_state(tx: &mut StoreConnection, tier: Tier, id: Key) -> Result<Vec<(String, i64)>, Error> {
    let grouped = routes::table.group_by(routes::state).select((routes::state, count_star())).order(routes::state);
    Ok(match tier {
        Tier::Platform => grouped.load(tx)?,
        Tier::MasterReseller => grouped.filter(routes::account_id.eq_any(below_master_reseller(id))).load(tx)?,
        Tier::Reseller => grouped.filter(routes::account_id.eq_any(below_reseller(id))).load(tx)?,
        Tier::Enterprise => grouped.filter(routes::account_id.eq(id)).load(tx)?,
    })
}

#[derive(Debug, Clone, Copy)]
enum Of {
    Pbxes,
    Trunks,
    Users,
}

/// Counts what enterprises have. Written out for each table, because a column is a type of its own.
fn count(tx: &mut StoreConnection, tier: Tier, id: Key, of: Of) -> Result<i64, Error> {
    let (reseller, master) = (below_reseller(id), below_master_reseller(id));
    Ok(match (of, tier) {
        (Of::Pbxes, Tier::Platform) => pbxes::table.count().get_result(tx)?,
        (Of::Pbxes, Tier::MasterReseller) => {
            pbxes::table.filter(pbxes::account_id.eq_any(master)).count().get_result(tx)?
        }
        (Of::Pbxes, Tier::Reseller) => {
            pbxes::table.filter(pbxes::account_id.eq_any(reseller)).count().get_result(tx)?
        }
        (Of::Pbxes, Tier::Enterprise) => pbxes::table.filter(pbxes::account_id.eq(id)).count().get_result(tx)?,
        (Of::Trunks, Tier::Platform) => trunks::table.count().get_result(tx)?,
        (Of::Trunks, Tier::MasterReseller) => {
            trunks::table.filter(trunks::account_id.eq_any(master)).count().get_result(tx)?
        }
        (Of::Trunks, Tier::Reseller) => {
            trunks::table.filter(trunks::account_id.eq_any(reseller)).count().get_result(tx)?
        }
        (Of::Trunks, Tier::Enterprise) => trunks::table.filter(trunks::account_id.eq(id)).count().get_result(tx)?,
        (Of::Users, Tier::Platform) => users::table.count().get_result(tx)?,
        (Of::Users, Tier::MasterReseller) => {
            users::table.filter(users::account_id.eq_any(master)).count().get_result(tx)?
        }
        (Of::Users, Tier::Reseller) => {
            users::table.filter(users::account_id.eq_any(reseller)).count().get_result(tx)?
        }
        (Of::Users, Tier::Enterprise) => users::table.filter(users::account_id.eq(id)).count().get_result(tx)?,
    })
}
