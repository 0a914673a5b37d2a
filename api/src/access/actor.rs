//! Whoever acts, in one transaction, and what it may reach.

use domain::account::{Account, Scope, Tier};
use domain::api_client::Terms;
use domain::authority;
use domain::authority::{Action, Role, Target};
use domain::id::AccountId;
use domain::principal::Principal;
use domain::refusal::Refusal;
use persistence::SignedIn;
use persistence::accounts::Lock;
use persistence::{StoreConnection, accounts};

use super::origin::Origin;
use crate::error::Error;

/// A member or API client at work in one transaction.
#[derive(Debug, Clone)]
pub struct Actor {
    signed_in: SignedIn,
    action: Action,
    origin: Origin,
}

impl Actor {
    /// Somebody who is signed in and asks for an action.
    #[must_use]
    pub fn new(signed_in: SignedIn, action: Action, origin: Origin) -> Self {
        Self { signed_in, action, origin }
    }

    /// Who it is.
    #[must_use]
    pub fn principal(&self) -> Principal {
        self.signed_in.principal
    }

    /// What cursors and idempotency keys are bound to.
    #[must_use]
    pub fn name(&self) -> String {
        self.signed_in.principal.to_string()
    }

    /// What it may do in its account.
    #[must_use]
    pub fn role(&self) -> Role {
        self.signed_in.role
    }

    /// Within what limits it acts, if it is an API client.
    #[must_use]
    pub fn terms(&self) -> Option<&Terms> {
        self.signed_in.terms.as_ref()
    }

    /// The account that it signed in to.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.signed_in.account
    }

    /// The same as it stands in the tree now. A change holds it, so that no other one decides on it at the same time.
    pub fn own_account(&self, tx: &mut StoreConnection) -> Result<Account, Error> {
        if self.action != Action::Read {
            accounts::lock(tx, self.signed_in.account, Lock::Exclusive)?;
        }
        Ok(accounts::by_id(tx, &self.scope(), self.signed_in.tier, self.signed_in.account)?
            .ok_or(Refusal::NotSignedIn)?)
    }

    /// What it asks to do, as the handler's signature says.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// The same, asking to change what is there.
    #[must_use]
    pub fn changing(&self) -> Self {
        Self { action: Action::Change, ..self.clone() }
    }

    /// The tier of the account that it signed in to.
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.signed_in.tier
    }

    /// What it and its request are called in events.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The accounts that it sees (R8).
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope::below(self.signed_in.tier, self.signed_in.account)
    }

    /// Whether it may do what the handler's signature says, to something that is not one account.
    pub fn may(&self, target: Target) -> Result<(), Error> {
        Ok(authority::decide(
            self.signed_in.principal.kind(),
            self.signed_in.tier,
            self.signed_in.role,
            self.action,
            target,
        )?)
    }

    /// The account with this id: not found when it lies outside the subtree, refused when it is seen but not this
    /// member's to act on.
    pub fn load_account(&self, tx: &mut StoreConnection, tier: Tier, id: &str) -> Result<Account, Error> {
        let id = tier.parse_id(id).ok_or(Refusal::NotFound)?;
        let target = if id == self.signed_in.account { Target::OwnAccount } else { Target::AccountBelow };
        self.load_by_id(tx, tier, id, target)
    }

    /// The enterprise with this id, to see or change what it has.
    pub fn load_enterprise(&self, tx: &mut StoreConnection, id: &str) -> Result<Account, Error> {
        self.load_account_for(tx, Tier::Enterprise, id, Target::Telephony)
    }

    /// The enterprise to which something that was asked for by its own id belongs.
    pub fn load_owner(&self, tx: &mut StoreConnection, owner: Option<AccountId>) -> Result<Account, Error> {
        self.load_by_id(tx, Tier::Enterprise, owner.ok_or(Refusal::NotFound)?, Target::Telephony)
    }

    /// Whether it may read how an enterprise's PBXs, trunks and users speak SIP: the enterprise itself only where that is
    /// switched on (R10).
    #[must_use]
    pub fn sees_sip_data(&self, enterprise: &Account) -> bool {
        let switched_on = || enterprise.enterprise.as_ref().is_some_and(|own| own.switches.access_sip_data);
        self.tier() != Tier::Enterprise || switched_on()
    }

    /// The account with this id, for what the target says.
    pub fn load_account_for(
        &self,
        tx: &mut StoreConnection,
        tier: Tier,
        id: &str,
        target: Target,
    ) -> Result<Account, Error> {
        self.load_by_id(tx, tier, tier.parse_id(id).ok_or(Refusal::NotFound)?, target)
    }

    fn load_by_id(
        &self,
        tx: &mut StoreConnection,
        tier: Tier,
        id: AccountId,
        target: Target,
    ) -> Result<Account, Error> {
        let account = accounts::by_id(tx, &self.scope(), tier, id)?.ok_or(Refusal::NotFound)?;
        self.may(target)?;
        // Only who may change it can hold it up for others.
        if self.action != Action::Read && accounts::lock(tx, id, Lock::Exclusive)? {
            return Ok(accounts::by_id(tx, &self.scope(), tier, id)?.ok_or(Refusal::NotFound)?);
        }
        Ok(account)
    }
}
