//! The trunks of enterprises (R13).

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::Bool;
use domain::Timestamp;
use domain::fault::Fault;
use domain::id::{AccountId, TrunkId};
use domain::trunk::{Authentication, Codec, Codecs, ConcurrentCalls, Settings, Trunk, parse_networks};
use domain::values::network::{Host, Port, Transport};
use domain::values::text::{AuthenticationName, TrunkName};

use crate::FIRST_VERSION;
use crate::list_filter::Filter;
use crate::schema::trunks;
use crate::store::connection::{MultiBackend, StoreConnection, on};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::page::page;
use crate::store::rows;
use crate::store::text::search_text;
use crate::store::time::{Instant, column, instant};

/// The settings columns of a trunk.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = trunks)]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
struct SettingsRow {
    name: String,
    host: String,
    port: i32,
    transport: String,
    networks: Option<String>,
    user_name: Option<String>,
    codecs: String,
    max_concurrent_calls: Option<i32>,
    search_text: String,
    sip_search_text: String,
}

impl SettingsRow {
    fn new(settings: &Settings) -> Self {
        let Settings { name, host, port, transport, authentication, codecs, max_concurrent_calls } = settings;
        let (networks, user_name) = match authentication {
            Authentication::Ip(networks) => (Some(networks.iter().map(ToString::to_string).collect::<Vec<_>>()), None),
            Authentication::Registration(name) => (None, Some(name.as_str().to_owned())),
        };
        let host = host.to_string();
        Self {
            name: name.as_str().to_owned(),
            search_text: search_text(&[name.as_str()]),
            sip_search_text: search_text(&[&host, user_name.as_deref().unwrap_or_default()]),
            host,
            port: port.get().into(),
            transport: transport.as_str().to_owned(),
            networks: networks.map(|networks| networks.join(" ")),
            user_name,
            codecs: codecs.iter().map(Codec::as_str).collect::<Vec<_>>().join(" "),
            max_concurrent_calls: max_concurrent_calls.map(ConcurrentCalls::get),
        }
    }

    fn settings(self) -> Result<Settings, Error> {
        let Self {
            name,
            host,
            port,
            transport,
            networks,
            user_name,
            codecs,
            max_concurrent_calls,
            search_text: _,
            sip_search_text: _,
        } = self;
        let corrupt = |fault: Fault| Error::Corrupt(format!("a trunk's settings: {}", fault.code));
        let first = |faults: Vec<(Option<usize>, Fault)>| {
            corrupt(faults.into_iter().next().map_or_else(Fault::required, |(_, fault)| fault))
        };
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let authentication = match (networks, user_name) {
            (Some(networks), None) => Authentication::Ip(parse_networks(&words(&networks)).map_err(first)?),
            (None, Some(name)) => Authentication::Registration(AuthenticationName::parse(&name).map_err(corrupt)?),
            _ => return Err(Error::Corrupt("a trunk that authenticates in no way or in two".to_owned())),
        };
        let calls = max_concurrent_calls.map(|calls| ConcurrentCalls::parse(calls.into())).transpose();
        Ok(Settings {
            name: TrunkName::parse(&name).map_err(corrupt)?,
            host: Host::parse(&host).map_err(corrupt)?,
            port: Port::parse(port.into()).map_err(corrupt)?,
            transport: Transport::parse(&transport).map_err(corrupt)?,
            authentication,
            codecs: Codecs::parse(&words(&codecs)).map_err(first)?,
            max_concurrent_calls: calls.map_err(corrupt)?,
        })
    }
}

/// The row of a new trunk.
#[derive(Insertable)]
#[diesel(table_name = trunks)]
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
    fn new(id: TrunkId, account: AccountId, settings: &Settings, now: Timestamp) -> Self {
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

type Row = (Key, Key, SettingsRow, bool, i64, Instant, Instant);

#[diesel::dsl::auto_type(no_type_alias)]
fn columns() -> _ {
    let settings: diesel::dsl::AsSelect<SettingsRow, MultiBackend> = SettingsRow::as_select();
    (
        trunks::id,
        trunks::account_id,
        settings,
        trunks::password.is_not_null(),
        trunks::version,
        trunks::created_at,
        trunks::updated_at,
    )
}

fn trunk((id, account, settings, has_password, version, created_at, updated_at): Row) -> Result<Trunk, Error> {
    Ok(Trunk {
        id: id.id(),
        account: account.id(),
        settings: settings.settings()?,
        has_password,
        version,
        created_at: instant(created_at),
        updated_at: instant(updated_at),
    })
}

/// The enterprise that a trunk belongs to. Check that the caller can see the enterprise before returning anything else
/// about the trunk.
pub fn owner(tx: &mut StoreConnection, id: TrunkId) -> Result<Option<AccountId>, Error> {
    let owner = trunks::table.filter(trunks::id.eq(Key::from(id))).select(trunks::account_id);
    Ok(owner.first::<Key>(tx).optional()?.map(Key::id))
}

/// The trunk of an enterprise with this id; `None` if there is none.
pub fn by_id(tx: &mut StoreConnection, account: AccountId, id: TrunkId) -> Result<Option<Trunk>, Error> {
    let own = trunks::table.filter(trunks::account_id.eq(Key::from(account))).filter(trunks::id.eq(Key::from(id)));
    own.select(columns()).first(tx).optional()?.map(trunk).transpose()
}

/// The enterprises of trunks, by the trunk.
pub fn owners(tx: &mut StoreConnection, ids: &[TrunkId]) -> Result<HashMap<TrunkId, AccountId>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let wanted: Vec<Key> = ids.iter().copied().map(Key::from).collect();
    let found: Vec<(Key, Key)> = on!(tx, connection => trunks::table
        .filter(trunks::id.eq_any(wanted))
        .select((trunks::id, trunks::account_id))
        .load(connection))?;
    Ok(found.into_iter().map(|(id, account)| (id.id(), account.id())).collect())
}

/// The trunks of an enterprise that match a filter.
pub fn list(tx: &mut StoreConnection, account: AccountId, filter: &Filter) -> Result<Vec<Trunk>, Error> {
    let mut wanted =
        trunks::table.filter(trunks::account_id.eq(Key::from(account))).select(columns()).into_boxed::<MultiBackend>();
    if let Some(pattern) = filter.pattern() {
        let found = trunks::search_text.like(pattern.clone()).escape('\\');
        let in_sip = trunks::sip_search_text.like(pattern).escape('\\').and(filter.sees_sip_data.into_sql::<Bool>());
        wanted = wanted.filter(found.or(in_sip));
    }
    wanted = match (filter.newest_first, filter.after()) {
        (false, None) => wanted.order(trunks::id.asc()),
        (false, Some(after)) => wanted.filter(trunks::id.gt(after)).order(trunks::id.asc()),
        (true, None) => wanted.order(trunks::id.desc()),
        (true, Some(after)) => wanted.filter(trunks::id.lt(after)).order(trunks::id.desc()),
    };
    page(wanted, filter.limit, tx)?.into_iter().map(trunk).collect()
}

/// Creates a trunk, with its sealed password if it has one.
pub fn insert(
    tx: &mut StoreConnection,
    account: AccountId,
    id: TrunkId,
    settings: &Settings,
    password: Option<&[u8]>,
    now: Timestamp,
) -> Result<Trunk, Error> {
    let new = (NewRow::new(id, account, settings, now), trunks::password.eq(password));
    diesel::insert_into(trunks::table).values(new).execute(tx)?;
    let (settings, has_password) = (settings.clone(), password.is_some());
    Ok(Trunk { id, account, settings, has_password, version: FIRST_VERSION, created_at: now, updated_at: now })
}

/// Creates trunks without passwords, each with its id, its enterprise and when it is created.
pub fn insert_all(tx: &mut StoreConnection, new: &[(TrunkId, AccountId, &Settings, Timestamp)]) -> Result<(), Error> {
    let rows: Vec<NewRow> =
        new.iter().map(|(id, account, settings, now)| NewRow::new(*id, *account, settings, *now)).collect();
    Ok(rows::insert_all!(tx, trunks::table, rows)?)
}

/// Updates the settings of a trunk. `password` is the new sealed password: `Some(None)` removes the password, `None`
/// leaves it as it is.
pub fn update(
    tx: &mut StoreConnection,
    before: &Trunk,
    settings: &Settings,
    password: Option<Option<&[u8]>>,
    now: Timestamp,
) -> Result<Trunk, Error> {
    let (row, version) = (trunks::table.filter(trunks::id.eq(Key::from(before.id))), before.version + 1);
    let set_password = |tx: &mut StoreConnection, password: Option<&[u8]>| {
        diesel::update(row).set(trunks::password.eq(password)).execute(tx)
    };
    // A database constraint allows a password only with a user name, so remove the password first.
    if password == Some(None) {
        set_password(tx, None)?;
    }
    diesel::update(row)
        .set((SettingsRow::new(settings), trunks::version.eq(version), trunks::updated_at.eq(column(now))))
        .execute(tx)?;
    if let Some(Some(password)) = password {
        set_password(tx, Some(password))?;
    }
    let has_password = password.map_or(before.has_password, |password| password.is_some());
    Ok(Trunk { settings: settings.clone(), has_password, version, updated_at: now, ..before.clone() })
}

/// Deletes a trunk, which must have no users.
pub fn delete(tx: &mut StoreConnection, id: TrunkId) -> Result<(), Error> {
    diesel::delete(trunks::table.filter(trunks::id.eq(Key::from(id)))).execute(tx)?;
    Ok(())
}
