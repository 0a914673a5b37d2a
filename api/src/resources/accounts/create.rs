//! Creating accounts and sending their activation e-mails.

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
use persistence::{StoreConnection, accounts, activations, outbox};
use serde_json::{Value, json};

use crate::access::Actor;
use crate::app::Tx;
use crate::error::{Error, Result, value_error};
use crate::events::record::{NewEvent, record};
use crate::ids::new_id;
use crate::mail::{Letter, News, SecretLink};
use crate::security::secret_token::SecretToken;

/// The data of a new reseller (R4).
#[derive(Debug, Clone)]
pub struct CreateReseller {
    /// Id of the master reseller that it belongs to, as given; `None` if it is the caller's own account.
    pub master_reseller_id: Option<String>,
    /// Its name.
    pub name: AccountName,
    /// Its e-mail address.
    pub email: EmailAddress,
    /// Its services.
    pub services: Services,
    /// Its reference in the master reseller's billing system.
    pub billing_reference: BillingReference,
}

/// Creates a reseller below the caller's account or, if the caller is staff, below the master reseller that the command
/// names.
pub fn reseller(tx: &mut Tx<'_>, actor: &Actor, command: &CreateReseller) -> Result<Account> {
    let now = tx.now;
    let CreateReseller { master_reseller_id, name, email, services, billing_reference } = command;
    let parent = parent(tx, actor, Tier::MasterReseller, master_reseller_id.as_deref(), *services)?;
    let id = new_id(now);
    let account = NewAccount {
        id,
        tier: Tier::Reseller,
        master_reseller_id: Some(parent.id),
        reseller_id: Some(id),
        name: name.as_str(),
        email,
        billing_reference: Some(billing_reference.as_str()),
        services: *services,
        enterprise: None,
        now,
    };
    create(tx, &account, Some(&parent))
}

/// The data of a new enterprise (R10).
#[derive(Debug, Clone)]
pub struct CreateEnterprise {
    /// Id of the reseller that it belongs to, as given; `None` if it is the caller's own account.
    pub reseller_id: Option<String>,
    /// Its name.
    pub name: AccountName,
    /// E-mail address of its Microsoft Global Administrator.
    pub email: EmailAddress,
    /// Its services.
    pub services: Services,
    /// Its reference in the reseller's billing system.
    pub billing_reference: Option<BillingReference>,
    /// The settings that only enterprises have.
    pub enterprise: Enterprise,
}

/// Creates an enterprise below the caller's account or, if the caller is above resellers, below the reseller that the
/// command names.
pub fn enterprise(tx: &mut Tx<'_>, actor: &Actor, command: &CreateEnterprise) -> Result<Account> {
    let now = tx.now;
    let CreateEnterprise { reseller_id, name, email, services, billing_reference, enterprise } = command;
    let parent = parent(tx, actor, Tier::Reseller, reseller_id.as_deref(), *services)?;
    let account = NewAccount {
        id: new_id(now),
        tier: Tier::Enterprise,
        master_reseller_id: parent.master_reseller_id,
        reseller_id: Some(parent.id),
        name: name.as_str(),
        email,
        billing_reference: billing_reference.as_ref().map(BillingReference::as_str),
        services: *services,
        enterprise: Some(enterprise),
        now,
    };
    create(tx, &account, Some(&parent))
}

/// Loads and locks the parent of a new account: the caller's own account or, for callers above that tier, the named
/// one. Checks that it is open and has all `services` (R5).
fn parent(
    tx: &mut StoreConnection,
    actor: &Actor,
    tier: Tier,
    named: Option<&str>,
    services: Services,
) -> Result<Account> {
    let noun = tier.noun();
    let wrong = |code, detail: String| {
        let pointer = format!("/{}_id", tier.as_str());
        Error::validation(vec![value_error(pointer, Fault::new(code, detail))])
    };
    let id = match (actor.tier() == tier, named) {
        (false, None) => return Err(wrong("required", format!("Name the {noun} that it goes below."))),
        (false, Some(named)) => tier.parse_id(named),
        (true, Some(_)) => {
            return Err(wrong("not_allowed", "Leave it out: what you create goes below your own account.".to_owned()));
        }
        (true, None) => actor.scope().account(),
    };
    let find = |tx: &mut _| id.map_or(Ok(None), |id| accounts::by_id(tx, &actor.scope(), tier, id));
    let mut found = find(tx)?;
    if let Some(parent) = &found
        && accounts::lock(tx, parent.id, Lock::Shared)?
    {
        found = find(tx)?;
    }
    let parent = found.ok_or_else(|| wrong(unknown(tier), format!("There is no such {noun}.")))?;
    if parent.status == Status::Closed {
        return Err(Refusal::ParentClosed.into());
    }
    check_offered(services, parent.services)?;
    Ok(parent)
}

const fn unknown(tier: Tier) -> &'static str {
    match tier {
        Tier::Reseller => "unknown_reseller",
        Tier::Platform | Tier::MasterReseller | Tier::Enterprise => "unknown_master_reseller",
    }
}

/// Creates a pending account and queues its activation e-mail. `parent` is `None` for a master reseller. Refused if
/// another open account has the e-mail address.
pub fn create(tx: &mut Tx<'_>, account: &NewAccount<'_>, parent: Option<&Account>) -> Result<Account> {
    if !accounts::insert(tx, account)? {
        return Err(Refusal::EmailTaken.into());
    }
    let link = Link::write(tx, account.id, account.tier, account.name, account.email)?;
    activations::insert(tx, &link.stored(account.id, account.now))?;
    let activation = Activation { sent_at: None, expires_at: link.expires_at, delivery: Delivery::Queued };
    let created = account.pending(parent.is_none_or(Account::operates), activation);
    record(tx, &NewEvent::to_account(&created, "created", Value::Null, fields(&created)))?;
    Ok(created)
}

/// Queues a new activation e-mail for an account. Earlier links stop working, and earlier e-mails that are not sent yet
/// are withdrawn (R3).
pub fn write_again(tx: &mut Tx<'_>, account: &Account, email: &EmailAddress) -> Result<()> {
    let now = tx.now;
    let link = Link::write(tx, account.id, account.tier, &account.name, email)?;
    activations::replace(tx, &link.stored(account.id, now))?;
    Ok(outbox::withdraw(tx, account.id, link.message)?)
}

struct Link {
    message: MessageId,
    token_hash: Vec<u8>,
    expires_at: Timestamp,
}

impl Link {
    fn write(tx: &mut Tx<'_>, account: AccountId, tier: Tier, name: &str, email: &EmailAddress) -> Result<Self> {
        let token = SecretToken::generate_at(tx.now);
        let expires_at = tx.now + TimeDelta::hours(ACTIVATION_HOURS);
        let link = SecretLink { token: token.expose().to_owned(), expires_at };
        let news = News::Activation { account_kind: tier.noun().to_owned(), link };
        let message = tx.send_limited(account, &Letter::new(email, name, news))?;
        Ok(Self { message, token_hash: token.hash_by_age(), expires_at })
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
