//! What can be imported, and how rows create and change resources: with the operations of requests for single resources.

use std::collections::HashMap;

use domain::account::{Account, Tier};
use domain::authority::Target;
use domain::fault::Fault;
use domain::refusal::{Refusal, UserClaim};
use domain::user::User;
use domain::values::email::EmailAddress;
use domain::values::user_principal_name::UserPrincipalName;
use persistence::accounts::Change;
use persistence::{accounts, users};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::PartialSchema;
use validator::ValidateArgs;

use super::read::{Column, Kind, Row};
use crate::access::Actor;
use crate::app::{Asked, Tx};
use crate::error::{Error, ErrorCode, Result, value_error};
use crate::http::Valid;
use crate::http::validation::{Received, validate};
use crate::resources::accounts::create::CreateAccount;
use crate::resources::accounts::{change, create};
use crate::resources::enterprises::wire::{CreateEnterprise, PatchEnterprise};
use crate::resources::resellers::wire::{CreateReseller, PatchReseller};
use crate::resources::users::create::{self as users_create, AskedUser};
use crate::resources::users::operations;
use crate::resources::users::wire::{CreateUser, PatchUser};
use crate::settings::sbc_regions::SbcRegionList;

/// A kind of resource that can be imported.
pub trait Importable: Clone + Send + Sync + 'static {
    /// The columns that a file can have.
    const COLUMNS: &'static [Column];
    /// The data of a new resource.
    type Command;
    /// A resource that exists.
    type Found;

    /// Checks that the actor may import this kind of resource. Returns the enterprise that they belong to; `None` for
    /// accounts.
    fn reach(&self, tx: &mut Tx<'_>, actor: &Actor) -> Result<Option<Account>>;

    /// The key by which a row's resource is recognised (e-mail address or Teams user, in canonical form); `None` if it
    /// is missing or malformed.
    fn key(row: &Row) -> Option<String>;

    /// The error for a row whose resource already exists, with `OnExisting::Fail`.
    fn taken() -> Error;

    /// Converts a row to the data of a new resource, or returns all its errors.
    fn command(row: &Row, rules: &Rules) -> Result<Self::Command>;

    /// The resources that exist already, by their keys.
    fn find(tx: &mut Tx<'_>, place: Place<'_>, keys: &[&str]) -> Result<HashMap<String, Self::Found>>;

    /// Creates resources that have different keys. Returns the id of each, or why it was refused.
    fn create(tx: &mut Tx<'_>, place: Place<'_>, commands: &[Self::Command]) -> Result<Vec<Result<String>>>;

    /// Updates, skips or refuses a row whose resource exists. Returns the outcome and the id of the resource.
    fn meet(
        tx: &mut Tx<'_>,
        place: Place<'_>,
        rules: &Rules,
        found: &Self::Found,
        row: (&Row, &Self::Command),
    ) -> Result<(Status, String)>;
}

/// Who imports, and into which enterprise; `None` for accounts.
pub type Place<'a> = (&'a Actor, Option<&'a Account>);

/// How rows are executed.
#[derive(Clone)]
pub struct Rules {
    /// What to do with rows whose resource already exists.
    pub on_existing: OnExisting,
    /// The configured SBC regions.
    pub offered: SbcRegionList,
}

/// An import of resellers.
#[derive(Debug, Clone)]
pub struct Resellers;

/// An import of enterprises.
#[derive(Debug, Clone)]
pub struct Enterprises;

/// An import of users of the enterprise with this id.
#[derive(Debug, Clone)]
pub struct Users(pub String);

/// What to do with a row whose resource already exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnExisting {
    /// Leave the existing resource unchanged.
    Skip,
    /// Update the existing resource to the values of the row.
    Update,
    /// Refuse the row.
    Fail,
}

/// The outcome of a row that was not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The resource was created.
    Created,
    /// The resource existed and was updated.
    Updated,
    /// The resource existed and already had the values of the row.
    Unchanged,
    /// The resource existed and was left unchanged.
    Skipped,
}

const RESELLER: &[Column] = &[
    ("master_reseller_id", Kind::Text),
    ("name", Kind::Text),
    ("email", Kind::Text),
    ("services", Kind::Texts),
    ("billing_reference", Kind::Text),
];

const ENTERPRISE: &[Column] = &[
    ("reseller_id", Kind::Text),
    ("name", Kind::Text),
    ("email", Kind::Text),
    ("country", Kind::Text),
    ("sbc_regions", Kind::Texts),
    ("services", Kind::Texts),
    ("user_limit", Kind::Number),
    ("billing_reference", Kind::Text),
    ("pbx_music_on_hold", Kind::Flag),
    ("access_sip_data", Kind::Flag),
    ("request_management_consent", Kind::Flag),
    ("can_add_extensions", Kind::Flag),
    ("allow_external_numbers", Kind::Flag),
];

const USER: &[Column] = &[
    ("teams_user", Kind::Text),
    ("pbx_id", Kind::Text),
    ("trunk_id", Kind::Text),
    ("sip_user", Kind::Text),
    ("auth_id", Kind::Text),
    ("password", Kind::Text),
    ("default_number", Kind::Phone),
    ("forwarded_numbers", Kind::Phones),
    ("voice_route", Kind::Text),
    ("tag", Kind::Text),
];

impl Importable for Resellers {
    const COLUMNS: &'static [Column] = RESELLER;
    type Command = CreateAccount;
    type Found = Account;

    fn reach(&self, _: &mut Tx<'_>, actor: &Actor) -> Result<Option<Account>> {
        actor.may(Target::Accounts(Tier::Reseller)).map(|()| None)
    }

    fn key(row: &Row) -> Option<String> {
        email_of(row)
    }

    fn taken() -> Error {
        Refusal::EmailTaken.into()
    }

    fn command(row: &Row, _: &Rules) -> Result<CreateAccount> {
        command::<CreateReseller, _>(row, ())
    }

    fn find(tx: &mut Tx<'_>, (actor, _): Place<'_>, keys: &[&str]) -> Result<HashMap<String, Account>> {
        Ok(accounts::by_emails(tx, &actor.scope(), Tier::Reseller, keys)?)
    }

    fn create(tx: &mut Tx<'_>, (actor, _): Place<'_>, commands: &[CreateAccount]) -> Result<Vec<Result<String>>> {
        create_accounts(tx, actor, commands)
    }

    fn meet(
        tx: &mut Tx<'_>,
        (actor, _): Place<'_>,
        rules: &Rules,
        found: &Account,
        (row, command): (&Row, &CreateAccount),
    ) -> Result<(Status, String)> {
        let same = same_parent(found, Tier::MasterReseller, command.parent.as_deref());
        existing(tx, actor, rules, found, same, || patch::<PatchReseller, _>(row, "master_reseller_id", ()))
    }
}

impl Importable for Enterprises {
    const COLUMNS: &'static [Column] = ENTERPRISE;
    type Command = CreateAccount;
    type Found = Account;

    fn reach(&self, _: &mut Tx<'_>, actor: &Actor) -> Result<Option<Account>> {
        actor.may(Target::Accounts(Tier::Enterprise)).map(|()| None)
    }

    fn key(row: &Row) -> Option<String> {
        email_of(row)
    }

    fn taken() -> Error {
        Refusal::EmailTaken.into()
    }

    fn command(row: &Row, rules: &Rules) -> Result<CreateAccount> {
        command::<CreateEnterprise, _>(row, &rules.offered)
    }

    fn find(tx: &mut Tx<'_>, (actor, _): Place<'_>, keys: &[&str]) -> Result<HashMap<String, Account>> {
        Ok(accounts::by_emails(tx, &actor.scope(), Tier::Enterprise, keys)?)
    }

    fn create(tx: &mut Tx<'_>, (actor, _): Place<'_>, commands: &[CreateAccount]) -> Result<Vec<Result<String>>> {
        create_accounts(tx, actor, commands)
    }

    fn meet(
        tx: &mut Tx<'_>,
        (actor, _): Place<'_>,
        rules: &Rules,
        found: &Account,
        (row, command): (&Row, &CreateAccount),
    ) -> Result<(Status, String)> {
        let same = same_parent(found, Tier::Reseller, command.parent.as_deref());
        existing(tx, actor, rules, found, same, || patch::<PatchEnterprise, _>(row, "reseller_id", &rules.offered))
    }
}

impl Importable for Users {
    const COLUMNS: &'static [Column] = USER;
    type Command = operations::WriteUser;
    type Found = User;

    fn reach(&self, tx: &mut Tx<'_>, actor: &Actor) -> Result<Option<Account>> {
        let account = actor.load_enterprise(tx, &self.0)?;
        operations::may_add(actor, &account)?;
        Ok(Some(account))
    }

    fn key(row: &Row) -> Option<String> {
        let text = row.members.get("teams_user")?.as_str()?;
        Some(UserPrincipalName::parse(text).ok()?.canonical().to_owned())
    }

    fn taken() -> Error {
        Refusal::UserClaimTaken(UserClaim::TeamsUser).into()
    }

    fn command(row: &Row, _: &Rules) -> Result<operations::WriteUser> {
        command::<CreateUser, _>(row, ())
    }

    fn find(tx: &mut Tx<'_>, (_, enterprise): Place<'_>, keys: &[&str]) -> Result<HashMap<String, User>> {
        let account = enterprise.ok_or(Refusal::NotFound)?;
        Ok(users::by_teams_users(tx, account.id, keys)?)
    }

    fn create(
        tx: &mut Tx<'_>,
        (actor, enterprise): Place<'_>,
        commands: &[operations::WriteUser],
    ) -> Result<Vec<Result<String>>> {
        let (account, now, tools) = (enterprise.ok_or(Refusal::NotFound)?, tx.now, tx.tools());
        let asked: Vec<_> =
            commands.iter().map(|operation| AskedUser { account, asked: Asked { operation, actor, now } }).collect();
        let created = users_create::all(tx, tools, &asked)?;
        Ok(created.into_iter().map(|user| user.map(|user| user.id.to_string())).collect())
    }

    fn meet(
        tx: &mut Tx<'_>,
        (_, enterprise): Place<'_>,
        rules: &Rules,
        found: &User,
        (row, _): (&Row, &operations::WriteUser),
    ) -> Result<(Status, String)> {
        match rules.on_existing {
            OnExisting::Fail => Err(Self::taken()),
            OnExisting::Skip => Ok((Status::Skipped, found.id.to_string())),
            OnExisting::Update => {
                let account = enterprise.ok_or(Refusal::NotFound)?;
                let change: operations::WriteUser = patch::<PatchUser, _>(row, "", ())?;
                let changed = operations::update(tx, account, found.clone(), &change)?;
                let status = if changed.version == found.version { Status::Unchanged } else { Status::Updated };
                Ok((status, changed.id.to_string()))
            }
        }
    }
}

fn create_accounts(tx: &mut Tx<'_>, actor: &Actor, commands: &[CreateAccount]) -> Result<Vec<Result<String>>> {
    let (now, tools) = (tx.now, tx.tools());
    let asked: Vec<_> = commands.iter().map(|operation| Asked { operation, actor, now }).collect();
    let created = create::all(tx, tools, &asked)?;
    Ok(created.into_iter().map(|account| account.map(|account| account.id_text())).collect())
}

/// The e-mail address of a row in canonical form; `None` if it is missing or malformed.
fn email_of(row: &Row) -> Option<String> {
    let text = row.members.get("email")?.as_str()?;
    Some(EmailAddress::parse(text).ok()?.canonical().to_owned())
}

/// Handles a row whose account already exists: skips, updates or refuses it. `same_parent` is an error if the row names
/// another parent account.
fn existing(
    tx: &mut Tx<'_>,
    actor: &Actor,
    rules: &Rules,
    found: &Account,
    same_parent: Result<()>,
    change: impl FnOnce() -> Result<Change>,
) -> Result<(Status, String)> {
    if rules.on_existing == OnExisting::Fail {
        return Err(Refusal::EmailTaken.into());
    }
    same_parent?;
    if rules.on_existing == OnExisting::Skip {
        return Ok((Status::Skipped, found.id_text()));
    }
    let actor = actor.changing();
    let account = actor.load_account(tx, found.tier, &found.id_text())?;
    let version = account.version;
    let changed = change::update(tx, &actor, account, change()?)?;
    Ok((if changed.version == version { Status::Unchanged } else { Status::Updated }, changed.id_text()))
}

/// Refuses a row that names another parent than the existing account has: an import can't move accounts.
fn same_parent(found: &Account, tier: Tier, named: Option<&str>) -> Result<()> {
    let parent = found.ancestry().account_of(tier).map(|id| tier.format_id(id));
    if named.is_none_or(|named| parent.as_deref() == Some(named)) {
        return Ok(());
    }
    let fault =
        Fault::new("other_parent", "The account with this address is below another one. An import moves nothing.");
    Err(Error::validation(vec![value_error(format!("/{}_id", tier.as_str()), fault)]))
}

/// Converts a row to the command that creates its resource, or returns all its errors.
fn command<'a, R, C>(row: &Row, context: R::Args) -> Result<C>
where
    R: DeserializeOwned + PartialSchema + ValidateArgs<'a>,
    C: From<Valid<R>>,
{
    let parsed = body::<R, C>(row.members.clone(), context);
    if row.faults.is_empty() {
        return parsed;
    }
    let mut faults = row.faults.clone();
    // A field whose cell was malformed is not also reported as missing. A line that is not a row gets no further
    // errors.
    if faults.iter().all(|fault| !fault.pointer.is_empty()) {
        let more = parsed.err().map(|error| error.faults()).unwrap_or_default();
        faults.extend(more.into_iter().filter(|fault| row.faults.iter().all(|known| known.pointer != fault.pointer)));
    }
    Err(Error::validation(faults))
}

/// Converts a row to a change of an existing resource, without the column that names its parent.
fn patch<'a, R, C>(row: &Row, parent: &str, context: R::Args) -> Result<C>
where
    R: DeserializeOwned + PartialSchema + ValidateArgs<'a>,
    C: From<Valid<R>>,
{
    let mut members = row.members.clone();
    members.remove(parent);
    body::<R, C>(members, context)
}

fn body<'a, R, C>(members: Map<String, Value>, context: R::Args) -> Result<C>
where
    R: DeserializeOwned + PartialSchema + ValidateArgs<'a>,
    C: From<Valid<R>>,
{
    let failed = |_| Error::new(ErrorCode::MalformedJson, "The row can't be read.");
    let request = Received::<R>::read(Value::Object(members)).map_err(failed)?;
    validate(request, context).map(C::from)
}
