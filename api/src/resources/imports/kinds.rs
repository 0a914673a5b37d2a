//! What can be imported, and what becomes of one row: the operations that a request for one thing runs.

use std::sync::Arc;

use domain::Timestamp;
use domain::account::{Account, Tier};
use domain::authority::Target;
use domain::enterprise::SbcRegionCode;
use domain::fault::Fault;
use domain::refusal::{Refusal, UserClaim};
use domain::values::email::EmailAddress;
use domain::values::user_principal_name::UserPrincipalName;
use persistence::accounts::Change;
use persistence::{StoreConnection, accounts, users};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::read::{Column, Kind, Row};
use crate::access::Actor;
use crate::error::{Error, ErrorCode, value_error};
use crate::mail::Post;
use crate::resources::accounts::{change, create};
use crate::resources::enterprises::wire::{CreateEnterprise, PatchEnterprise};
use crate::resources::resellers::wire::{CreateReseller, PatchReseller};
use crate::resources::users::operations;
use crate::resources::users::wire::{CreateUser, PatchUser};
use crate::security::seal::Seal;

/// What is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Import {
    /// Resellers.
    Resellers,
    /// Enterprises.
    Enterprises,
    /// Users of an enterprise, by its id.
    Users(String),
}

/// What is done about a row whose thing is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnExisting {
    /// It is left as it is.
    Skip,
    /// It is changed to what the row says.
    Update,
    /// The row is refused.
    Fail,
}

/// What was done about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It was created.
    Created,
    /// It was changed.
    Updated,
    /// It is already what the row says.
    Unchanged,
    /// It was left as it is.
    Skipped,
}

/// What operations need beside a transaction.
#[derive(Clone)]
pub struct Tools {
    /// Writes e-mails.
    pub post: Arc<Post>,
    /// Seals passwords.
    pub seal: Arc<Seal>,
    /// The SBC regions on offer.
    pub offered: Vec<SbcRegionCode>,
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

impl Import {
    /// The columns that a file can have.
    #[must_use]
    pub const fn columns(&self) -> &'static [Column] {
        match self {
            Self::Resellers => RESELLER,
            Self::Enterprises => ENTERPRISE,
            Self::Users(_) => USER,
        }
    }

    /// Whether the actor may import these at all. Gives the enterprise whose users they are.
    pub fn reach(&self, tx: &mut StoreConnection, actor: &Actor) -> Result<Option<Account>, Error> {
        match self {
            Self::Resellers => actor.may(Target::Accounts(Tier::Reseller)).map(|()| None),
            Self::Enterprises => actor.may(Target::Accounts(Tier::Enterprise)).map(|()| None),
            Self::Users(id) => {
                let account = actor.reach_telephony(tx, id)?;
                operations::may_add(actor, &account)?;
                Ok(Some(account))
            }
        }
    }

    /// By what a row's thing is known, if the row says so.
    #[must_use]
    pub fn key(&self, row: &Row) -> Option<String> {
        match self {
            Self::Resellers | Self::Enterprises => {
                let text = row.members.get("email")?.as_str()?;
                Some(EmailAddress::parse(text).ok()?.canonical().to_owned())
            }
            Self::Users(_) => {
                let text = row.members.get("teams_user")?.as_str()?;
                Some(UserPrincipalName::parse(text).ok()?.canonical().to_owned())
            }
        }
    }

    /// What is said of a row whose thing is there already.
    #[must_use]
    pub fn taken(&self) -> Error {
        match self {
            Self::Resellers | Self::Enterprises => Refusal::EmailTaken.into(),
            Self::Users(_) => Refusal::UserClaimTaken(UserClaim::TeamsUser).into(),
        }
    }

    /// Does what a row says, and gives the id of its thing.
    #[expect(clippy::too_many_arguments, reason = "an operation over a transaction, and how it is to be done")]
    pub fn carry_out(
        &self,
        tx: &mut StoreConnection,
        actor: &Actor,
        enterprise: Option<&Account>,
        row: &Row,
        on_existing: OnExisting,
        now: Timestamp,
        tools: &Tools,
    ) -> Result<(Status, String), Error> {
        match self {
            Self::Resellers => {
                let command = command(row, |body: CreateReseller| body.command())?;
                let found = accounts::by_email(tx, &actor.scope(), Tier::Reseller, &command.email)?;
                let Some(found) = found else {
                    let created = create::reseller(tx, actor, &command, now, &tools.post)?;
                    return Ok((Status::Created, created.id_text()));
                };
                let same = same_parent(&found, Tier::MasterReseller, command.master_reseller_id.as_deref());
                existing(tx, actor, &found, same, on_existing, now, tools, || {
                    patch(row, "master_reseller_id", |body: PatchReseller| body.command())
                })
            }
            Self::Enterprises => {
                let command = command(row, |body: CreateEnterprise| body.command(&tools.offered))?;
                let found = accounts::by_email(tx, &actor.scope(), Tier::Enterprise, &command.email)?;
                let Some(found) = found else {
                    let created = create::enterprise(tx, actor, &command, now, &tools.post)?;
                    return Ok((Status::Created, created.id_text()));
                };
                let same = same_parent(&found, Tier::Reseller, command.reseller_id.as_deref());
                existing(tx, actor, &found, same, on_existing, now, tools, || {
                    patch(row, "reseller_id", |body: PatchEnterprise| body.command(&tools.offered))
                })
            }
            Self::Users(_) => {
                let account = enterprise.ok_or(Refusal::NotFound)?;
                user(tx, actor, account, row, on_existing, now, tools)
            }
        }
    }
}

fn user(
    tx: &mut StoreConnection,
    actor: &Actor,
    account: &Account,
    row: &Row,
    on_existing: OnExisting,
    now: Timestamp,
    tools: &Tools,
) -> Result<(Status, String), Error> {
    let command = command(row, |body: CreateUser| body.command())?;
    let name = command.change.teams_user.as_ref();
    let found = name.map(|name| users::by_teams_user(tx, account.id, name)).transpose()?.flatten();
    let Some(found) = found else {
        let created = operations::create(tx, actor, account, &command, now, &tools.seal)?;
        return Ok((Status::Created, created.id.to_string()));
    };
    let (id, version) = (found.id.to_string(), found.version);
    match on_existing {
        OnExisting::Fail => Err(Import::Users(String::new()).taken()),
        OnExisting::Skip => Ok((Status::Skipped, id)),
        OnExisting::Update => {
            let change = patch(row, "", |body: PatchUser| body.command())?;
            let changed = operations::update(tx, &actor.changing(), account, found, &change, now, &tools.seal)?;
            Ok((if changed.version == version { Status::Unchanged } else { Status::Updated }, id))
        }
    }
}

/// What is done about a row whose account is there already.
#[expect(clippy::too_many_arguments, reason = "an operation over a transaction, and how it is to be done")]
fn existing(
    tx: &mut StoreConnection,
    actor: &Actor,
    found: &Account,
    same_parent: Result<(), Error>,
    on_existing: OnExisting,
    now: Timestamp,
    tools: &Tools,
    change: impl FnOnce() -> Result<Change, Error>,
) -> Result<(Status, String), Error> {
    if on_existing == OnExisting::Fail {
        return Err(Refusal::EmailTaken.into());
    }
    same_parent?;
    if on_existing == OnExisting::Skip {
        return Ok((Status::Skipped, found.id_text()));
    }
    let actor = actor.changing();
    let account = actor.reach(tx, found.tier, &found.id_text())?;
    let version = account.version;
    let changed = change::update(tx, &actor, account, change()?, now, &tools.post)?;
    Ok((if changed.version == version { Status::Unchanged } else { Status::Updated }, changed.id_text()))
}

/// An import moves nothing.
fn same_parent(found: &Account, tier: Tier, named: Option<&str>) -> Result<(), Error> {
    let parent = found.place().of(tier).map(|id| tier.format_id(id));
    if named.is_none_or(|named| parent.as_deref() == Some(named)) {
        return Ok(());
    }
    let fault =
        Fault::new("other_parent", "The account with this address is below another one. An import moves nothing.");
    Err(Error::validation(vec![value_error(format!("/{}_id", tier.as_str()), fault)]))
}

/// The command of a row, or everything that is wrong with it.
fn command<B: DeserializeOwned, C>(row: &Row, read: impl FnOnce(B) -> Result<C, Error>) -> Result<C, Error> {
    let parsed = body(row.members.clone()).and_then(read);
    if row.faults.is_empty() {
        return parsed;
    }
    let mut faults = row.faults.clone();
    // What was wrong with a cell already is not missing as well; of what is no row, nothing more is said.
    if faults.iter().all(|fault| !fault.pointer.is_empty()) {
        let more = parsed.err().map(|error| error.faults()).unwrap_or_default();
        faults.extend(more.into_iter().filter(|fault| row.faults.iter().all(|known| known.pointer != fault.pointer)));
    }
    Err(Error::validation(faults))
}

/// The change of a row to what is there already; what says where that is stays out of it.
fn patch<B: DeserializeOwned, C>(
    row: &Row,
    parent: &str,
    read: impl FnOnce(B) -> Result<C, Error>,
) -> Result<C, Error> {
    let mut members = row.members.clone();
    members.remove(parent);
    body(members).and_then(read)
}

fn body<B: DeserializeOwned>(members: Map<String, Value>) -> Result<B, Error> {
    let failed = |_| Error::new(ErrorCode::MalformedJson, "The row can't be read.");
    serde_json::from_value(Value::Object(members)).map_err(failed)
}
