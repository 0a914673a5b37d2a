//! The settings that only enterprises have, stored beside their accounts (R10).

use std::collections::HashMap;

use diesel::prelude::*;
use domain::account::Account;
use domain::enterprise::{Country, Enterprise, SbcRegionCode, SbcRegions, Switches, UserLimit};
use domain::id::AccountId;

use crate::schema::{enterprise_sbc_regions, enterprises};
use crate::store::connection::{StoreConnection, on};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::rows;

/// The settings columns of an enterprise.
#[expect(clippy::struct_excessive_bools, reason = "five independent switches are five bools")]
#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = enterprises, primary_key(account_id))]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    account_id: Key,
    country: String,
    user_limit: Option<i32>,
    pbx_music_on_hold: bool,
    access_sip_data: bool,
    request_management_consent: bool,
    can_add_extensions: bool,
    allow_external_numbers: bool,
}

impl Row {
    /// The row of an enterprise. Its SBC regions are in a table of their own.
    fn new(account: AccountId, enterprise: &Enterprise) -> Self {
        let Enterprise { country, sbc_regions: _, user_limit, switches } = enterprise;
        let Switches {
            pbx_music_on_hold,
            access_sip_data,
            request_management_consent,
            can_add_extensions,
            allow_external_numbers,
        } = *switches;
        Self {
            account_id: Key::from(account),
            country: country.as_str().to_owned(),
            user_limit: user_limit.map(UserLimit::get),
            pbx_music_on_hold,
            access_sip_data,
            request_management_consent,
            can_add_extensions,
            allow_external_numbers,
        }
    }
}

/// Stores the settings of new enterprises.
pub(crate) fn insert_all(tx: &mut StoreConnection, new: &[(AccountId, &Enterprise)]) -> Result<(), Error> {
    let all: Vec<Row> = new.iter().map(|(account, enterprise)| Row::new(*account, enterprise)).collect();
    let columns = rows::columns!(all;
        account_id: Keys = |row| Some(row.account_id),
        country: Texts = |row| Some(row.country.as_str()),
        user_limit: Integers = |row| row.user_limit,
        pbx_music_on_hold: Flags = |row| row.pbx_music_on_hold,
        access_sip_data: Flags = |row| row.access_sip_data,
        request_management_consent: Flags = |row| row.request_management_consent,
        can_add_extensions: Flags = |row| row.can_add_extensions,
        allow_external_numbers: Flags = |row| row.allow_external_numbers,
    );
    rows::insert(tx, "enterprises", columns)?;
    let regions = new
        .iter()
        .flat_map(|(account, enterprise)| enterprise.sbc_regions.iter().map(|region| (*account, region.as_str())));
    insert_regions(tx, &regions.collect::<Vec<_>>())
}

/// Replaces the settings of an enterprise.
pub(crate) fn update(tx: &mut StoreConnection, account: AccountId, enterprise: &Enterprise) -> Result<(), Error> {
    let row = enterprises::table.filter(enterprises::account_id.eq(Key::from(account)));
    diesel::update(row).set(Row::new(account, enterprise)).execute(tx)?;
    let regions = enterprise_sbc_regions::table.filter(enterprise_sbc_regions::account_id.eq(Key::from(account)));
    diesel::delete(regions).execute(tx)?;
    let regions: Vec<_> = enterprise.sbc_regions.iter().map(|region| (account, region.as_str())).collect();
    insert_regions(tx, &regions)
}

fn insert_regions(tx: &mut StoreConnection, regions: &[(AccountId, &str)]) -> Result<(), Error> {
    let columns = rows::columns!(regions;
        account_id: Keys = |(account, _)| Some((*account).into()),
        region: Texts = |(_, region)| Some(*region),
    );
    rows::insert(tx, "enterprise_sbc_regions", columns)?;
    Ok(())
}

/// Loads the enterprise settings of those accounts that are enterprises.
pub(crate) fn complete(tx: &mut StoreConnection, accounts: &mut [Account]) -> Result<(), Error> {
    if accounts.is_empty() {
        return Ok(());
    }
    let ids: Vec<Key> = accounts.iter().map(|account| Key::from(account.id)).collect();
    let rows: Vec<Row> =
        on!(tx, connection => enterprises::table.filter(enterprises::account_id.eq_any(&ids)).load(connection))?;
    let regions: Vec<(Key, String)> = on!(tx, connection => enterprise_sbc_regions::table
        .filter(enterprise_sbc_regions::account_id.eq_any(&ids))
        .load(connection))?;
    let mut regions_of = HashMap::<Key, Vec<SbcRegionCode>>::new();
    for (account, region) in regions {
        let code = SbcRegionCode::parse(&region).ok_or_else(|| Error::Corrupt(format!("SBC region {region:?}")))?;
        regions_of.entry(account).or_default().push(code);
    }
    let mut found = HashMap::new();
    for row in rows {
        let regions = regions_of.remove(&row.account_id).unwrap_or_default();
        found.insert(row.account_id, enterprise(row, regions)?);
    }
    for account in accounts {
        account.enterprise = found.remove(&Key::from(account.id));
        if account.enterprise.is_none() {
            return Err(Error::Corrupt("an enterprise without its own row".to_owned()));
        }
    }
    Ok(())
}

fn enterprise(row: Row, regions: Vec<SbcRegionCode>) -> Result<Enterprise, Error> {
    let Row {
        account_id: _,
        country,
        user_limit,
        pbx_music_on_hold,
        access_sip_data,
        request_management_consent,
        can_add_extensions,
        allow_external_numbers,
    } = row;
    let switches = Switches {
        pbx_music_on_hold,
        access_sip_data,
        request_management_consent,
        can_add_extensions,
        allow_external_numbers,
    };
    let user_limit = user_limit.map(|limit| UserLimit::parse(limit.into())).transpose();
    Ok(Enterprise {
        country: Country::parse(&country).map_err(|_| Error::Corrupt(format!("country {country:?}")))?,
        sbc_regions: SbcRegions::from_codes(regions)
            .ok_or_else(|| Error::Corrupt("an enterprise without SBC regions".to_owned()))?,
        user_limit: user_limit.map_err(|_| Error::Corrupt("a user limit out of range".to_owned()))?,
        switches,
    })
}
