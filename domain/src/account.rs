//! Accounts: the tiers of the tree, their life cycle, and where in the tree an account stands (R1, R5, R7).

use crate::delivery::Delivery;
use crate::enterprise::Enterprise;
use crate::id::AccountId;
use crate::refusal::Refusal;
use crate::services::{Service, Services};
use crate::status::{Status, Transition};
use crate::{Timestamp, id};

/// The level of an account in the tree, from the top down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// The operators of the service. There is one account of this tier.
    Platform,
    /// A partner's access into the portal.
    MasterReseller,
    /// The organisation that sells the service.
    Reseller,
    /// The customer that is connected with Teams.
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

    /// The tier of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.as_str() == text)
    }

    /// What people call an account of this tier.
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

    /// The text form of the id of an account of this tier.
    #[must_use]
    pub fn format_id(self, account: AccountId) -> String {
        id::format(self.id_prefix(), account.uuid())
    }

    /// Reads the text form of the id of an account of this tier.
    #[must_use]
    pub fn parse_id(self, text: &str) -> Option<AccountId> {
        id::parse(self.id_prefix(), text).map(AccountId::from_uuid)
    }
}

impl Status {
    /// The status after a transition, or why it can't be made from here.
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

/// An account as it is known to the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its tier.
    pub tier: Tier,
    /// The master reseller above it; itself on a master reseller.
    pub master_reseller_id: Option<AccountId>,
    /// The reseller above it; itself on a reseller.
    pub reseller_id: Option<AccountId>,
    /// Its name.
    pub name: String,
    /// Its address in the given spelling.
    pub email: String,
    /// What it is called in its parent's billing system (R6).
    pub billing_reference: Option<String>,
    /// What it may sell or use (R5).
    pub services: Services,
    /// Its own status, whatever its ancestors'.
    pub status: Status,
    /// Whether all its ancestors are active.
    pub ancestors_active: bool,
    /// Grows by one with every change of the account itself.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When its activation link was redeemed.
    pub activated_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Its latest activation e-mail, if one was written.
    pub activation: Option<Activation>,
    /// What only an enterprise has.
    pub enterprise: Option<Enterprise>,
}

/// How the latest activation e-mail of an account fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// When the mail server took it.
    pub sent_at: Option<Timestamp>,
    /// Until when its link works.
    pub expires_at: Timestamp,
    /// How far it has come.
    pub delivery: Delivery,
}

impl Account {
    /// Whether it and all its ancestors are active (R7).
    #[must_use]
    pub fn operates(&self) -> bool {
        self.status == Status::Active && self.ancestors_active
    }

    /// The accounts that those who sign in to it see: its subtree (R8).
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope::below(self.tier, self.id)
    }

    /// Its id as text.
    #[must_use]
    pub fn id_text(&self) -> String {
        self.tier.format_id(self.id)
    }

    /// Where it stands in the tree.
    #[must_use]
    pub fn ancestry(&self) -> Ancestry {
        Ancestry {
            master_reseller: self.master_reseller_id,
            reseller: self.reseller_id,
            enterprise: (self.tier == Tier::Enterprise).then_some(self.id),
        }
    }
}

/// A place in the tree: the accounts on the way down to an account, and the account itself. The platform's has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ancestry {
    /// The master reseller on the way.
    pub master_reseller: Option<AccountId>,
    /// The reseller on the way.
    pub reseller: Option<AccountId>,
    /// The enterprise at the end of the way.
    pub enterprise: Option<AccountId>,
}

impl Ancestry {
    /// The account of a tier on the way.
    #[must_use]
    pub const fn account_of(&self, tier: Tier) -> Option<AccountId> {
        match tier {
            Tier::Platform => None,
            Tier::MasterReseller => self.master_reseller,
            Tier::Reseller => self.reseller,
            Tier::Enterprise => self.enterprise,
        }
    }

    /// The account at its end, as text; `None` for the platform's.
    #[must_use]
    pub fn account_text(&self) -> Option<String> {
        Tier::ALL.into_iter().rev().find_map(|tier| self.account_of(tier).map(|account| tier.format_id(account)))
    }

    /// Whether it lies in a scope (R8).
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

/// Which accounts a caller sees: everything, or the subtree of one account (R8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Operators see every account.
    Platform,
    /// A master reseller and all below it.
    MasterReseller(AccountId),
    /// A reseller and all below it.
    Reseller(AccountId),
    /// An enterprise.
    Enterprise(AccountId),
}

impl Scope {
    /// The subtree of an account.
    #[must_use]
    pub const fn below(tier: Tier, account: AccountId) -> Self {
        match tier {
            Tier::Platform => Self::Platform,
            Tier::MasterReseller => Self::MasterReseller(account),
            Tier::Reseller => Self::Reseller(account),
            Tier::Enterprise => Self::Enterprise(account),
        }
    }

    /// The tier of the account whose subtree it is.
    #[must_use]
    pub const fn tier(&self) -> Tier {
        match self {
            Self::Platform => Tier::Platform,
            Self::MasterReseller(_) => Tier::MasterReseller,
            Self::Reseller(_) => Tier::Reseller,
            Self::Enterprise(_) => Tier::Enterprise,
        }
    }

    /// The account whose subtree it is; `None` when it is everything.
    #[must_use]
    pub const fn account(&self) -> Option<AccountId> {
        match *self {
            Self::Platform => None,
            Self::MasterReseller(account) | Self::Reseller(account) | Self::Enterprise(account) => Some(account),
        }
    }
}

/// Services that an account asks for must be among its parent's (R5).
pub fn check_offered(asked: Services, parent: Services) -> Result<(), Refusal> {
    let missing: Vec<Service> = asked.beyond(parent).collect();
    if missing.is_empty() { Ok(()) } else { Err(Refusal::ServiceNotOffered { services: missing }) }
}

/// Whether the address of an account may be replaced directly: only until its link is redeemed, because nobody has
/// proved to own it yet.
pub fn check_email_change(status: Status) -> Result<(), Refusal> {
    match status {
        Status::Pending => Ok(()),
        Status::Active | Status::Suspended => Err(Refusal::EmailChangeNeedsConfirmation),
        Status::Closed => Err(Refusal::AccountClosed),
    }
}

/// A closed account never changes again (R7).
pub fn check_open(status: Status) -> Result<(), Refusal> {
    if status == Status::Closed { Err(Refusal::AccountClosed) } else { Ok(()) }
}

/// An activation e-mail is sent again only to those who have not activated yet (R3).
pub fn check_resend(status: Status) -> Result<(), Refusal> {
    match status {
        Status::Pending => Ok(()),
        Status::Closed => Err(Refusal::AccountClosed),
        status => Err(Refusal::WrongStatus { status, transition: Transition::Activate }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r7_the_life_cycle_is_this_table() {
        use Status::{Active, Closed, Pending, Suspended};
        use Transition::{Activate, Close, Resume, Suspend};
        let allowed = [
            (Pending, Activate, Active),
            (Active, Suspend, Suspended),
            (Suspended, Resume, Active),
            (Pending, Close, Closed),
            (Active, Close, Closed),
            (Suspended, Close, Closed),
        ];
        for status in Status::ALL {
            for transition in Transition::ALL {
                let expected = allowed.iter().find(|row| (row.0, row.1) == (status, transition)).map(|row| row.2);
                assert_eq!(status.after(transition).ok(), expected, "{status:?} {transition:?}");
            }
        }
    }

    #[test]
    fn r5_services_come_from_the_parent() {
        let pbx = Services::from_flags(true, false).unwrap();
        assert_eq!(check_offered(pbx, Services::ALL), Ok(()));
        assert_eq!(
            check_offered(Services::ALL, pbx),
            Err(Refusal::ServiceNotOffered { services: vec![Service::Trunk] })
        );
    }

    proptest! {
        #[test]
        fn r7_closing_is_final_whatever_comes_after(steps in prop::collection::vec(0usize..4, 0..20)) {
            let mut status = Status::Pending;
            let mut closed = false;
            for step in steps {
                let transition = Transition::ALL[step];
                if let Ok(next) = status.after(transition) {
                    prop_assert!(!closed, "left closed by {transition:?}");
                    status = next;
                    closed |= next == Status::Closed;
                }
            }
        }
    }
}
