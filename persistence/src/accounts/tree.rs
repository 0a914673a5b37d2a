//! The number of objects below an account, counted from indexes.

use diesel::dsl::count_star;
use diesel::prelude::*;
use domain::account::{Account, Tier};
use domain::status::Status;

use super::row::parse_status;
use crate::schema::{accounts, direct_routing_routes as routes, pbxes, trunks, users};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;

/// The number of objects below an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    /// Number of accounts by tier and status.
    pub accounts: Vec<(Tier, Status, i64)>,
    /// Number of started routes by state.
    pub routes: Vec<(String, i64)>,
    /// Number of PBXs.
    pub pbxes: i64,
    /// Number of trunks.
    pub trunks: i64,
    /// Number of users.
    pub users: i64,
}

/// Counts the objects below an account.
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
    let everything = account.tier == Tier::Platform;
    let by_state = routes::table.group_by(routes::state).select((routes::state, count_star())).order(routes::state);
    Ok(Tree {
        accounts: parsed.collect::<Result<_, Error>>()?,
        routes: if everything {
            by_state.load(tx)?
        } else {
            by_state.filter(routes::account_id.eq_any(owners(id))).load(tx)?
        },
        pbxes: if everything {
            pbxes::table.count().get_result(tx)?
        } else {
            pbxes::table.filter(pbxes::account_id.eq_any(owners(id))).count().get_result(tx)?
        },
        trunks: if everything {
            trunks::table.count().get_result(tx)?
        } else {
            trunks::table.filter(trunks::account_id.eq_any(owners(id))).count().get_result(tx)?
        },
        users: if everything {
            users::table.count().get_result(tx)?
        } else {
            users::table.filter(users::account_id.eq_any(owners(id))).count().get_result(tx)?
        },
    })
}

/// The ids of an account and of all accounts below it. One condition covers all tiers, because an id belongs to exactly
/// one tier.
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn owners(id: Key) -> _ {
    let below_reseller = accounts::reseller_id.eq(id).assume_not_null();
    let below_master_reseller = accounts::master_reseller_id.eq(id).assume_not_null();
    let below = below_reseller.or(below_master_reseller);
    accounts::table.filter(accounts::id.eq(id).or(below)).select(accounts::id)
}
