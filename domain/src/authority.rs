//! Who may do what: one pure function over kind, tier, role, action and target (R8, R9).
//!
//! Visibility comes first and is not decided here: what lies outside a caller's subtree is never loaded, so it never
//! becomes a target. What is decided here is whether someone who sees a thing may act on it.

use crate::account::Tier;
use crate::principal::Kind;
use crate::refusal::Refusal;

/// What a member or an API client may do in its account (R9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything, and manages members and API clients.
    Owner,
    /// Creates and changes.
    Provisioner,
    /// Reads, and reads billing reports.
    Billing,
    /// Reads.
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

    /// The role of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    const fn bills(self) -> bool {
        matches!(self, Self::Owner | Self::Billing)
    }

    const fn provisions(self) -> bool {
        matches!(self, Self::Owner | Self::Provisioner)
    }
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// See it.
    Read,
    /// Make a new one.
    Create,
    /// Change its members or its status, send its activation e-mail again, close it.
    Change,
}

/// What it is to be done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// The member and account of the caller.
    Myself,
    /// What the service offers to everybody: SBC regions and the like.
    Catalogue,
    /// The support tickets.
    Tickets,
    /// The accounts of a tier that the caller sees, as a list, or a new one among them.
    Accounts(Tier),
    /// The caller's own account.
    OwnAccount,
    /// An account below the caller's own.
    AccountBelow,
    /// What an enterprise that the caller sees has: its Direct Routing, PBXs, trunks and users.
    Telephony,
    /// The consent of an enterprise to being managed by those above it.
    ManagementConsent,
    /// Billing reports: to read one, to make one final, to correct one.
    BillingReports,
    /// The members of the caller's own account.
    Members,
    /// The API clients of the caller's own account.
    ApiClients,
    /// What happened to the accounts that the caller sees.
    Events,
    /// The webhooks of the caller's own account.
    Webhooks,
}

/// Decides whether a member or API client of an account of `tier` with `role` may do `action` to `target`.
pub fn decide(kind: Kind, tier: Tier, role: Role, action: Action, target: Target) -> Result<(), Refusal> {
    let allowed = match (action, target) {
        // Who signs in to an account is for people to say: a program that could make members would outlive every limit
        // that it was given.
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
        // A list of one's own tier has one entry: oneself. Lists of the tiers above are not one's business.
        (Action::Read, Target::Accounts(of)) => tier <= of,
        (Action::Create, Target::Accounts(of @ (Tier::Reseller | Tier::Enterprise))) => tier < of && role.provisions(),
        (Action::Change, Target::Tickets) => tier == Tier::Platform && role.provisions(),
        (Action::Change, Target::AccountBelow) | (Action::Create | Action::Change, Target::Telephony) => {
            role.provisions()
        }
        // Consent is the enterprise's own to give.
        (Action::Change, Target::ManagementConsent) => tier == Tier::Enterprise && role.provisions(),
        // Master resellers are taken on by approving a ticket (R2). Nobody suspends, renames or closes the account
        // that they sign in to; whoever is above does.
        (Action::Create, _)
        | (Action::Read, Target::ManagementConsent)
        | (Action::Change, Target::OwnAccount | Target::Accounts(_) | Target::Catalogue | Target::Events) => false,
    };
    if allowed { Ok(()) } else { Err(Refusal::Forbidden) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The complete table. A letter stands for each role that is allowed: o(wner), p(rovisioner), b(illing), v(iewer).
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

    /// What an API client may not do, whatever its role.
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
}
