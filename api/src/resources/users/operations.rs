//! Loading, changing and deleting users.

use std::collections::BTreeSet;

use domain::account::{Account, Scope, check_open};
use domain::enterprise::Switches;
use domain::fault::Fault;
use domain::id::{AccountId, UserId};
use domain::refusal::{Refusal, UserClaim};
use domain::user::{Assignment, Change, Settings, User, check_may_add, check_numbers};
use domain::values::phone_number::PhoneNumber;
use domain::values::sip::{SipPassword, SipUser};
use domain::values::text::{AuthenticationName, Tag};
use persistence::teams_users::HeldNumbers;
use persistence::{StoreConnection, accounts, direct_routing, pbxes, trunks, users};
use serde_json::{Value, json};

use crate::access::Actor;
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::events::record::record_for;
use crate::resources::teams::operations as teams;
use crate::resources::telephony::{resealed, updated};

/// The settings and password of a new user, or the changes of an existing one.
#[derive(Debug, Clone)]
pub struct WriteUser {
    /// The settings; those that are absent keep their values or get their defaults.
    pub change: Change,
    /// The password; `None` keeps the old one, `Some(None)` removes it.
    pub password: Option<Option<SipPassword>>,
}

/// Loads a user and its enterprise, and checks that the actor may read or change it.
pub fn load(tx: &mut StoreConnection, actor: &Actor, id: &str) -> Result<(Account, User)> {
    let id = UserId::parse(id).ok_or(Refusal::NotFound)?;
    let owner = users::owner(tx, id)?;
    let account = actor.load_owner(tx, owner)?;
    let user = users::by_id(tx, account.id, id)?.ok_or(Refusal::NotFound)?;
    Ok((account, user))
}

/// Checks that the actor may add users to an enterprise: the enterprise itself may only if `can_add_extensions` is set
/// (R10).
pub fn may_add(actor: &Actor, account: &Account) -> Result<()> {
    Ok(check_may_add(actor.tier(), switches(account))?)
}

/// Changes a user that was loaded for the actor, and records the event. If no value differs, nothing is written.
pub fn update(tx: &mut Tx<'_>, account: &Account, before: User, command: &WriteUser) -> Result<User> {
    let now = tx.now;
    let WriteUser { change, password } = command;
    let settings = change.after(&before.settings).map_err(Error::faulty)?;
    check(tx, account, &settings, &before.settings, password.as_ref().is_some_and(Option::is_some))?;
    // Only users of a PBX have a password, so moving the user to a trunk removes it.
    let goes = settings.assignment.pbx().is_none();
    let password = resealed(tx.seal, before.id, before.has_password, goes, password.as_ref())?;
    if settings == before.settings && password.is_none() {
        return Ok(before);
    }
    if !claims(&settings).all(|claim| claims(&before.settings).any(|own| own == claim)) {
        tx.check_may_claim()?;
    }
    let password_change = password.as_ref().map(Option::as_deref);
    let user = write(tx, &settings, |tx| users::update(tx, &before, &settings, password_change, now))?;
    // Looked up now that no other transaction can give the numbers away.
    let held = HeldNumbers::load(tx, [&settings])?;
    if let Some((claim, holder)) = held.first(user.id, &settings) {
        if let Some(scope) = tx.origin.scope()
            && is_held_elsewhere(tx, &scope, BTreeSet::from([holder]))?
        {
            tx.note_taken();
        }
        return Err(Refusal::NumberBeingReleased(claim).into());
    }
    teams::follow(tx, account, &before, &user)?;
    let changed = updated(fields(&before), fields(&user), password.is_some());
    record_for(tx, account, user.id, "updated", changed)?;
    Ok(user)
}

/// Deletes a user and frees its Teams user, SIP user and phone numbers; a number that it has in Teams once Microsoft has
/// let go of it.
pub fn delete(tx: &mut Tx<'_>, account: &Account, user: &User) -> Result<()> {
    let now = tx.now;
    teams::let_go(tx, account, user)?;
    users::delete(tx, user, now)?;
    record_for(tx, account, user.id, "removed", (fields(user), Value::Null))
}

/// Checks changed settings against the enterprise: its PBXs, trunks, routes and switches. Routes and numbers are checked
/// only if they differ from `before`.
fn check(
    tx: &mut StoreConnection,
    account: &Account,
    settings: &Settings,
    before: &Settings,
    has_new_password: bool,
) -> Result<()> {
    let is_known = match &settings.assignment {
        Assignment::Pbx { pbx, .. } => pbxes::by_id(tx, account.id, *pbx)?.is_some(),
        Assignment::Trunk(trunk) => trunks::by_id(tx, account.id, *trunk)?.is_some(),
    };
    check_assignment(&settings.assignment, is_known, has_new_password)?;
    check_open(account.status)?;
    if before.voice_route != settings.voice_route {
        direct_routing::load(tx, account.id)?.check_voice_route(&settings.voice_route)?;
    }
    if !before.numbers().eq(settings.numbers()) || before.assignment.pbx() != settings.assignment.pbx() {
        check_numbers(settings, switches(account))?;
    }
    Ok(())
}

/// Whether one of those who have a value lies outside the scope.
pub(super) fn is_held_elsewhere(tx: &mut StoreConnection, scope: &Scope, holders: BTreeSet<AccountId>) -> Result<bool> {
    for holder in holders {
        if !accounts::is_in_scope(tx, scope, holder)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Checks that the enterprise has the PBX or trunk (`is_known`), and that no user of a trunk is given a password.
pub(super) fn check_assignment(assignment: &Assignment, is_known: bool, has_password: bool) -> Result<()> {
    let (pointer, code, detail) = match assignment {
        Assignment::Pbx { .. } if !is_known => ("/pbx_id", "unknown_pbx", "The enterprise has no such PBX."),
        Assignment::Trunk(_) if !is_known => ("/trunk_id", "unknown_trunk", "The enterprise has no such trunk."),
        Assignment::Trunk(_) if has_password => {
            ("/password", "not_allowed", "Leave it out: a user of a trunk has none.")
        }
        Assignment::Pbx { .. } | Assignment::Trunk(_) => return Ok(()),
    };
    Err(Error::faulty(vec![(pointer, Fault::new(code, detail))]))
}

/// What a user claims that is unique in the whole service: its SIP user and its numbers.
fn claims(settings: &Settings) -> impl Iterator<Item = String> {
    let Settings { assignment, .. } = settings;
    let sip_user = assignment.pbx().zip(assignment.sip_user()).map(|(pbx, user)| format!("{pbx} {}", user.as_str()));
    sip_user.into_iter().chain(settings.numbers().map(|number| number.as_str().to_owned()))
}

/// Why a user was not written.
enum NotWritten {
    Taken(UserClaim),
    Failed(persistence::Error),
}

impl From<persistence::Error> for NotWritten {
    fn from(error: persistence::Error) -> Self {
        Self::Failed(error)
    }
}

/// Writes a user. Refused if another user has one of its claims, which counts if the caller can't see that user.
fn write(
    tx: &mut Tx<'_>,
    settings: &Settings,
    write: impl FnOnce(&mut StoreConnection) -> Result<Result<User, UserClaim>, persistence::Error>,
) -> Result<User> {
    // After a claim that is taken, PostgreSQL goes on only behind a savepoint.
    match tx.savepoint(|tx| write(tx)?.map_err(NotWritten::Taken)) {
        Ok(user) => Ok(user),
        Err(NotWritten::Failed(error)) => Err(error.into()),
        Err(NotWritten::Taken(claim)) => {
            if let Some(scope) = tx.origin.scope()
                && claim != UserClaim::TeamsUser
            {
                let holders = users::holders(tx, settings)?;
                if is_held_elsewhere(tx, &scope, holders)? {
                    tx.note_taken();
                }
            }
            Err(Refusal::UserClaimTaken(claim).into())
        }
    }
}

pub(super) fn switches(account: &Account) -> Switches {
    account.enterprise.as_ref().map(|enterprise| enterprise.switches).unwrap_or_default()
}

/// The fields of a user as events show them.
pub(super) fn fields(user: &User) -> Value {
    let Settings { teams_user, assignment, default_number, forwarded_numbers, voice_route, tag } = &user.settings;
    json!({
        "teams_user": teams_user.given(),
        "pbx_id": assignment.pbx().map(|id| id.to_string()),
        "trunk_id": assignment.trunk().map(|id| id.to_string()),
        "sip_user": assignment.sip_user().map(SipUser::as_str),
        "auth_id": assignment.auth_id().map(AuthenticationName::as_str),
        "has_password": user.has_password,
        "default_number": default_number.as_ref().map(PhoneNumber::as_str),
        "forwarded_numbers": forwarded_numbers.iter().map(PhoneNumber::as_str).collect::<Vec<_>>(),
        "voice_route": voice_route.as_str(),
        "tag": tag.as_ref().map(Tag::as_str),
    })
}
