//! The actor of a transaction, and what it may reach.

use domain::account::{Account, Scope, Tier};
use domain::api_client::Terms;
use domain::authority::{self, Action, Role, Target};
use domain::id::{AccountId, MemberId};
use domain::principal::Principal;
use domain::refusal::Refusal;
use persistence::accounts::Lock;
use persistence::{Known, SignedIn, StoreConnection, accounts};

use super::origin::Origin;
use crate::error::Result;

/// The signed-in member or API client of a request, as one transaction sees it.
#[derive(Debug, Clone)]
pub struct Actor {
    signed_in: SignedIn,
    action: Action,
    origin: Origin,
}

impl Actor {
    /// Creates the actor for a signed-in caller that asks for an action.
    #[must_use]
    pub fn new(signed_in: SignedIn, action: Action, origin: Origin) -> Self {
        Self { signed_in, action, origin }
    }

    /// The member or API client.
    #[must_use]
    pub fn principal(&self) -> Principal {
        self.signed_in.principal
    }

    /// The member; `None` for an API client.
    #[must_use]
    pub fn member(&self) -> Option<MemberId> {
        match self.signed_in.principal {
            Principal::Member(id) => Some(id),
            Principal::Client(_) => None,
        }
    }

    /// The actor's name, to which cursors and idempotency keys are bound.
    #[must_use]
    pub fn name(&self) -> String {
        self.signed_in.principal.to_string()
    }

    /// Its role in its account.
    #[must_use]
    pub fn role(&self) -> Role {
        self.signed_in.role
    }

    /// The restrictions of an API client; `None` for a member.
    #[must_use]
    pub fn terms(&self) -> Option<&Terms> {
        self.signed_in.terms.as_ref()
    }

    /// The id of the account that it signed in to.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.signed_in.account
    }

    /// Loads the account that it signed in to. For a change, the account is locked, so that concurrent changes wait.
    pub fn own_account(&self, tx: &mut StoreConnection) -> Result<Account> {
        if self.action != Action::Read {
            accounts::lock(tx, self.signed_in.account, Lock::Exclusive)?;
        }
        Ok(accounts::by_id(tx, &self.scope(), self.signed_in.tier, self.signed_in.account)?
            .ok_or(Refusal::NotSignedIn)?)
    }

    /// The requested action, which the handler's signature declares.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// A copy of this actor that asks to change something.
    #[must_use]
    pub fn changing(&self) -> Self {
        Self { action: Action::Change, ..self.clone() }
    }

    /// The tier of the account that it signed in to.
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.signed_in.tier
    }

    /// The actor and request as events record them.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The accounts that it can see (R8).
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope::below(self.signed_in.tier, self.signed_in.account)
    }

    /// Checks that it may take its action on a target that is not a single account.
    pub fn may(&self, target: Target) -> Result<()> {
        Ok(authority::decide(
            self.signed_in.principal.kind(),
            self.signed_in.tier,
            self.signed_in.role,
            self.action,
            target,
        )?)
    }

    /// Loads the account with this id. Fails with `not_found` if it lies outside the actor's subtree, and with
    /// `forbidden` if the actor can see it but may not take the action on it.
    pub fn load_account(&self, tx: &mut StoreConnection, tier: Tier, id: &str) -> Result<Account> {
        let id = tier.parse_id(id).ok_or(Refusal::NotFound)?;
        self.load_by_id(tx, tier, id, self.target(id))
    }

    /// Like [`Self::load_account`], for reading an account that may be known on this snapshot.
    pub fn load_known_account(&self, tx: &mut StoreConnection, known: &Known, tier: Tier, id: &str) -> Result<Account> {
        let id = tier.parse_id(id).ok_or(Refusal::NotFound)?;
        let account = accounts::known_by_id(tx, known, &self.scope(), tier, id)?.ok_or(Refusal::NotFound)?;
        self.may(self.target(id))?;
        Ok(account)
    }

    fn target(&self, id: AccountId) -> Target {
        if id == self.signed_in.account { Target::OwnAccount } else { Target::AccountBelow }
    }

    /// Loads the enterprise with this id, to read or change its routes, PBXs, trunks or users.
    pub fn load_enterprise(&self, tx: &mut StoreConnection, id: &str) -> Result<Account> {
        self.load_account_for(tx, Tier::Enterprise, id, Target::Telephony)
    }

    /// Loads the enterprise that owns a PBX, trunk or user. `None` means that the object does not exist.
    pub fn load_owner(&self, tx: &mut StoreConnection, owner: Option<AccountId>) -> Result<Account> {
        self.load_by_id(tx, Tier::Enterprise, owner.ok_or(Refusal::NotFound)?, Target::Telephony)
    }

    /// Whether it may read the SIP data of an enterprise's PBXs, trunks and users. The enterprise itself may only if
    /// `access_sip_data` is on (R10).
    #[must_use]
    pub fn sees_sip_data(&self, enterprise: &Account) -> bool {
        let switched_on = || enterprise.enterprise.as_ref().is_some_and(|own| own.switches.access_sip_data);
        self.tier() != Tier::Enterprise || switched_on()
    }

    /// Loads the account with this id and checks that the actor may take its action on the target.
    pub fn load_account_for(&self, tx: &mut StoreConnection, tier: Tier, id: &str, target: Target) -> Result<Account> {
        self.load_by_id(tx, tier, tier.parse_id(id).ok_or(Refusal::NotFound)?, target)
    }

    fn load_by_id(&self, tx: &mut StoreConnection, tier: Tier, id: AccountId, target: Target) -> Result<Account> {
        let account = accounts::by_id(tx, &self.scope(), tier, id)?.ok_or(Refusal::NotFound)?;
        self.may(target)?;
        // Readers take no lock, so that they can't block others.
        if self.action != Action::Read && accounts::lock(tx, id, Lock::Exclusive)? {
            return Ok(accounts::by_id(tx, &self.scope(), tier, id)?.ok_or(Refusal::NotFound)?);
        }
        Ok(account)
    }
}
