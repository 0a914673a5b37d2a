//! Webhooks, and the secrets that sign their deliveries.

use diesel::dsl::count_star;
use diesel::prelude::*;
use domain::Timestamp;
use domain::account::{Account, Scope, Tier};
use domain::event::{Reader, TypePattern};
use domain::id::{AccountId, WebhookId};
use domain::values::text::WebhookDescription;
use domain::webhook::{DisabledReason, Settings, Target, Webhook};
use uuid::Uuid;

use crate::FIRST_VERSION;
use crate::schema::{accounts, enterprises, webhook_secrets, webhooks};
use crate::store::connection::{MultiBackend, StoreConnection};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::page::page;
use crate::store::time::{Instant, column, instant};

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhooks)]
struct Row {
    id: Key,
    url: String,
    event_types: String,
    description: Option<String>,
    enabled: bool,
    disabled_reason: Option<String>,
    failing_since: Option<Instant>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

/// A signing secret to be stored.
#[derive(Debug, Clone)]
pub struct NewSecret {
    /// Its id, to which the sealed secret is bound.
    pub id: Uuid,
    /// The sealed secret.
    pub sealed: Vec<u8>,
}

/// A webhook that receives events.
#[derive(Debug, Clone)]
pub struct Listening {
    /// Its id.
    pub id: WebhookId,
    /// The scope of its account.
    pub scope: Scope,
    /// What its account may see of events.
    pub reader: Reader,
    /// The event types that it receives.
    pub types: Vec<TypePattern>,
}

/// The webhook of an account with this id; `None` if there is none.
pub fn by_id(tx: &mut StoreConnection, account: AccountId, id: WebhookId) -> Result<Option<Webhook>, Error> {
    let own =
        webhooks::table.filter(webhooks::account_id.eq(Key::from(account))).filter(webhooks::removed_at.is_null());
    let row = own.filter(webhooks::id.eq(Key::from(id))).select(Row::as_select()).first(tx).optional()?;
    row.map(webhook).transpose()
}

/// Locks a webhook until the transaction ends, so that an update and the automatic disabling can't run at the same
/// time. No lock is needed on SQLite, which has only one writer.
pub fn hold(tx: &mut StoreConnection, id: WebhookId) -> Result<(), Error> {
    if let StoreConnection::Postgresql(connection) = tx {
        let row = webhooks::table.filter(webhooks::id.eq(Key::from(id))).select(webhooks::id).for_no_key_update();
        let _: Option<Key> = row.first(connection).optional()?;
    }
    Ok(())
}

/// Removes all webhooks of an account that is being closed.
pub(crate) fn remove_all(tx: &mut StoreConnection, account: AccountId, now: Timestamp) -> Result<(), Error> {
    let own =
        webhooks::table.filter(webhooks::account_id.eq(Key::from(account))).filter(webhooks::removed_at.is_null());
    diesel::update(own).set(webhooks::removed_at.eq(Some(column(now)))).execute(tx)?;
    Ok(())
}

/// The webhooks of an account, sorted by id, starting after a cursor.
pub fn list(
    tx: &mut StoreConnection,
    account: AccountId,
    after: Option<Uuid>,
    newest_first: bool,
    limit: i64,
) -> Result<Vec<Webhook>, Error> {
    let mut wanted = webhooks::table
        .filter(webhooks::account_id.eq(Key::from(account)))
        .filter(webhooks::removed_at.is_null())
        .select(Row::as_select())
        .into_boxed::<MultiBackend>();
    wanted = match (newest_first, after.map(Key::from)) {
        (false, None) => wanted.order(webhooks::id.asc()),
        (false, Some(after)) => wanted.filter(webhooks::id.gt(after)).order(webhooks::id.asc()),
        (true, None) => wanted.order(webhooks::id.desc()),
        (true, Some(after)) => wanted.filter(webhooks::id.lt(after)).order(webhooks::id.desc()),
    };
    page(wanted, limit, tx)?.into_iter().map(webhook).collect()
}

/// The number of webhooks of an account.
pub fn count(tx: &mut StoreConnection, account: AccountId) -> Result<i64, Error> {
    let own =
        webhooks::table.filter(webhooks::account_id.eq(Key::from(account))).filter(webhooks::removed_at.is_null());
    Ok(own.select(count_star()).first(tx)?)
}

/// Whether any webhook receives events.
pub fn any_exists(tx: &mut StoreConnection) -> Result<bool, Error> {
    let wanted = webhooks::table.filter(webhooks::removed_at.is_null()).filter(webhooks::enabled.eq(true));
    let first: Option<Key> = wanted.select(webhooks::id).first(tx).optional()?;
    Ok(first.is_some())
}

/// All webhooks that receive events.
pub fn listening(tx: &mut StoreConnection) -> Result<Vec<Listening>, Error> {
    let rows: Vec<(Key, Key, String, String, Option<bool>)> = webhooks::table
        .inner_join(accounts::table.on(accounts::id.eq(webhooks::account_id)))
        .left_join(enterprises::table.on(enterprises::account_id.eq(accounts::id)))
        .filter(webhooks::removed_at.is_null())
        .filter(webhooks::enabled.eq(true))
        .select((
            webhooks::id,
            accounts::id,
            accounts::tier,
            webhooks::event_types,
            enterprises::access_sip_data.nullable(),
        ))
        .load(tx)?;
    let listening = rows.into_iter().map(|(id, account, tier, types, sip_data)| {
        let tier = Tier::parse(&tier).ok_or_else(|| Error::Corrupt(format!("tier {tier:?}")))?;
        let reader = Reader { tier, sees_sip_data: sip_data.unwrap_or(true) };
        Ok(Listening { id: id.id(), scope: Scope::below(tier, account.id()), reader, types: parse_types(&types) })
    });
    listening.collect()
}

/// The account that a webhook belongs to, and its target URL.
pub fn owner(tx: &mut StoreConnection, id: WebhookId) -> Result<Option<(Account, String)>, Error> {
    let found: Option<(Key, String, String)> = webhooks::table
        .inner_join(accounts::table.on(accounts::id.eq(webhooks::account_id)))
        .filter(webhooks::id.eq(Key::from(id)))
        .select((accounts::id, accounts::tier, webhooks::url))
        .first(tx)
        .optional()?;
    let Some((account, tier, url)) = found else { return Ok(None) };
    let tier = Tier::parse(&tier).ok_or_else(|| Error::Corrupt(format!("tier {tier:?}")))?;
    Ok(crate::accounts::by_id(tx, &Scope::Platform, tier, account.id())?.map(|account| (account, url)))
}

/// Creates a webhook with its first secret.
pub fn insert(
    tx: &mut StoreConnection,
    account: AccountId,
    id: WebhookId,
    settings: &Settings,
    secret: &NewSecret,
    now: Timestamp,
) -> Result<Webhook, Error> {
    let Settings { target, types, description, enabled } = settings;
    diesel::insert_into(webhooks::table)
        .values((
            webhooks::id.eq(Key::from(id)),
            webhooks::account_id.eq(Key::from(account)),
            webhooks::url.eq(target.as_str()),
            webhooks::event_types.eq(types_text(types)),
            webhooks::description.eq(description.as_ref().map(WebhookDescription::as_str)),
            webhooks::enabled.eq(enabled),
            webhooks::disabled_reason.eq(None::<String>),
            webhooks::failing_since.eq(None::<Instant>),
            webhooks::version.eq(FIRST_VERSION),
            webhooks::created_at.eq(column(now)),
            webhooks::updated_at.eq(column(now)),
            webhooks::removed_at.eq(None::<Instant>),
        ))
        .execute(tx)?;
    add_secret(tx, id, secret, now)?;
    Ok(Webhook {
        id,
        settings: settings.clone(),
        disabled_reason: None,
        failing_since: None,
        version: FIRST_VERSION,
        created_at: now,
        updated_at: now,
    })
}

/// Updates a webhook. Enabling it or changing its URL resets `failing_since`.
pub fn update(
    tx: &mut StoreConnection,
    before: &Webhook,
    settings: &Settings,
    now: Timestamp,
) -> Result<Webhook, Error> {
    let Settings { target, types, description, enabled } = settings;
    let anew = (*enabled && !before.settings.enabled) || *target != before.settings.target;
    let failing_since = before.failing_since.filter(|_| !anew);
    let disabled_reason = before.disabled_reason.filter(|_| !enabled);
    let version = before.version + 1;
    diesel::update(webhooks::table.filter(webhooks::id.eq(Key::from(before.id))))
        .set((
            webhooks::url.eq(target.as_str()),
            webhooks::event_types.eq(types_text(types)),
            webhooks::description.eq(description.as_ref().map(WebhookDescription::as_str)),
            webhooks::enabled.eq(enabled),
            webhooks::disabled_reason.eq(disabled_reason.map(DisabledReason::as_str)),
            webhooks::failing_since.eq(failing_since.map(column)),
            webhooks::version.eq(version),
            webhooks::updated_at.eq(column(now)),
        ))
        .execute(tx)?;
    Ok(Webhook {
        settings: settings.clone(),
        disabled_reason,
        failing_since,
        version,
        updated_at: now,
        ..before.clone()
    })
}

/// Disables a webhook. Returns `false` if it was already disabled.
pub fn disable(tx: &mut StoreConnection, id: WebhookId, reason: DisabledReason, now: Timestamp) -> Result<bool, Error> {
    let enabled = webhooks::table.filter(webhooks::id.eq(Key::from(id))).filter(webhooks::enabled.eq(true));
    let changed = diesel::update(enabled)
        .set((
            webhooks::enabled.eq(false),
            webhooks::disabled_reason.eq(Some(reason.as_str())),
            webhooks::version.eq(webhooks::version + 1),
            webhooks::updated_at.eq(column(now)),
        ))
        .execute(tx)?;
    Ok(changed == 1)
}

/// Removes a webhook. Pending deliveries are dropped.
pub fn remove(tx: &mut StoreConnection, id: WebhookId, now: Timestamp) -> Result<(), Error> {
    diesel::delete(webhook_secrets::table.filter(webhook_secrets::webhook_id.eq(Key::from(id)))).execute(tx)?;
    diesel::update(webhooks::table.filter(webhooks::id.eq(Key::from(id))))
        .set(webhooks::removed_at.eq(Some(column(now))))
        .execute(tx)?;
    Ok(())
}

/// The live secrets of a webhook, newest first, with the ids to which they are bound.
pub fn secrets(tx: &mut StoreConnection, id: WebhookId, now: Timestamp) -> Result<Vec<(Uuid, Vec<u8>)>, Error> {
    let live = webhook_secrets::expires_at.is_null().or(webhook_secrets::expires_at.gt(column(now)));
    let rows: Vec<(Key, Vec<u8>)> = webhook_secrets::table
        .filter(webhook_secrets::webhook_id.eq(Key::from(id)))
        .filter(live)
        .order(webhook_secrets::id.desc())
        .select((webhook_secrets::id, webhook_secrets::secret))
        .load(tx)?;
    Ok(rows.into_iter().map(|(id, sealed)| (id.id::<()>().uuid(), sealed)).collect())
}

/// Adds a new signing secret to a webhook. Until `previous_ends`, deliveries are also signed with the most recent
/// secret before it; older secrets are no longer used.
pub fn rotate(
    tx: &mut StoreConnection,
    before: &Webhook,
    secret: &NewSecret,
    previous_ends: Timestamp,
    now: Timestamp,
) -> Result<Webhook, Error> {
    let own = webhook_secrets::table.filter(webhook_secrets::webhook_id.eq(Key::from(before.id)));
    let latest: Option<Key> = own.order(webhook_secrets::id.desc()).select(webhook_secrets::id).first(tx).optional()?;
    if let Some(latest) = latest {
        diesel::delete(own.filter(webhook_secrets::id.ne(latest))).execute(tx)?;
        diesel::update(webhook_secrets::table.filter(webhook_secrets::id.eq(latest)))
            .set(webhook_secrets::expires_at.eq(column(previous_ends)))
            .execute(tx)?;
    }
    add_secret(tx, before.id, secret, now)?;
    let version = before.version + 1;
    diesel::update(webhooks::table.filter(webhooks::id.eq(Key::from(before.id))))
        .set((webhooks::version.eq(version), webhooks::updated_at.eq(column(now))))
        .execute(tx)?;
    Ok(Webhook { version, updated_at: now, ..before.clone() })
}

fn add_secret(tx: &mut StoreConnection, webhook: WebhookId, secret: &NewSecret, now: Timestamp) -> Result<(), Error> {
    let NewSecret { id, sealed } = secret;
    diesel::insert_into(webhook_secrets::table)
        .values((
            webhook_secrets::id.eq(Key::from(*id)),
            webhook_secrets::webhook_id.eq(Key::from(webhook)),
            webhook_secrets::secret.eq(sealed),
            webhook_secrets::created_at.eq(column(now)),
            webhook_secrets::expires_at.eq(None::<Instant>),
        ))
        .execute(tx)?;
    Ok(())
}

fn types_text(types: &[TypePattern]) -> String {
    types.iter().map(TypePattern::as_str).collect::<Vec<_>>().join(" ")
}

fn parse_types(text: &str) -> Vec<TypePattern> {
    text.split(' ').filter_map(TypePattern::parse).collect()
}

fn webhook(row: Row) -> Result<Webhook, Error> {
    let Row {
        id,
        url,
        event_types,
        description,
        enabled,
        disabled_reason,
        failing_since,
        version,
        created_at,
        updated_at,
    } = row;
    let corrupt = |what: &str| Error::Corrupt(format!("a webhook's {what}"));
    let description = description.as_deref().map(WebhookDescription::parse).transpose();
    Ok(Webhook {
        id: id.id(),
        settings: Settings {
            // Whether the address is allowed is checked again when something is sent there.
            target: Target::parse(&url, true).map_err(|_| corrupt("url"))?,
            types: parse_types(&event_types),
            description: description.map_err(|_| corrupt("description"))?,
            enabled,
        },
        disabled_reason: disabled_reason
            .map(|reason| DisabledReason::parse(&reason).ok_or_else(|| corrupt("disabled_reason")))
            .transpose()?,
        failing_since: failing_since.map(instant),
        version,
        created_at: instant(created_at),
        updated_at: instant(updated_at),
    })
}
