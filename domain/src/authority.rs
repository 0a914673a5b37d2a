//! Authorisation: one pure function of kind, tier, role, action and target (R8, R9).
//!
//! Visibility is not decided here: objects outside the caller's subtree are never loaded, so they never become a
//! target. This module decides whether a caller may act on an object that it can see.

use crate::account::Tier;
use crate::principal::Kind;
use crate::refusal::Refusal;

/// The role of a member or API client in its account (R9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// May do everything, including managing members and API clients.
    Owner,
    /// Reads, creates and changes.
    Provisioner,
    /// Reads, and reads billing reports.
    Billing,
    /// Only reads.
    Viewer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Provisioner, Self::Billing, Self::Viewer];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Provisioner => "provisioner",
            Self::Billing => "billing",
            Self::Viewer => "viewer",
        }
    }

    /// The role with this name; `None` if there is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// Whether it may do everything that the other role may.
    #[must_use]
    pub const fn includes(self, other: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Provisioner => matches!(other, Self::Provisioner | Self::Viewer),
            Self::Billing => matches!(other, Self::Billing | Self::Viewer),
            Self::Viewer => matches!(other, Self::Viewer),
        }
    }

    const fn bills(self) -> bool {
        matches!(self, Self::Owner | Self::Billing)
    }

    const fn provisions(self) -> bool {
        matches!(self, Self::Owner | Self::Provisioner)
    }
}

/// What the caller wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Read the target.
    Read,
    /// Create a new one.
    Create,
    /// Change its fields or its status, resend its activation e-mail, or close it.
    Change,
}

/// What an action is applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// The caller itself: its profile, and the password and second factor of a member.
    Myself,
    /// Lists that are the same for every caller, such as SBC regions and PBX types.
    Catalogue,
    /// The support tickets.
    Tickets,
    /// The list of the accounts of a tier that the caller sees, or a new account of that tier.
    Accounts(Tier),
    /// The caller's own account.
    OwnAccount,
    /// An account below the caller's own.
    AccountBelow,
    /// The Direct Routing, PBXs, trunks and users of an enterprise that the caller sees.
    Telephony,
    /// The consent of an enterprise to management of its Direct Routing by the accounts above it.
    ManagementConsent,
    /// Billing reports: reading, finalising and adjusting them.
    BillingReports,
    /// The members of the caller's own account.
    Members,
    /// The API clients of the caller's own account.
    ApiClients,
    /// The events of the accounts that the caller sees.
    Events,
    /// The webhooks of the caller's own account.
    Webhooks,
}

/// Decides whether a member or API client with `role`, in an account of `tier`, may perform `action` on `target`. Fails
/// with [`Refusal::Forbidden`] if not.
pub fn decide(kind: Kind, tier: Tier, role: Role, action: Action, target: Target) -> Result<(), Refusal> {
    let allowed = match (action, target) {
        // Only people decide who can sign in to an account: an API client that could create members could evade every
        // limit it was given.
        (Action::Create | Action::Change, Target::Members) => kind == Kind::Member && role == Role::Owner,
        (Action::Change, Target::Myself) => kind == Kind::Member,
        (Action::Read, Target::Members | Target::Events)
        | (Action::Read | Action::Create | Action::Change, Target::ApiClients | Target::Webhooks) => {
            role == Role::Owner
        }
        (
            Action::Read,
            Target::Myself | Target::Catalogue | Target::OwnAccount | Target::AccountBelow | Target::Telephony,
        ) => true,
        (Action::Read, Target::BillingReports) => role.bills(),
        (Action::Create | Action::Change, Target::BillingReports) => tier == Tier::Platform && role.bills(),
        (Action::Read, Target::Tickets) => tier == Tier::Platform,
        // A list of the caller's own tier has one entry, its own account. Lists of the tiers above are forbidden.
        (Action::Read, Target::Accounts(of)) => tier <= of,
        (Action::Create, Target::Accounts(of @ (Tier::Reseller | Tier::Enterprise))) => tier < of && role.provisions(),
        (Action::Change, Target::Tickets) => tier == Tier::Platform && role.provisions(),
        (Action::Change, Target::AccountBelow) | (Action::Create | Action::Change, Target::Telephony) => {
            role.provisions()
        }
        // Only the enterprise itself can give its consent.
        (Action::Change, Target::ManagementConsent) => tier == Tier::Enterprise && role.provisions(),
        // Master resellers are created by approving a ticket (R2). Nobody can suspend, rename or close their own
        // account; only accounts above it can.
        (Action::Create, _)
        | (Action::Read, Target::ManagementConsent)
        | (Action::Change, Target::OwnAccount | Target::Accounts(_) | Target::Catalogue | Target::Events) => false,
    };
    if allowed { Ok(()) } else { Err(Refusal::Forbidden) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The complete table. Each letter stands for a role that is allowed: o(wner), p(rovisioner), b(illing), v(iewer).
    const TABLE: &[(Action, Target, [&str; 4])] = &[
        //                                                 platform  master   reseller enterprise
        (Action::Read, Target::Myself, ["opbv", "opbv", "opbv", "opbv"]),
        (Action::Read, Target::Catalogue, ["opbv", "opbv", "opbv", "opbv"]),
        (Action::Read, Target::OwnAccount, ["opbv", "opbv", "opbv", "opbv"]),
        (Action::Read, Target::AccountBelow, ["opbv", "opbv", "opbv", "opbv"]),
        (Action::Read, Target::Tickets, ["opbv", "", "", ""]),
        (Action::Read, Target::Accounts(Tier::Platform), ["opbv", "", "", ""]),
        (Action::Read, Target::Accounts(Tier::MasterReseller), ["opbv", "opbv", "", ""]),
        (Action::Read, Target::Accounts(Tier::Reseller), ["opbv", "opbv", "opbv", ""]),
        (Action::Read, Target::Accounts(Tier::Enterprise), ["opbv", "opbv", "opbv", "opbv"]),
        (Action::Read, Target::Telephony, ["opbv", "opbv", "opbv", "opbv"]),
        (Action::Read, Target::ManagementConsent, ["", "", "", ""]),
        (Action::Read, Target::BillingReports, ["ob", "ob", "ob", "ob"]),
        (Action::Create, Target::BillingReports, ["ob", "", "", ""]),
        (Action::Change, Target::BillingReports, ["ob", "", "", ""]),
        (Action::Create, Target::Telephony, ["op", "op", "op", "op"]),
        (Action::Create, Target::ManagementConsent, ["", "", "", ""]),
        (Action::Change, Target::Telephony, ["op", "op", "op", "op"]),
        (Action::Change, Target::ManagementConsent, ["", "", "", "op"]),
        (Action::Create, Target::Myself, ["", "", "", ""]),
        (Action::Create, Target::Catalogue, ["", "", "", ""]),
        (Action::Create, Target::OwnAccount, ["", "", "", ""]),
        (Action::Create, Target::AccountBelow, ["", "", "", ""]),
        (Action::Create, Target::Tickets, ["", "", "", ""]),
        (Action::Create, Target::Accounts(Tier::Platform), ["", "", "", ""]),
        (Action::Create, Target::Accounts(Tier::MasterReseller), ["", "", "", ""]),
        (Action::Create, Target::Accounts(Tier::Reseller), ["op", "op", "", ""]),
        (Action::Create, Target::Accounts(Tier::Enterprise), ["op", "op", "op", ""]),
        (Action::Change, Target::Myself, ["opbv", "opbv", "opbv", "opbv"]),
        (Action::Change, Target::Catalogue, ["", "", "", ""]),
        (Action::Change, Target::OwnAccount, ["", "", "", ""]),
        (Action::Change, Target::AccountBelow, ["op", "op", "op", "op"]),
        (Action::Change, Target::Tickets, ["op", "", "", ""]),
        (Action::Change, Target::Accounts(Tier::Platform), ["", "", "", ""]),
        (Action::Change, Target::Accounts(Tier::MasterReseller), ["", "", "", ""]),
        (Action::Change, Target::Accounts(Tier::Reseller), ["", "", "", ""]),
        (Action::Change, Target::Accounts(Tier::Enterprise), ["", "", "", ""]),
        (Action::Read, Target::Members, ["o", "o", "o", "o"]),
        (Action::Create, Target::Members, ["o", "o", "o", "o"]),
        (Action::Change, Target::Members, ["o", "o", "o", "o"]),
        (Action::Read, Target::ApiClients, ["o", "o", "o", "o"]),
        (Action::Create, Target::ApiClients, ["o", "o", "o", "o"]),
        (Action::Change, Target::ApiClients, ["o", "o", "o", "o"]),
        (Action::Read, Target::Events, ["o", "o", "o", "o"]),
        (Action::Create, Target::Events, ["", "", "", ""]),
        (Action::Change, Target::Events, ["", "", "", ""]),
        (Action::Read, Target::Webhooks, ["o", "o", "o", "o"]),
        (Action::Create, Target::Webhooks, ["o", "o", "o", "o"]),
        (Action::Change, Target::Webhooks, ["o", "o", "o", "o"]),
    ];

    /// Actions that an API client may not perform, regardless of its role.
    const FOR_MEMBERS_ONLY: &[(Action, Target)] =
        &[(Action::Create, Target::Members), (Action::Change, Target::Members), (Action::Change, Target::Myself)];

    #[test]
    fn r9_the_whole_table_of_authority() {
        for (action, target, by_tier) in TABLE {
            for (tier, letters) in Tier::ALL.into_iter().zip(by_tier) {
                for (role, letter) in Role::ALL.into_iter().zip(['o', 'p', 'b', 'v']) {
                    for kind in Kind::ALL {
                        let for_it = kind == Kind::Member || !FOR_MEMBERS_ONLY.contains(&(*action, *target));
                        let allowed = decide(kind, tier, role, *action, *target).is_ok();
                        let expected = letters.contains(letter) && for_it;
                        assert_eq!(allowed, expected, "{kind:?} {tier:?} {role:?} {action:?} {target:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn r9_a_role_includes_another_if_it_may_do_all_that_the_other_may() {
        for (role, letter) in Role::ALL.into_iter().zip(['o', 'p', 'b', 'v']) {
            for (other, its) in Role::ALL.into_iter().zip(['o', 'p', 'b', 'v']) {
                let rows = TABLE.iter().flat_map(|(_, _, by_tier)| by_tier);
                let expected = rows.filter(|letters| letters.contains(its)).all(|letters| letters.contains(letter));
                assert_eq!(role.includes(other), expected, "{role:?} {other:?}");
            }
        }
    }

    #[test]
    fn r9_the_table_is_complete() {
        let mut targets = vec![Target::Myself, Target::Catalogue, Target::Tickets, Target::OwnAccount];
        targets.extend([Target::AccountBelow, Target::Telephony, Target::ManagementConsent]);
        targets.extend([Target::BillingReports, Target::Members, Target::ApiClients, Target::Events]);
        targets.push(Target::Webhooks);
        targets.extend(Tier::ALL.map(Target::Accounts));
        for action in [Action::Read, Action::Create, Action::Change] {
            for target in &targets {
                let rows = TABLE.iter().filter(|row| (row.0, row.1) == (action, *target)).count();
                assert_eq!(rows, 1, "{action:?} {target:?}");
            }
        }
    }

    #[test]
    fn r9_a_role_has_one_name_everywhere() {
        let names = ["owner", "provisioner", "billing", "viewer"];
        assert_eq!(Role::ALL.map(Role::as_str), names);
        assert_eq!(names.map(Role::parse), Role::ALL.map(Some));
        assert_eq!(["", "Owner", "admin"].map(Role::parse), [None; 3]);
    }
}
