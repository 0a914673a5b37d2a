//! Creating accounts and sending their activation e-mails.

use std::collections::{BTreeSet, HashSet};

use chrono::TimeDelta;
use domain::Timestamp;
use domain::account::{Account, Activation, Tier, check_offered};
use domain::delivery::Delivery;
use domain::enterprise::{Enterprise, SbcRegionCode, UserLimit};
use domain::fault::Fault;
use domain::id::{AccountId, MessageId};
use domain::limits::ACTIVATION_HOURS;
use domain::refusal::Refusal;
use domain::services::Services;
use domain::status::Status;
use domain::values::email::EmailAddress;
use domain::values::text::{AccountName, BillingReference};
use persistence::accounts::{Lock, NewAccount};
use persistence::activations::NewActivation;
use persistence::outbox::{Caused, NewMessage};
use persistence::{StoreConnection, accounts, activations, outbox};
use serde_json::{Value, json};

use crate::access::Origin;
use crate::app::{Asked, Tools, Tx};
use crate::error::{Error, Result, value_error};
use crate::events::record::{NewEvent, record_all};
use crate::ids::new_id;
use crate::mail::{Letter, Limits, News, Permit, SecretLink};
use crate::security::secret_token::{SecretToken, hash};

/// The data of a new reseller (R4) or enterprise (R10).
#[derive(Debug, Clone)]
pub struct CreateAccount {
    /// Id of the account that it belongs to, as given; `None` if that is the caller's own account.
    pub parent: Option<String>,
    /// Its name.
    pub name: AccountName,
    /// Its e-mail address; for an enterprise, that of its Microsoft Global Administrator.
    pub email: EmailAddress,
    /// Its services.
    pub services: Services,
    /// Its reference in the billing system of its parent.
    pub billing_reference: Option<BillingReference>,
    /// The settings that only enterprises have.
    pub enterprise: Option<Enterprise>,
}

impl CreateAccount {
    /// The tier of the account that it goes below.
    const fn parent_tier(&self) -> Tier {
        if self.enterprise.is_some() { Tier::Reseller } else { Tier::MasterReseller }
    }
}

/// Creates accounts with different e-mail addresses, each below its caller's account or, for callers above that tier, below
/// the one that the command names. What they depend on is loaded once, and what is written goes to each
/// table at once. A command that is refused has written nothing. Fails as a whole if somebody else has claimed one of the
/// addresses at the same moment.
pub fn all(
    tx: &mut StoreConnection,
    tools: &Tools,
    asked: &[Asked<'_, CreateAccount>],
) -> Result<Vec<Result<Account>>> {
    let places: Vec<Result<Option<AccountId>>> = asked.iter().map(place).collect();
    let wanted = asked.iter().zip(&places).filter_map(|(asked, place)| {
        Some((asked.actor.scope(), asked.operation.parent_tier(), (*place.as_ref().ok()?)?))
    });
    let parents = accounts::parents(tx, &wanted.collect::<Vec<_>>(), Lock::Shared)?;
    let mut facts =
        Facts::load(tx, asked.iter().map(|asked| (&asked.operation.email, asked.actor.origin(), asked.now)))?;
    let decided: Vec<Result<New<'_>>> = asked
        .iter()
        .zip(places)
        .map(|(asked, place)| {
            let parent = below(asked, place?.and_then(|id| parents.get(&id)))?;
            facts.decide(tools, new_account(asked, parent), parent.operates(), asked.actor.origin())
        })
        .collect();
    let new: Vec<&New<'_>> = decided.iter().flatten().collect();
    write(tx, &new)?;
    Ok(decided.into_iter().map(|decided| decided.map(|new| new.created)).collect())
}

/// The id of the parent that a command means, if it is one.
fn place(asked: &Asked<'_, CreateAccount>) -> Result<Option<AccountId>> {
    let tier = asked.operation.parent_tier();
    match (asked.actor.tier() == tier, &asked.operation.parent) {
        (false, None) => Err(wrong_parent(tier, "required", format!("Name the {} that it goes below.", tier.noun()))),
        (false, Some(named)) => Ok(tier.parse_id(named)),
        (true, Some(_)) => {
            let detail = "Leave it out: what you create goes below your own account.";
            Err(wrong_parent(tier, "not_allowed", detail.to_owned()))
        }
        (true, None) => Ok(asked.actor.scope().account()),
    }
}

/// Checks that the parent is there, open, and has all services of the new account (R5).
fn below<'a>(asked: &Asked<'_, CreateAccount>, parent: Option<&'a Account>) -> Result<&'a Account> {
    let tier = asked.operation.parent_tier();
    // It was loaded for the whole set, perhaps for somebody else.
    let visible = parent.filter(|parent| parent.tier == tier && parent.ancestry().is_in(asked.actor.scope()));
    let parent =
        visible.ok_or_else(|| wrong_parent(tier, unknown(tier), format!("There is no such {}.", tier.noun())))?;
    if parent.status == Status::Closed {
        return Err(Refusal::ParentClosed.into());
    }
    check_offered(asked.operation.services, parent.services)?;
    Ok(parent)
}

fn wrong_parent(tier: Tier, code: &'static str, detail: String) -> Error {
    Error::validation(vec![value_error(format!("/{}_id", tier.as_str()), Fault::new(code, detail))])
}

fn new_account<'a>(asked: &Asked<'a, CreateAccount>, parent: &Account) -> NewAccount<'a> {
    let CreateAccount { parent: _, name, email, services, billing_reference, enterprise } = asked.operation;
    let id = new_id(asked.now);
    let (tier, master_reseller_id, reseller_id) = match enterprise {
        None => (Tier::Reseller, Some(parent.id), Some(id)),
        Some(_) => (Tier::Enterprise, parent.master_reseller_id, Some(parent.id)),
    };
    NewAccount {
        id,
        tier,
        master_reseller_id,
        reseller_id,
        name: name.as_str(),
        email,
        billing_reference: billing_reference.as_ref().map(BillingReference::as_str),
        services: *services,
        enterprise: enterprise.as_ref(),
        now: asked.now,
    }
}

const fn unknown(tier: Tier) -> &'static str {
    match tier {
        Tier::Reseller => "unknown_reseller",
        Tier::Platform | Tier::MasterReseller | Tier::Enterprise => "unknown_master_reseller",
    }
}

/// What has to be known about the new accounts of a set.
struct Facts {
    /// E-mail addresses that somebody has.
    taken: HashSet<String>,
    /// How many e-mails may be sent.
    limits: Limits,
}

impl Facts {
    fn load<'a>(
        tx: &mut StoreConnection,
        new: impl Iterator<Item = (&'a EmailAddress, &'a Origin, Timestamp)>,
    ) -> Result<Self> {
        let (mut emails, mut hashes, mut senders) = (Vec::new(), Vec::new(), BTreeSet::new());
        let mut now = Timestamp::default();
        for (email, origin, at) in new {
            emails.push(email.canonical());
            if origin.is_limited() {
                hashes.push(hash(email.canonical()));
                senders.extend(origin.account);
            }
            now = at;
        }
        let hashes: Vec<&[u8]> = hashes.iter().map(Vec::as_slice).collect();
        Ok(Self { taken: accounts::taken_emails(tx, &emails)?, limits: Limits::load(tx, &hashes, &senders, now)? })
    }

    /// Decides on a new account. Refused if its e-mail address is taken (R1) or gets too many e-mails.
    fn decide<'a>(
        &mut self,
        tools: &Tools,
        account: NewAccount<'a>,
        parent_operates: bool,
        origin: &'a Origin,
    ) -> Result<New<'a>> {
        let NewAccount { id, tier, name, email, now, .. } = account;
        if self.taken.contains(email.canonical()) {
            return Err(Refusal::EmailTaken.into());
        }
        let recipient_hash = origin.is_limited().then(|| hash(email.canonical()));
        let permit = match &recipient_hash {
            Some(recipient) => self.limits.pass(recipient, origin.account, now)?,
            None => Permit { due_at: now, sender: None },
        };
        let (link, letter) = Link::new(tier, name, email, now);
        let payload = tools.outbox.seal(link.message, &letter)?;
        let activation = Activation { sent_at: None, expires_at: link.expires_at, delivery: Delivery::Queued };
        let created = account.pending(parent_operates, activation);
        let event = NewEvent::to_account(&created, "created", Value::Null, fields(&created));
        Ok(New { id, account, link, payload, recipient_hash, permit, created, event, origin })
    }
}

/// A new account that was decided on, and all that is written for it.
struct New<'a> {
    id: AccountId,
    account: NewAccount<'a>,
    link: Link,
    payload: Vec<u8>,
    recipient_hash: Option<Vec<u8>>,
    permit: Permit,
    created: Account,
    event: NewEvent,
    origin: &'a Origin,
}

impl New<'_> {
    fn message(&self) -> NewMessage<'_> {
        let Permit { due_at, sender } = self.permit;
        let caused = self.recipient_hash.as_deref().map(|recipient_hash| Caused { recipient_hash, sender });
        let (id, now) = (self.link.message, self.account.now);
        NewMessage { id, account: self.id, payload: &self.payload, due_at, caused, now }
    }
}

fn write(tx: &mut StoreConnection, new: &[&New<'_>]) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let rows: Vec<NewAccount<'_>> = new.iter().map(|new| new.account.clone()).collect();
    if !accounts::insert_all(tx, &rows, Status::Pending)? {
        return Err(persistence::Error::Conflict.into());
    }
    outbox::enqueue_all(tx, &new.iter().map(|new| new.message()).collect::<Vec<_>>())?;
    let links: Vec<_> = new.iter().map(|new| new.link.stored(new.id, new.account.now)).collect();
    activations::insert_all(tx, &links)?;
    let events: Vec<_> = new.iter().map(|new| (new.origin, &new.event, new.account.now)).collect();
    record_all(tx, &events)
}

/// Creates a pending master reseller and queues its activation e-mail. Refused if another open account has the e-mail
/// address.
pub fn master_reseller(tx: &mut Tx<'_>, account: NewAccount<'_>) -> Result<Account> {
    let (origin, now, tools) = (tx.origin, tx.now, tx.tools());
    let mut facts = Facts::load(tx, std::iter::once((account.email, origin, now)))?;
    let new = facts.decide(tools, account, true, origin)?;
    write(tx, &[&new])?;
    tx.note_change(&new.created.ancestry());
    Ok(new.created)
}

/// Queues a new activation e-mail for an account. Earlier links stop working, and earlier e-mails that are not sent yet
/// are withdrawn (R3).
pub fn write_again(tx: &mut Tx<'_>, account: &Account, email: &EmailAddress) -> Result<()> {
    let now = tx.now;
    let (link, letter) = Link::new(account.tier, &account.name, email, now);
    tx.send_limited_as(link.message, account.id, &letter)?;
    Ok(activations::replace(tx, &link.stored(account.id, now))?)
}

struct Link {
    message: MessageId,
    token_hash: Vec<u8>,
    expires_at: Timestamp,
}

impl Link {
    /// A new link, and the letter that contains it.
    fn new(tier: Tier, name: &str, email: &EmailAddress, now: Timestamp) -> (Self, Letter) {
        let token = SecretToken::generate_at(now);
        let expires_at = now + TimeDelta::hours(ACTIVATION_HOURS);
        let link = SecretLink { token: token.expose().to_owned(), expires_at };
        let letter = Letter::new(email, name, News::Activation { account_kind: tier.noun().to_owned(), link });
        (Self { message: new_id(now), token_hash: token.hash_by_age(), expires_at }, letter)
    }

    fn stored(&self, account: AccountId, now: Timestamp) -> NewActivation<'_> {
        NewActivation { account, token_hash: &self.token_hash, message: self.message, now, expires_at: self.expires_at }
    }
}

/// The fields of an account as events show them.
pub fn fields(account: &Account) -> Value {
    let services: Vec<_> = account.services.iter().map(domain::services::Service::as_str).collect();
    let mut members = json!({
        "name": account.name,
        "email": account.email.given(),
        "services": services,
        "billing_reference": account.billing_reference,
        "status": account.status.as_str(),
    });
    if let (Some(enterprise), Some(members)) = (&account.enterprise, members.as_object_mut()) {
        let Enterprise { country, sbc_regions, user_limit, switches } = enterprise;
        let regions: Vec<_> = sbc_regions.iter().map(SbcRegionCode::as_str).collect();
        members.insert("country".to_owned(), json!(country.as_str()));
        members.insert("sbc_regions".to_owned(), json!(regions));
        members.insert("user_limit".to_owned(), json!(user_limit.map(UserLimit::get)));
        members.insert("pbx_music_on_hold".to_owned(), json!(switches.pbx_music_on_hold));
        members.insert("access_sip_data".to_owned(), json!(switches.access_sip_data));
        members.insert("request_management_consent".to_owned(), json!(switches.request_management_consent));
        members.insert("can_add_extensions".to_owned(), json!(switches.can_add_extensions));
        members.insert("allow_external_numbers".to_owned(), json!(switches.allow_external_numbers));
    }
    members
}
