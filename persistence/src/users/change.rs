//! Updating and deleting users.

use diesel::prelude::*;
use domain::Timestamp;
use domain::id::{AccountId, UserId};
use domain::refusal::UserClaim;
use domain::user::{Settings, User};
use domain::values::phone_number::PhoneNumber;
use domain::values::sip::SipUser;
use domain::values::text::{AuthenticationName, Tag};

use super::claims::{claim, claimed, free};
use crate::history::{end_user, note_user};
use crate::schema::users;
use crate::store::connection::StoreConnection;
use crate::store::error::{Error, inserted};
use crate::store::key::Key;
use crate::store::text::search_text;
use crate::store::time::column;

/// The settings columns of a user.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = users)]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct SettingsRow {
    pub(super) teams_user: String,
    pub(super) teams_user_canonical: String,
    pub(super) pbx_id: Option<Key>,
    pub(super) trunk_id: Option<Key>,
    pub(super) sip_user: Option<String>,
    pub(super) auth_id: Option<String>,
    pub(super) voice_route: String,
    pub(super) tag: Option<String>,
    pub(super) search_text: String,
    pub(super) sip_search_text: String,
}

impl SettingsRow {
    pub(super) fn new(settings: &Settings) -> Self {
        let Settings { teams_user, assignment, default_number: _, forwarded_numbers: _, voice_route, tag } = settings;
        let sip_user = assignment.sip_user().map(SipUser::as_str);
        let mut searched = vec![teams_user.given()];
        searched.extend(tag.as_ref().map(Tag::as_str));
        searched.extend(settings.numbers().map(PhoneNumber::as_str));
        Self {
            teams_user: teams_user.given().to_owned(),
            teams_user_canonical: teams_user.canonical().to_owned(),
            pbx_id: assignment.pbx().map(Key::from),
            trunk_id: assignment.trunk().map(Key::from),
            sip_user: sip_user.map(str::to_owned),
            auth_id: assignment.auth_id().map(AuthenticationName::as_str).map(str::to_owned),
            voice_route: voice_route.as_str().to_owned(),
            tag: tag.as_ref().map(|tag| tag.as_str().to_owned()),
            search_text: search_text(&searched),
            sip_search_text: search_text(&[sip_user.unwrap_or_default()]),
        }
    }
}

/// Updates the settings of a user. `password` is the new sealed password: `Some(None)` removes the password, `None`
/// leaves it as it is. If another user already has one of its unique properties, returns that claim; the transaction
/// must then be rolled back.
pub fn update(
    tx: &mut StoreConnection,
    before: &User,
    settings: &Settings,
    password: Option<Option<&[u8]>>,
    now: Timestamp,
) -> Result<Result<User, UserClaim>, Error> {
    if is_taken(tx, before.account, before.id, settings)? {
        return Ok(Err(UserClaim::TeamsUser));
    }
    if let Some(taken) = claimed(tx, before.id, settings)? {
        return Ok(Err(taken));
    }
    let (row, version) = (users::table.filter(users::id.eq(Key::from(before.id))), before.version + 1);
    let set_password = |tx: &mut StoreConnection, password: Option<&[u8]>| {
        diesel::update(row).set(users::password.eq(password)).execute(tx)
    };
    // A database constraint allows a password only for a user of a PBX, so remove the password first.
    if password == Some(None) {
        set_password(tx, None)?;
    }
    let changed = diesel::update(row).set((
        SettingsRow::new(settings),
        users::version.eq(version),
        users::updated_at.eq(column(now)),
    ));
    if !inserted(changed.execute(tx))? {
        return Ok(Err(UserClaim::TeamsUser));
    }
    if let Some(Some(password)) = password {
        set_password(tx, Some(password))?;
    }
    note_user(tx, before.account, before.id, settings.assignment.service(), now)?;
    if let Some(taken) = claim(tx, before.id, settings)? {
        return Ok(Err(taken));
    }
    let has_password = password.map_or(before.has_password, |password| password.is_some());
    Ok(Ok(User { settings: settings.clone(), has_password, version, updated_at: now, ..before.clone() }))
}

/// Deletes a user and frees its claims.
pub fn delete(tx: &mut StoreConnection, user: &User, now: Timestamp) -> Result<(), Error> {
    free(tx, user.id)?;
    end_user(tx, user.account, user.id, now)?;
    diesel::delete(users::table.filter(users::id.eq(Key::from(user.id)))).execute(tx)?;
    Ok(())
}

/// Whether another user of the enterprise has the Teams user. Only a check in advance: see `is_taken` in
/// `accounts::addresses`.
fn is_taken(tx: &mut StoreConnection, account: AccountId, id: UserId, settings: &Settings) -> Result<bool, Error> {
    let StoreConnection::Sqlite(connection) = tx else { return Ok(false) };
    let holder = users::table
        .filter(users::account_id.eq(Key::from(account)))
        .filter(users::teams_user_canonical.eq(settings.teams_user.canonical()))
        .filter(users::id.ne(Key::from(id)))
        .select(users::id);
    Ok(holder.first::<Key>(connection).optional()?.is_some())
}
