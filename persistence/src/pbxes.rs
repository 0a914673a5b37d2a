//! The PBXs of enterprises (R12).

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::Bool;
use domain::Timestamp;
use domain::id::{AccountId, PbxId};
use domain::pbx::{DnsLookup, FeatureCode, Pbx, PbxType, RegistrationExpiry, Settings};
use domain::values::host_name::HostName;
use domain::values::network::{Port, Transport};
use domain::values::sip::OutboundProxy;
use domain::values::text::Location;

use crate::FIRST_VERSION;
use crate::list_filter::Filter;
use crate::schema::{pbxes, sip_users, users};
use crate::store::connection::{MultiBackend, StoreConnection, on};
use crate::store::error::{Error, inserted};
use crate::store::key::Key;
use crate::store::page::page;
use crate::store::rows;
use crate::store::text::search_text;
use crate::store::time::{Instant, column, instant};

/// The settings columns of a PBX.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = pbxes)]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
struct SettingsRow {
    kind: String,
    location: String,
    sip_domain: String,
    outbound_proxy: Option<String>,
    transport: String,
    port: i32,
    dns_lookup: String,
    registration_expiry_seconds: i32,
    voicemail_feature_code: Option<String>,
    search_text: String,
    sip_search_text: String,
}

impl SettingsRow {
    fn new(settings: &Settings) -> Self {
        let Settings {
            kind,
            location,
            sip_domain,
            outbound_proxy,
            transport,
            port,
            dns_lookup,
            registration_expiry,
            voicemail_feature_code,
        } = settings;
        Self {
            kind: kind.as_str().to_owned(),
            location: location.as_str().to_owned(),
            sip_domain: sip_domain.as_str().to_owned(),
            outbound_proxy: outbound_proxy.as_ref().map(ToString::to_string),
            transport: transport.as_str().to_owned(),
            port: port.get().into(),
            dns_lookup: dns_lookup.as_str().to_owned(),
            registration_expiry_seconds: registration_expiry.seconds(),
            voicemail_feature_code: voicemail_feature_code.as_ref().map(|code| code.as_str().to_owned()),
            search_text: search_text(&[location.as_str()]),
            sip_search_text: search_text(&[sip_domain.as_str()]),
        }
    }

    fn settings(self) -> Result<Settings, Error> {
        let Self {
            kind,
            location,
            sip_domain,
            outbound_proxy,
            transport,
            port,
            dns_lookup,
            registration_expiry_seconds,
            voicemail_feature_code,
            search_text: _,
            sip_search_text: _,
        } = self;
        let corrupt = |fault: domain::fault::Fault| Error::Corrupt(format!("a PBX's settings: {}", fault.code));
        let proxy = outbound_proxy.map(|proxy| OutboundProxy::parse(&proxy)).transpose().map_err(corrupt)?;
        let code = voicemail_feature_code.map(|code| FeatureCode::parse(&code)).transpose().map_err(corrupt)?;
        Ok(Settings {
            kind: PbxType::parse(&kind).map_err(corrupt)?,
            location: Location::parse(&location).map_err(corrupt)?,
            sip_domain: HostName::parse(&sip_domain).map_err(corrupt)?,
            outbound_proxy: proxy,
            transport: Transport::parse(&transport).map_err(corrupt)?,
            port: Port::parse(port.into()).map_err(corrupt)?,
            dns_lookup: DnsLookup::parse(&dns_lookup).map_err(corrupt)?,
            registration_expiry: RegistrationExpiry::parse(registration_expiry_seconds.into()).map_err(corrupt)?,
            voicemail_feature_code: code,
        })
    }
}

/// The row of a new PBX.
#[derive(Insertable)]
#[diesel(table_name = pbxes)]
struct NewRow {
    id: Key,
    account_id: Key,
    #[diesel(embed)]
    settings: SettingsRow,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl NewRow {
    fn new(id: PbxId, account: AccountId, settings: &Settings, now: Timestamp) -> Self {
        Self {
            id: id.into(),
            account_id: account.into(),
            settings: SettingsRow::new(settings),
            version: FIRST_VERSION,
            created_at: column(now),
            updated_at: column(now),
        }
    }
}

type Row = (Key, Key, SettingsRow, i64, Instant, Instant);

#[diesel::dsl::auto_type(no_type_alias)]
fn columns() -> _ {
    let settings: diesel::dsl::AsSelect<SettingsRow, MultiBackend> = SettingsRow::as_select();
    (pbxes::id, pbxes::account_id, settings, pbxes::version, pbxes::created_at, pbxes::updated_at)
}

fn pbx((id, account, settings, version, created_at, updated_at): Row) -> Result<Pbx, Error> {
    Ok(Pbx {
        id: id.id(),
        account: account.id(),
        settings: settings.settings()?,
        version,
        created_at: instant(created_at),
        updated_at: instant(updated_at),
    })
}

/// The enterprise that a PBX belongs to. Check that the caller can see the enterprise before returning anything else
/// about the PBX.
pub fn owner(tx: &mut StoreConnection, id: PbxId) -> Result<Option<AccountId>, Error> {
    let owner = pbxes::table.filter(pbxes::id.eq(Key::from(id))).select(pbxes::account_id);
    Ok(owner.first::<Key>(tx).optional()?.map(Key::id))
}

/// The PBX of an enterprise with this id; `None` if there is none.
pub fn by_id(tx: &mut StoreConnection, account: AccountId, id: PbxId) -> Result<Option<Pbx>, Error> {
    let own = pbxes::table.filter(pbxes::account_id.eq(Key::from(account))).filter(pbxes::id.eq(Key::from(id)));
    own.select(columns()).first(tx).optional()?.map(pbx).transpose()
}

/// The enterprises and SIP domains of PBXs, by the PBX.
pub fn domains(tx: &mut StoreConnection, ids: &[PbxId]) -> Result<HashMap<PbxId, (AccountId, String)>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let wanted: Vec<Key> = ids.iter().copied().map(Key::from).collect();
    let found: Vec<(Key, Key, String)> = on!(tx, connection => pbxes::table
        .filter(pbxes::id.eq_any(wanted))
        .select((pbxes::id, pbxes::account_id, pbxes::sip_domain))
        .load(connection))?;
    Ok(found.into_iter().map(|(id, account, domain)| (id.id(), (account.id(), domain))).collect())
}

/// The PBXs of an enterprise that match a filter.
pub fn list(tx: &mut StoreConnection, account: AccountId, filter: &Filter) -> Result<Vec<Pbx>, Error> {
    let mut wanted =
        pbxes::table.filter(pbxes::account_id.eq(Key::from(account))).select(columns()).into_boxed::<MultiBackend>();
    if let Some(pattern) = filter.pattern() {
        let found = pbxes::search_text.like(pattern.clone()).escape('\\');
        let in_sip = pbxes::sip_search_text.like(pattern).escape('\\').and(filter.sees_sip_data.into_sql::<Bool>());
        wanted = wanted.filter(found.or(in_sip));
    }
    wanted = match (filter.newest_first, filter.after()) {
        (false, None) => wanted.order(pbxes::id.asc()),
        (false, Some(after)) => wanted.filter(pbxes::id.gt(after)).order(pbxes::id.asc()),
        (true, None) => wanted.order(pbxes::id.desc()),
        (true, Some(after)) => wanted.filter(pbxes::id.lt(after)).order(pbxes::id.desc()),
    };
    page(wanted, filter.limit, tx)?.into_iter().map(pbx).collect()
}

/// Creates a PBX. Returns `None` if another PBX of the enterprise has the location; the transaction must then be rolled
/// back.
pub fn insert(
    tx: &mut StoreConnection,
    account: AccountId,
    id: PbxId,
    settings: &Settings,
    now: Timestamp,
) -> Result<Option<Pbx>, Error> {
    if is_taken(tx, account, id, &settings.location)? {
        return Ok(None);
    }
    let new = diesel::insert_into(pbxes::table).values(NewRow::new(id, account, settings, now));
    let settings = settings.clone();
    let pbx = Pbx { id, account, settings, version: FIRST_VERSION, created_at: now, updated_at: now };
    Ok(inserted(new.execute(tx))?.then_some(pbx))
}

/// Creates PBXs whose locations are free, each with its id, its enterprise and when it is created.
pub fn insert_all(tx: &mut StoreConnection, new: &[(PbxId, AccountId, &Settings, Timestamp)]) -> Result<(), Error> {
    let rows: Vec<NewRow> =
        new.iter().map(|(id, account, settings, now)| NewRow::new(*id, *account, settings, *now)).collect();
    Ok(rows::insert_all!(tx, pbxes::table, rows)?)
}

/// Why new settings of a PBX conflict with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Another PBX of the enterprise has the location.
    Location,
    /// A SIP user of this PBX already exists in the new SIP domain.
    SipUser,
}

/// Updates the settings of a PBX. Changing its SIP domain moves its SIP users to the new domain. On a conflict the
/// transaction must be rolled back.
pub fn update(
    tx: &mut StoreConnection,
    before: &Pbx,
    settings: &Settings,
    now: Timestamp,
) -> Result<Result<Pbx, Taken>, Error> {
    if is_taken(tx, before.account, before.id, &settings.location)? {
        return Ok(Err(Taken::Location));
    }
    let is_new_domain = settings.sip_domain != before.settings.sip_domain;
    if is_new_domain && clashes(tx, before.id, settings.sip_domain.as_str())? {
        return Ok(Err(Taken::SipUser));
    }
    let version = before.version + 1;
    let changed = diesel::update(pbxes::table.filter(pbxes::id.eq(Key::from(before.id)))).set((
        SettingsRow::new(settings),
        pbxes::version.eq(version),
        pbxes::updated_at.eq(column(now)),
    ));
    if !inserted(changed.execute(tx))? {
        return Ok(Err(Taken::Location));
    }
    if is_new_domain {
        let here = users::table.filter(users::pbx_id.eq(Key::from(before.id))).select(users::id);
        let moved = diesel::update(sip_users::table.filter(sip_users::user_id.eq_any(here)))
            .set(sip_users::sip_domain.eq(settings.sip_domain.as_str()));
        if !inserted(moved.execute(tx))? {
            return Ok(Err(Taken::SipUser));
        }
    }
    Ok(Ok(Pbx { settings: settings.clone(), version, updated_at: now, ..before.clone() }))
}

/// Deletes a PBX, which must have no users.
pub fn delete(tx: &mut StoreConnection, id: PbxId) -> Result<(), Error> {
    diesel::delete(pbxes::table.filter(pbxes::id.eq(Key::from(id)))).execute(tx)?;
    Ok(())
}

/// Whether a SIP user of this PBX already exists in another SIP domain. Only a check in advance: see `is_taken` in
/// `accounts::addresses`.
fn clashes(tx: &mut StoreConnection, id: PbxId, domain: &str) -> Result<bool, Error> {
    let StoreConnection::Sqlite(connection) = tx else { return Ok(false) };
    let own = users::table.filter(users::pbx_id.eq(Key::from(id))).select(users::sip_user.assume_not_null());
    let there = sip_users::table.filter(sip_users::sip_domain.eq(domain)).filter(sip_users::sip_user.eq_any(own));
    Ok(there.select(sip_users::user_id).first::<Key>(connection).optional()?.is_some())
}

/// Whether another PBX of the enterprise has a location. Only a check in advance: see `is_taken` in
/// `accounts::addresses`.
fn is_taken(tx: &mut StoreConnection, account: AccountId, id: PbxId, location: &Location) -> Result<bool, Error> {
    let StoreConnection::Sqlite(connection) = tx else { return Ok(false) };
    let there = pbxes::table
        .filter(pbxes::account_id.eq(Key::from(account)))
        .filter(pbxes::location.eq(location.as_str()))
        .filter(pbxes::id.ne(Key::from(id)))
        .select(pbxes::id);
    Ok(there.first::<Key>(connection).optional()?.is_some())
}
