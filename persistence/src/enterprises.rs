//! What only enterprises have, beside their accounts (R10).

use std::collections::HashMap;

use diesel::prelude::*;
use domain::account::Account;
use domain::enterprise::{Country, Enterprise, SbcRegionCode, SbcRegions, Switches, UserLimit};
use domain::id::AccountId;

use crate::connection::StoreConnection;
use crate::error::Error;
use crate::key::Key;
use crate::schema::{enterprise_sbc_regions, enterprises};

/// Stores what an enterprise has whose account was created a moment ago.
pub(crate) fn insert(tx: &mut StoreConnection, account: AccountId, enterprise: &Enterprise) -> Result<(), Error> {
    let Enterprise { country, sbc_regions, user_limit, switches } = enterprise;
    let Switches {
        pbx_music_on_hold,
        access_sip_data,
        request_management_consent,
        can_add_extensions,
        allow_external_numbers,
    } = *switches;
    diesel::insert_into(enterprises::table)
        .values((
            enterprises::account_id.eq(Key::from(account)),
            enterprises::country.eq(country.as_str()),
            enterprises::user_limit.eq(user_limit.map(UserLimit::get)),
            enterprises::pbx_music_on_hold.eq(pbx_music_on_hold),
            enterprises::access_sip_data.eq(access_sip_data),
            enterprises::request_management_consent.eq(request_management_consent),
            enterprises::can_add_extensions.eq(can_add_extensions),
            enterprises::allow_external_numbers.eq(allow_external_numbers),
        ))
        .execute(tx)?;
    insert_regions(tx, account, sbc_regions)
}

/// Replaces what an enterprise has.
pub(crate) fn update(tx: &mut StoreConnection, account: AccountId, enterprise: &Enterprise) -> Result<(), Error> {
    let Enterprise { country, sbc_regions, user_limit, switches } = enterprise;
    let Switches {
        pbx_music_on_hold,
        access_sip_data,
        request_management_consent,
        can_add_extensions,
        allow_external_numbers,
    } = *switches;
    diesel::update(enterprises::table.filter(enterprises::account_id.eq(Key::from(account))))
        .set((
            enterprises::country.eq(country.as_str()),
            enterprises::user_limit.eq(user_limit.map(UserLimit::get)),
            enterprises::pbx_music_on_hold.eq(pbx_music_on_hold),
            enterprises::access_sip_data.eq(access_sip_data),
            enterprises::request_management_consent.eq(request_management_consent),
            enterprises::can_add_extensions.eq(can_add_extensions),
            enterprises::allow_external_numbers.eq(allow_external_numbers),
        ))
        .execute(tx)?;
    let of_account = enterprise_sbc_regions::account_id.eq(Key::from(account));
    diesel::delete(enterprise_sbc_regions::table.filter(of_account)).execute(tx)?;
    insert_regions(tx, account, sbc_regions)
}

fn insert_regions(tx: &mut StoreConnection, account: AccountId, regions: &SbcRegions) -> Result<(), Error> {
    for region in regions.iter() {
        diesel::insert_into(enterprise_sbc_regions::table)
            .values((
                enterprise_sbc_regions::account_id.eq(Key::from(account)),
                enterprise_sbc_regions::region.eq(region.as_str()),
            ))
            .execute(tx)?;
    }
    Ok(())
}

/// The columns of an enterprise.
type Row = (Key, String, Option<i32>, bool, bool, bool, bool, bool);

/// Adds to enterprises what only they have.
pub(crate) fn complete(tx: &mut StoreConnection, accounts: &mut [Account]) -> Result<(), Error> {
    let ids: Vec<Key> = accounts.iter().map(|account| Key::from(account.id)).collect();
    let rows: Vec<Row> = enterprises::table.filter(enterprises::account_id.eq_any(&ids)).load(tx)?;
    let regions: Vec<(Key, String)> =
        enterprise_sbc_regions::table.filter(enterprise_sbc_regions::account_id.eq_any(&ids)).load(tx)?;
    let mut regions_of = HashMap::<Key, Vec<SbcRegionCode>>::new();
    for (account, region) in regions {
        let code = SbcRegionCode::parse(&region).ok_or_else(|| Error::Corrupt(format!("SBC region {region:?}")))?;
        regions_of.entry(account).or_default().push(code);
    }
    let mut found = HashMap::new();
    for row in rows {
        let regions = regions_of.remove(&row.0).unwrap_or_default();
        found.insert(row.0, enterprise(row, regions)?);
    }
    for account in accounts {
        account.enterprise = found.remove(&Key::from(account.id));
        if account.enterprise.is_none() {
            return Err(Error::Corrupt("an enterprise without its own row".to_owned()));
        }
    }
    Ok(())
}

fn enterprise(
    (_, country, user_limit, music, sip_data, consent, extensions, external): Row,
    regions: Vec<SbcRegionCode>,
) -> Result<Enterprise, Error> {
    Ok(Enterprise {
        country: Country::parse(&country).map_err(|_| Error::Corrupt(format!("country {country:?}")))?,
        sbc_regions: SbcRegions::of(regions)
            .ok_or_else(|| Error::Corrupt("an enterprise without SBC regions".to_owned()))?,
        user_limit: user_limit
            .map(|limit| UserLimit::parse(limit.into()).map_err(|_| Error::Corrupt(format!("user limit {limit}"))))
            .transpose()?,
        switches: Switches {
            pbx_music_on_hold: music,
            access_sip_data: sip_data,
            request_management_consent: consent,
            can_add_extensions: extensions,
            allow_external_numbers: external,
        },
    })
}
