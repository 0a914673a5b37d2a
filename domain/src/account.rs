//! Accounts: their tiers, their life cycle and their place in the account tree (R1, R5, R7).

use crate::delivery::Delivery;
use crate::enterprise::Enterprise;
use crate::id::AccountId;
use crate::refusal::Refusal;
use crate::services::{Service, Services};
use crate::status::{Status, Transition};
use crate::values::email::EmailAddress;
use crate::{Timestamp, id};

/// The tier of an account: its level in the account tree, from the top down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// The operators of the service. There is exactly one account of this tier.
    Platform,
    /// A partner who manages resellers in the portal.
    MasterReseller,
    /// An organisation that sells the service to enterprises.
    Reseller,
    /// A customer whose phone system is connected with Teams.
    Enterprise,
}

impl Tier {
    /// Every tier, from the top down.
    pub const ALL: [Self; 4] = [Self::Platform, Self::MasterReseller, Self::Reseller, Self::Enterprise];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::MasterReseller => "master_reseller",
            Self::Reseller => "reseller",
            Self::Enterprise => "enterprise",
        }
    }

    /// The tier with this name; `None` if there is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.as_str() == text)
    }

    /// What an account of this tier is called in messages.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::MasterReseller => "master reseller",
            Self::Reseller => "reseller",
            Self::Enterprise => "enterprise",
        }
    }

    /// The type prefix of the ids of accounts of this tier (W1).
    #[must_use]
    pub const fn id_prefix(self) -> &'static str {
        self.as_str()
    }

    /// Formats the id of an account of this tier.
    #[must_use]
    pub fn format_id(self, account: AccountId) -> String {
        id::format(self.id_prefix(), account.uuid())
    }

    /// Parses the id of an account of this tier; `None` if the text is not such an id.
    #[must_use]
    pub fn parse_id(self, text: &str) -> Option<AccountId> {
        id::parse(self.id_prefix(), text).map(AccountId::from_uuid)
    }
}

impl Status {
    /// The status after a transition. Fails if the life cycle does not allow it from this status (R7).
    pub fn after(self, transition: Transition) -> Result<Self, Refusal> {
        match (self, transition) {
            (Self::Pending, Transition::Activate) | (Self::Suspended, Transition::Resume) => Ok(Self::Active),
            (Self::Active, Transition::Suspend) => Ok(Self::Suspended),
            (Self::Pending | Self::Active | Self::Suspended, Transition::Close) => Ok(Self::Closed),
            (Self::Closed, _) => Err(Refusal::AccountClosed),
            (status, transition) => Err(Refusal::WrongStatus { status, transition }),
        }
    }
}

/// An account as the rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its tier.
    pub tier: Tier,
    /// The master reseller above it; for a master reseller, its own id.
    pub master_reseller_id: Option<AccountId>,
    /// The reseller above it; for a reseller, its own id.
    pub reseller_id: Option<AccountId>,
    /// Its name.
    pub name: String,
    /// Its e-mail address, as it was entered.
    pub email: EmailAddress,
    /// Its identifier in the billing system of its parent (R6).
    pub billing_reference: Option<String>,
    /// The services that it may sell or use (R5).
    pub services: Services,
    /// Its own status, regardless of its ancestors.
    pub status: Status,
    /// Whether all its ancestors are active.
    pub ancestors_active: bool,
    /// Increases by one with every change of the account itself.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When its activation link was used; `None` while it is pending.
    pub activated_at: Option<Timestamp>,
    /// When it was closed; `None` while it is open.
    pub closed_at: Option<Timestamp>,
    /// Its latest activation e-mail, if there was one.
    pub activation: Option<Activation>,
    /// The settings that only enterprises have; `None` for other tiers.
    pub enterprise: Option<Enterprise>,
}

/// The latest activation e-mail of an account and its delivery status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// When the mail server accepted it.
    pub sent_at: Option<Timestamp>,
    /// When its link expires.
    pub expires_at: Timestamp,
    /// Its delivery status.
    pub delivery: Delivery,
}

impl Account {
    /// Whether it and all its ancestors are active (R7).
    #[must_use]
    pub fn operates(&self) -> bool {
        self.status == Status::Active && self.ancestors_active
    }

    /// The scope of its members and API clients: the account's subtree (R8).
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope::below(self.tier, self.id)
    }

    /// Its id as text.
    #[must_use]
    pub fn id_text(&self) -> String {
        self.tier.format_id(self.id)
    }

    /// Its place in the account tree.
    #[must_use]
    pub fn ancestry(&self) -> Ancestry {
        Ancestry {
            master_reseller: self.master_reseller_id,
            reseller: self.reseller_id,
            enterprise: (self.tier == Tier::Enterprise).then_some(self.id),
        }
    }
}

/// A place in the account tree: the accounts on the path from the top to an account, including the account itself.
/// Empty for the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ancestry {
    /// The master reseller on the path.
    pub master_reseller: Option<AccountId>,
    /// The reseller on the path.
    pub reseller: Option<AccountId>,
    /// The enterprise at the end of the path.
    pub enterprise: Option<AccountId>,
}

impl Ancestry {
    /// The account of this tier on the path, if there is one.
    #[must_use]
    pub const fn account_of(&self, tier: Tier) -> Option<AccountId> {
        match tier {
            Tier::Platform => None,
            Tier::MasterReseller => self.master_reseller,
            Tier::Reseller => self.reseller,
            Tier::Enterprise => self.enterprise,
        }
    }

    /// The id of the account at the end of the path, as text; `None` for the platform.
    #[must_use]
    pub fn account_text(&self) -> Option<String> {
        Tier::ALL.into_iter().rev().find_map(|tier| self.account_of(tier).map(|account| tier.format_id(account)))
    }

    /// The account at the end of the path; `None` for the platform.
    #[must_use]
    pub const fn account(&self) -> Option<AccountId> {
        match (self.enterprise, self.reseller) {
            (Some(account), _) | (None, Some(account)) => Some(account),
            (None, None) => self.master_reseller,
        }
    }

    /// Whether this place is in a scope (R8).
    #[must_use]
    pub fn is_in(&self, scope: Scope) -> bool {
        match scope {
            Scope::Platform => true,
            Scope::MasterReseller(account) => self.master_reseller == Some(account),
            Scope::Reseller(account) => self.reseller == Some(account),
            Scope::Enterprise(account) => self.enterprise == Some(account),
        }
    }
}

/// Which accounts a caller sees: all of them, or the subtree of one account (R8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All accounts, for operators.
    Platform,
    /// A master reseller and all accounts below it.
    MasterReseller(AccountId),
    /// A reseller and all accounts below it.
    Reseller(AccountId),
    /// One enterprise.
    Enterprise(AccountId),
}

impl Scope {
    /// The subtree of an account, including the account itself.
    #[must_use]
    pub const fn below(tier: Tier, account: AccountId) -> Self {
        match tier {
            Tier::Platform => Self::Platform,
            Tier::MasterReseller => Self::MasterReseller(account),
            Tier::Reseller => Self::Reseller(account),
            Tier::Enterprise => Self::Enterprise(account),
        }
    }

    /// The tier of the account at the top of the scope.
    #[must_use]
    pub const fn tier(&self) -> Tier {
        match self {
            Self::Platform => Tier::Platform,
            Self::MasterReseller(_) => Tier::MasterReseller,
            Self::Reseller(_) => Tier::Reseller,
            Self::Enterprise(_) => Tier::Enterprise,
        }
    }

    /// The account at the top of the scope; `None` for [`Scope::Platform`].
    #[must_use]
    pub const fn account(&self) -> Option<AccountId> {
        match *self {
            Self::Platform => None,
            Self::MasterReseller(account) | Self::Reseller(account) | Self::Enterprise(account) => Some(account),
        }
    }
}

/// Checks that the parent has all services that an account is to get (R5).
pub fn check_offered(asked: Services, parent: Services) -> Result<(), Refusal> {
    let missing: Vec<Service> = asked.beyond(parent).collect();
    if missing.is_empty() { Ok(()) } else { Err(Refusal::ServiceNotOffered { services: missing }) }
}

/// Checks that the e-mail address of an account may be replaced without confirmation. That is only allowed while the
/// account is pending, because until then nobody has proved to own the address.
pub fn check_email_change(status: Status) -> Result<(), Refusal> {
    match status {
        Status::Pending => Ok(()),
        Status::Active | Status::Suspended => Err(Refusal::EmailChangeNeedsConfirmation),
        Status::Closed => Err(Refusal::AccountClosed),
    }
}

/// Checks that an account is not closed: a closed account never changes again (R7).
pub fn check_open(status: Status) -> Result<(), Refusal> {
    if status == Status::Closed { Err(Refusal::AccountClosed) } else { Ok(()) }
}

/// Checks that an activation e-mail may be sent again: only while the account is pending (R3).
pub fn check_resend(status: Status) -> Result<(), Refusal> {
    match status {
        Status::Pending => Ok(()),
        Status::Closed => Err(Refusal::AccountClosed),
        status => Err(Refusal::WrongStatus { status, transition: Transition::Activate }),
    }
}

#[cfg(test)]
pub(crate) mod tests;
