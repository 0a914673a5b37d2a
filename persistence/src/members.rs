//! Members: the people who sign in to an account.

use diesel::prelude::*;
use domain::Timestamp;
use domain::account::{Account, Scope, Tier};
use domain::authority::Role;
use domain::id::{AccountId, MemberId};
use domain::values::email::EmailAddress;
use domain::values::language::Language;

use crate::schema::{accounts as account_rows, members};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::time::{Instant, column};
use crate::{FIRST_VERSION, accounts};

/// A member together with its account.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// Its e-mail address, as it was entered.
    pub email: EmailAddress,
    /// Its role in the account.
    pub role: Role,
    /// The hash of its password, as a PHC string.
    pub password_hash: String,
    /// Its display name, if it has given one.
    pub name: Option<String>,
    /// Its preferred language, if it has chosen one.
    pub language: Option<Language>,
    /// Grows by one with every change.
    pub version: i64,
    /// The account that it belongs to.
    pub account: Account,
}

/// A member to be created.
#[derive(Debug, Clone, Copy)]
pub struct NewMember<'a> {
    /// Its id.
    pub id: MemberId,
    /// The account that it belongs to.
    pub account: AccountId,
    /// Its e-mail address, which the account must have claimed.
    pub email: &'a EmailAddress,
    /// Its role in the account.
    pub role: Role,
    /// The hash of its password, as a PHC string.
    pub password_hash: &'a str,
    /// Whether the service generated the password, so that the member has to replace it first.
    pub password_is_temporary: bool,
    /// When it is created.
    pub now: Timestamp,
}

/// Creates a member who has a password and can sign in at once.
pub fn insert(tx: &mut StoreConnection, member: &NewMember<'_>) -> Result<(), Error> {
    let NewMember { id, account, email, role, password_hash, password_is_temporary, now } = *member;
    diesel::insert_into(members::table)
        .values((
            members::id.eq(Key::from(id)),
            members::account_id.eq(Key::from(account)),
            members::email.eq(email.given()),
            members::email_canonical.eq(email.canonical()),
            members::role.eq(role.as_str()),
            members::password_hash.eq(password_hash),
            members::password_is_temporary.eq(password_is_temporary),
            members::created_at.eq(column(now)),
            members::removed_at.eq(None::<Instant>),
            members::joined_at.eq(Some(column(now))),
            members::version.eq(FIRST_VERSION),
        ))
        .execute(tx)?;
    Ok(())
}

/// The member who signs in with an e-mail address, and its password hash as a PHC string. Runs exactly one query,
/// whether the member exists or not, so that the response time reveals nothing.
pub fn credentials(tx: &mut StoreConnection, email: &EmailAddress) -> Result<Option<(MemberId, String)>, Error> {
    let found: Option<(Key, String)> = members::table
        .filter(members::email_canonical.eq(email.canonical()))
        .filter(members::removed_at.is_null())
        .filter(members::joined_at.is_not_null())
        .select((members::id, members::password_hash))
        .first(tx)
        .optional()?;
    Ok(found.map(|(id, password_hash)| (id.id(), password_hash)))
}

/// The member who signs in with an e-mail address. Takes no scope, because the caller is not signed in yet.
pub fn by_email(tx: &mut StoreConnection, email: &EmailAddress) -> Result<Option<Member>, Error> {
    let id: Option<Key> = members::table
        .filter(members::email_canonical.eq(email.canonical()))
        .filter(members::removed_at.is_null())
        .filter(members::joined_at.is_not_null())
        .select(members::id)
        .first(tx)
        .optional()?;
    id.map_or(Ok(None), |id| by_id(tx, id.id()))
}

/// The member with this id, unless it was removed. Takes no scope: only call it for a caller who has proved to be this
/// member.
pub fn by_id(tx: &mut StoreConnection, id: MemberId) -> Result<Option<Member>, Error> {
    type Profile = (Option<String>, Option<String>, i64);
    type Row = (String, String, String, Profile, Key, String);
    let row: Option<Row> = members::table
        .inner_join(account_rows::table.on(account_rows::id.eq(members::account_id)))
        .filter(members::id.eq(Key::from(id)))
        .filter(members::removed_at.is_null())
        .select((
            members::email,
            members::role,
            members::password_hash,
            (members::name, members::language, members::version),
            account_rows::id,
            account_rows::tier,
        ))
        .first(tx)
        .optional()?;
    let Some((email, role, password_hash, (name, language, version), account, tier)) = row else {
        return Ok(None);
    };
    let tier = Tier::parse(&tier).ok_or_else(|| Error::Corrupt(format!("tier {tier:?}")))?;
    let account = accounts::by_id(tx, &Scope::Platform, tier, account.id())?
        .ok_or_else(|| Error::Corrupt("a member without its account".to_owned()))?;
    Ok(Some(Member {
        id,
        email: EmailAddress::from_stored(email),
        role: parse_role(&role)?,
        password_hash,
        name,
        language: language.as_deref().map(parse_language).transpose()?,
        version,
        account,
    }))
}

/// The e-mail addresses of the owners of an account who have joined.
pub fn owners(tx: &mut StoreConnection, account: AccountId) -> Result<Vec<EmailAddress>, Error> {
    let found: Vec<String> = members::table
        .filter(members::account_id.eq(Key::from(account)))
        .filter(members::role.eq(Role::Owner.as_str()))
        .filter(members::removed_at.is_null())
        .filter(members::joined_at.is_not_null())
        .order(members::id)
        .select(members::email)
        .load(tx)?;
    Ok(found.into_iter().map(EmailAddress::from_stored).collect())
}

/// Locks a member until the transaction ends, so that a sign-in and a password change can't run at the same time. No
/// lock is needed on SQLite, which has only one writer.
pub fn hold(tx: &mut StoreConnection, member: MemberId) -> Result<(), Error> {
    if let StoreConnection::Postgresql(connection) = tx {
        let row = members::table.filter(members::id.eq(Key::from(member))).select(members::id).for_no_key_update();
        let _: Option<Key> = row.first(connection).optional()?;
    }
    Ok(())
}

/// Whether there is any member. A new database has none.
pub fn any_exists(tx: &mut StoreConnection) -> Result<bool, Error> {
    let first: Option<Key> = members::table.select(members::id).first(tx).optional()?;
    Ok(first.is_some())
}

/// Replaces the password of a member by one that the member chose.
pub fn set_password(tx: &mut StoreConnection, member: MemberId, password_hash: &str) -> Result<(), Error> {
    diesel::update(members::table.filter(members::id.eq(Key::from(member))))
        .set((members::password_hash.eq(password_hash), members::password_is_temporary.eq(false)))
        .execute(tx)?;
    Ok(())
}

/// Stores the name and the language of a member, with its new version.
pub fn set_profile(
    tx: &mut StoreConnection,
    member: MemberId,
    name: Option<&str>,
    language: Option<Language>,
    version: i64,
) -> Result<(), Error> {
    diesel::update(members::table.filter(members::id.eq(Key::from(member))))
        .set((
            members::name.eq(name),
            members::language.eq(language.map(Language::as_str)),
            members::version.eq(version),
        ))
        .execute(tx)?;
    Ok(())
}

/// Parses the role column of a row.
pub(crate) fn parse_role(text: &str) -> Result<Role, Error> {
    Role::parse(text).ok_or_else(|| Error::Corrupt(format!("role {text:?}")))
}

fn parse_language(text: &str) -> Result<Language, Error> {
    Language::parse(text).map_err(|_| Error::Corrupt(format!("language {text:?}")))
}
