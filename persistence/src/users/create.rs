//! Creating users, many at once.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::Text;
use domain::Timestamp;
use domain::id::{AccountId, UserId};
use domain::refusal::UserClaim;
use domain::user::{Settings, User};
use domain::values::phone_number::PhoneNumber;

use super::change::SettingsRow;
use super::claims::{claim_at, numbered, reversed};
use super::find::named;
use crate::schema::{phone_numbers, sip_users, users};
use crate::store::connection::StoreConnection;
use crate::store::error::{Error, inserted};
use crate::store::key::{Key, sql};
use crate::store::rows::{self, Find, Values, columns};
use crate::store::time::column;
use crate::teams_users::HeldNumbers;
use crate::{FIRST_VERSION, history};

/// A user to be created.
#[derive(Debug, Clone)]
pub struct NewUser<'a> {
    /// Its id.
    pub id: UserId,
    /// Its enterprise.
    pub account: AccountId,
    /// Its settings.
    pub settings: &'a Settings,
    /// The SIP domain of its PBX, if it has one.
    pub sip_domain: Option<String>,
    /// Its sealed password, if it has one.
    pub password: Option<Vec<u8>>,
    /// When it is created.
    pub now: Timestamp,
}

impl NewUser<'_> {
    /// The user as it would be read after it was stored.
    #[must_use]
    pub fn user(&self) -> User {
        let Self { id, account, settings, sip_domain: _, password, now } = self;
        User {
            id: *id,
            account: *account,
            settings: (*settings).clone(),
            has_password: password.is_some(),
            version: FIRST_VERSION,
            created_at: *now,
            updated_at: *now,
        }
    }

    /// Its SIP domain and its SIP user there.
    fn sip_user(&self) -> Option<(&str, &str)> {
        Some((self.sip_domain.as_deref()?, self.settings.assignment.sip_user()?.as_str()))
    }
}

/// What users have that is unique, of what some new users want.
#[derive(Debug, Default)]
pub struct Taken {
    /// Teams users, in canonical form, in their enterprises.
    teams_users: HashSet<(AccountId, String)>,
    /// SIP users in their SIP domains, and the enterprise of whoever has them.
    sip_users: HashMap<(String, String), AccountId>,
    /// Phone numbers, and the enterprise of whoever has them.
    numbers: HashMap<String, AccountId>,
}

impl Taken {
    /// Finds out which of the Teams users, SIP users and numbers of new users are taken.
    pub fn load(tx: &mut StoreConnection, new: &[NewUser<'_>]) -> Result<Self, Error> {
        let names: Vec<_> = new.iter().map(|user| (user.account, user.settings.teams_user.canonical())).collect();
        let in_domains: Vec<_> = new.iter().filter_map(NewUser::sip_user).collect();
        let numbers: Vec<_> = new.iter().flat_map(|user| user.settings.numbers()).map(PhoneNumber::as_str).collect();
        match tx {
            StoreConnection::Postgresql(connection) => find_together(connection, &names, &in_domains, &numbers),
            StoreConnection::Sqlite(connection) => find_each(connection, &names, &in_domains, &numbers),
        }
    }

    /// The first claim of a new user that is taken.
    #[must_use]
    pub fn first(&self, new: &NewUser<'_>) -> Option<UserClaim> {
        let name = (new.account, new.settings.teams_user.canonical().to_owned());
        if self.teams_users.contains(&name) {
            return Some(UserClaim::TeamsUser);
        }
        if self.holder_of_sip_user(new).is_some() {
            return Some(UserClaim::SipUser);
        }
        let taken = numbered(new.settings).find(|(_, number)| self.numbers.contains_key(number.as_str()));
        taken.map(|(position, _)| claim_at(position))
    }

    /// The enterprises of those who have the SIP user or one of the numbers of a new user.
    #[must_use]
    pub fn holders(&self, new: &NewUser<'_>) -> BTreeSet<AccountId> {
        let numbers = new.settings.numbers().filter_map(|number| self.numbers.get(number.as_str()));
        self.holder_of_sip_user(new).into_iter().chain(numbers).copied().collect()
    }

    fn holder_of_sip_user(&self, new: &NewUser<'_>) -> Option<&AccountId> {
        let (domain, user) = new.sip_user()?;
        self.sip_users.get(&(domain.to_owned(), user.to_owned()))
    }

    /// Adds what a new user has, which others can't have any more.
    pub fn add(&mut self, new: &NewUser<'_>) {
        self.teams_users.insert((new.account, new.settings.teams_user.canonical().to_owned()));
        if let Some((domain, user)) = new.sip_user() {
            self.sip_users.insert((domain.to_owned(), user.to_owned()), new.account);
        }
        self.numbers.extend(new.settings.numbers().map(|number| (number.as_str().to_owned(), new.account)));
    }
}

fn find_together(
    connection: &mut PgConnection,
    names: &[(AccountId, &str)],
    in_domains: &[(&str, &str)],
    numbers: &[&str],
) -> Result<Taken, Error> {
    const HOLDER: &str = "one.sip_domain, one.sip_user, \
        (SELECT holder.account_id FROM users AS holder WHERE holder.id = one.user_id)";
    const CALLED: &str = "one.number, (SELECT holder.account_id FROM users AS holder WHERE holder.id = one.user_id)";
    let mut taken = Taken::default();
    if !names.is_empty() {
        let canonical: Vec<&str> = names.iter().map(|(_, name)| *name).collect();
        let found = named(connection, &canonical)?;
        taken.teams_users.extend(found.into_iter().map(|(_, account, name)| (account.id(), name)));
    }
    if !in_domains.is_empty() {
        let wanted = columns!(in_domains;
            sip_domain: Texts = |(domain, _)| Some(*domain),
            sip_user: Texts = |(_, user)| Some(*user),
        );
        let found: Vec<(String, String, Key)> =
            Find::<(Text, Text, sql::Key)>::new(HOLDER, "sip_users", wanted).load(connection)?;
        taken.sip_users.extend(found.into_iter().map(|(domain, user, holder)| ((domain, user), holder.id())));
    }
    if !numbers.is_empty() {
        let wanted = columns!(numbers; number: Texts = |number| Some(*number));
        let found: Vec<(String, Key)> =
            Find::<(Text, sql::Key)>::new(CALLED, "phone_numbers", wanted).load(connection)?;
        taken.numbers.extend(found.into_iter().map(|(number, holder)| (number, holder.id())));
    }
    Ok(taken)
}

fn find_each(
    connection: &mut SqliteConnection,
    names: &[(AccountId, &str)],
    in_domains: &[(&str, &str)],
    numbers: &[&str],
) -> Result<Taken, Error> {
    let mut taken = Taken::default();
    for (account, name) in names {
        let held = users::table
            .filter(users::account_id.eq(Key::from(*account)))
            .filter(users::teams_user_canonical.eq(*name))
            .select(users::id);
        if held.get_result::<Key>(connection).optional()?.is_some() {
            taken.teams_users.insert((*account, (*name).to_owned()));
        }
    }
    for (domain, user) in in_domains {
        let held = sip_users::table
            .inner_join(users::table.on(users::id.eq(sip_users::user_id)))
            .filter(sip_users::sip_domain.eq(*domain))
            .filter(sip_users::sip_user.eq(*user))
            .select(users::account_id);
        if let Some(holder) = held.get_result::<Key>(connection).optional()? {
            taken.sip_users.insert(((*domain).to_owned(), (*user).to_owned()), holder.id());
        }
    }
    for number in numbers {
        let held = phone_numbers::table
            .inner_join(users::table.on(users::id.eq(phone_numbers::user_id)))
            .filter(phone_numbers::number.eq(*number))
            .select(users::account_id);
        if let Some(holder) = held.get_result::<Key>(connection).optional()? {
            taken.numbers.insert((*number).to_owned(), holder.id());
        }
    }
    Ok(taken)
}

/// Creates users, with one statement for each table on PostgreSQL. Fails with [`Error::Conflict`] if one of their claims
/// is taken; the transaction must then be rolled back.
pub fn insert_all(tx: &mut StoreConnection, new: &[NewUser<'_>]) -> Result<(), Error> {
    if new.is_empty() {
        return Ok(());
    }
    let settings: Vec<SettingsRow> = new.iter().map(|user| SettingsRow::new(user.settings)).collect();
    let mut in_domains: Vec<_> = new.iter().filter_map(|user| Some((user.sip_user()?, Key::from(user.id)))).collect();
    let mut numbers: Vec<_> = new
        .iter()
        .flat_map(|user| {
            numbered(user.settings).map(|(position, number)| (number.as_str(), Key::from(user.id), position))
        })
        .collect();
    // Transactions that claim the same wait for each other, and don't deadlock if they do so in one order.
    in_domains.sort_unstable_by_key(|(claim, _)| *claim);
    numbers.sort_unstable_by_key(|(number, ..)| *number);
    if !insert_rows(tx, new, &settings, &in_domains, &numbers)? {
        return Err(Error::Conflict);
    }
    // A number may have been given back since, by somebody who still has it in Teams.
    let held = HeldNumbers::load(tx, new.iter().map(|user| user.settings))?;
    if new.iter().any(|user| held.first(user.id, user.settings).is_some()) {
        return Err(Error::Conflict);
    }
    let begin = |user: &NewUser<'_>| (user.account, user.id, user.settings.assignment.service(), user.now);
    history::begin_users(tx, &new.iter().map(begin).collect::<Vec<_>>())
}

type SipUserRow<'a> = ((&'a str, &'a str), Key);
type NumberRow<'a> = (&'a str, Key, i16);

fn insert_rows(
    tx: &mut StoreConnection,
    new: &[NewUser<'_>],
    settings: &[SettingsRow],
    in_domains: &[SipUserRow<'_>],
    numbers: &[NumberRow<'_>],
) -> Result<bool, Error> {
    let mut columns = columns!(new;
        id: Keys = |user| Some(user.id.into()),
        account_id: Keys = |user| Some(user.account.into()),
        password: Octets = |user| user.password.as_deref(),
        version: Longs = |_| FIRST_VERSION,
        created_at: Instants = |user| Some(column(user.now)),
        updated_at: Instants = |user| Some(column(user.now)),
    );
    columns.extend(columns!(settings;
        teams_user: Texts = |row| Some(row.teams_user.as_str()),
        teams_user_canonical: Texts = |row| Some(row.teams_user_canonical.as_str()),
        pbx_id: Keys = |row| row.pbx_id,
        trunk_id: Keys = |row| row.trunk_id,
        sip_user: Texts = |row| row.sip_user.as_deref(),
        auth_id: Texts = |row| row.auth_id.as_deref(),
        voice_route: Texts = |row| Some(row.voice_route.as_str()),
        tag: Texts = |row| row.tag.as_deref(),
        search_text: Texts = |row| Some(row.search_text.as_str()),
        sip_search_text: Texts = |row| Some(row.sip_search_text.as_str()),
    ));
    let mut all_inserted = inserted(rows::insert(tx, "users", columns))?;
    if all_inserted {
        let columns = columns!(in_domains;
            sip_domain: Texts = |((domain, _), _)| Some(*domain),
            sip_user: Texts = |((_, user), _)| Some(*user),
            user_id: Keys = |(_, user)| Some(*user),
        );
        all_inserted = inserted(rows::insert(tx, "sip_users", columns))?;
    }
    if all_inserted {
        let reversed: Vec<String> = numbers.iter().map(|(number, ..)| reversed(number)).collect();
        let mut columns = columns!(numbers;
            number: Texts = |(number, ..)| Some(*number),
            user_id: Keys = |(_, user, _)| Some(*user),
            position: Shorts = |(.., position)| *position,
        );
        columns.push(("reversed", Values::Texts(reversed.iter().map(|number| Some(number.as_str())).collect())));
        all_inserted = inserted(rows::insert(tx, "phone_numbers", columns))?;
    }
    Ok(all_inserted)
}
