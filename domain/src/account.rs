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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
pub(crate) mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    /// The active account of a tier on the path from the platform, 0, to the enterprise, 3.
    pub(crate) fn account(tier: Tier) -> Account {
        let of = |other: Tier| AccountId::from_uuid(Uuid::from_u128(other as u128));
        Account {
            id: of(tier),
            tier,
            master_reseller_id: (tier >= Tier::MasterReseller).then_some(of(Tier::MasterReseller)),
            reseller_id: (tier >= Tier::Reseller).then_some(of(Tier::Reseller)),
            name: "Contoso".to_owned(),
            email: EmailAddress::from_stored("ann@contoso.example".to_owned()),
            billing_reference: None,
            services: Services::ALL,
            status: Status::Active,
            ancestors_active: true,
            version: 1,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            activated_at: Some(Timestamp::default()),
            closed_at: None,
            activation: None,
            enterprise: None,
        }
    }

    #[test]
    fn a_tier_has_a_name_for_programs_and_one_for_people() {
        let names = ["platform", "master_reseller", "reseller", "enterprise"];
        assert_eq!(Tier::ALL.map(Tier::as_str), names);
        assert_eq!(names.map(Tier::parse), Tier::ALL.map(Some));
        assert_eq!(["", "Reseller", "master reseller"].map(Tier::parse), [None; 3]);
        assert_eq!(Tier::ALL.map(Tier::noun), ["platform", "master reseller", "reseller", "enterprise"]);
    }

    #[test]
    fn w1_the_id_of_an_account_tells_its_tier() {
        let texts = [
            "platform_01h455vb4pex5vsknk084sn02q",
            "master_reseller_01h455vb4pex5vsknk084sn02q",
            "reseller_01h455vb4pex5vsknk084sn02q",
            "enterprise_01h455vb4pex5vsknk084sn02q",
        ];
        for (tier, text) in Tier::ALL.into_iter().zip(texts) {
            let read = Tier::ALL.map(|other| other.parse_id(text).map(|id| other.format_id(id)));
            assert_eq!(read, Tier::ALL.map(|other| (other == tier).then(|| text.to_owned())), "{text}");
        }
    }

    #[test]
    fn r7_an_account_operates_while_it_and_all_above_it_are_active() {
        for status in Status::ALL {
            for ancestors_active in [true, false] {
                let account = Account { status, ancestors_active, ..account(Tier::Reseller) };
                let expected = status == Status::Active && ancestors_active;
                assert_eq!(account.operates(), expected, "{status:?} {ancestors_active}");
            }
        }
    }

    #[test]
    fn r8_an_account_lies_in_the_subtrees_of_all_on_its_path_and_in_no_other() {
        let path = [Tier::MasterReseller, Tier::Reseller, Tier::Enterprise];
        for (tier, above, id) in [
            (Tier::Platform, [false, false, false], None),
            (Tier::MasterReseller, [true, false, false], Some("master_reseller_00000000000000000000000001")),
            (Tier::Reseller, [true, true, false], Some("reseller_00000000000000000000000002")),
            (Tier::Enterprise, [true, true, true], Some("enterprise_00000000000000000000000003")),
        ] {
            let account = account(tier);
            let place = account.ancestry();
            let expected = path.map(|other| above[other as usize - 1].then_some(tests::account(other).id));
            assert_eq!(path.map(|other| place.account_of(other)), expected, "{tier:?}");
            assert_eq!(place.account_of(Tier::Platform), None, "the platform is on no path");
            // The last on the path, and the top of the subtree, is the account itself.
            assert_eq!(place.account_text().as_deref(), id);
            assert!(id.is_none_or(|id| account.id_text() == id), "{tier:?}");
            assert_eq!(place.account(), id.map(|_| account.id));
            assert_eq!(account.scope().account(), place.account());
            for other in Tier::ALL {
                assert_eq!(place.is_in(tests::account(other).scope()), other <= tier, "{tier:?} {other:?}");
                let stranger = AccountId::from_uuid(Uuid::from_u128(9));
                assert_eq!(place.is_in(Scope::below(other, stranger)), other == Tier::Platform, "{tier:?} {other:?}");
            }
        }
    }

    #[test]
    fn r7_each_status_allows_its_own_changes() {
        use Status::{Active, Closed, Pending, Suspended};
        let not_pending = |status| Err(Refusal::WrongStatus { status, transition: Transition::Activate });
        let unconfirmed = || Err(Refusal::EmailChangeNeedsConfirmation);
        let closed = || Err(Refusal::AccountClosed);
        for (status, change, resend_activation, replace_email) in [
            (Pending, Ok(()), Ok(()), Ok(())),
            (Active, Ok(()), not_pending(Active), unconfirmed()),
            (Suspended, Ok(()), not_pending(Suspended), unconfirmed()),
            (Closed, closed(), closed(), closed()),
        ] {
            assert_eq!(check_open(status), change, "{status:?}");
            assert_eq!(check_resend(status), resend_activation, "{status:?}");
            assert_eq!(check_email_change(status), replace_email, "{status:?}");
        }
    }

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
