//! Events: their types, and which readers may see who caused one (R16).

use crate::account::{Account, Tier};
use crate::enterprise::Enterprise;

/// A type of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType {
    /// Its name: the subject type, a dot and what happened, such as `reseller.created`.
    pub name: &'static str,
    /// A sentence that says what happened.
    pub summary: &'static str,
}

macro_rules! types {
    ($($name:literal $summary:literal;)*) => {
        /// Every event type.
        pub const TYPES: &[EventType] = &[$(EventType { name: $name, summary: $summary },)*];
    };
}

types! {
    "platform.created" "The service was started for the first time.";
    "platform.sign_in_policy_changed" "An owner changed how members of the platform have to sign in.";
    "master_reseller.created" "A master reseller was taken on.";
    "master_reseller.updated" "A master reseller was changed.";
    "master_reseller.activation_resent" "The activation e-mail of a master reseller was sent again.";
    "master_reseller.activated" "A master reseller activated its account.";
    "master_reseller.email_change_requested" "Somebody asked for the address of a master reseller to become another one.";
    "master_reseller.email_changed" "A master reseller has another address.";
    "master_reseller.sign_in_policy_changed" "An owner changed how members of a master reseller have to sign in.";
    "master_reseller.suspended" "A master reseller was suspended.";
    "master_reseller.resumed" "A suspended master reseller was resumed.";
    "master_reseller.closed" "A master reseller was closed.";
    "reseller.created" "A reseller was created.";
    "reseller.updated" "A reseller was changed.";
    "reseller.activation_resent" "The activation e-mail of a reseller was sent again.";
    "reseller.activated" "A reseller activated its account.";
    "reseller.email_change_requested" "Somebody asked for the address of a reseller to become another one.";
    "reseller.email_changed" "A reseller has another address.";
    "reseller.sign_in_policy_changed" "An owner changed how members of a reseller have to sign in.";
    "reseller.suspended" "A reseller was suspended.";
    "reseller.resumed" "A suspended reseller was resumed.";
    "reseller.closed" "A reseller was closed.";
    "enterprise.created" "An enterprise was created.";
    "enterprise.updated" "An enterprise was changed.";
    "enterprise.activation_resent" "The activation e-mail of an enterprise was sent again.";
    "enterprise.activated" "An enterprise activated its account.";
    "enterprise.email_change_requested" "Somebody asked for the address of an enterprise to become another one.";
    "enterprise.email_changed" "An enterprise has another address.";
    "enterprise.sign_in_policy_changed" "An owner changed how members of an enterprise have to sign in.";
    "enterprise.suspended" "An enterprise was suspended.";
    "enterprise.resumed" "A suspended enterprise was resumed.";
    "enterprise.closed" "An enterprise was closed.";
    "direct_routing.consent_given" "An enterprise consented to being managed.";
    "direct_routing.consent_withdrawn" "An enterprise withdrew its consent.";
    "direct_routing.route_started" "A route was started.";
    "direct_routing.route_confirmed" "A step of a route was taken.";
    "direct_routing.route_failed" "A step of a route failed for good.";
    "direct_routing.route_retried" "A failed route was taken up again.";
    "direct_routing.route_removed" "A route was removed.";
    "pbx.created" "A PBX was added.";
    "pbx.updated" "A PBX was changed.";
    "pbx.removed" "A PBX was removed.";
    "trunk.created" "A trunk was added.";
    "trunk.updated" "A trunk was changed.";
    "trunk.removed" "A trunk was removed.";
    "user.created" "A user was assigned.";
    "user.updated" "A user was changed.";
    "user.removed" "A user was removed.";
    "support_ticket.filed" "Somebody asked to be taken on as a master reseller.";
    "support_ticket.approved" "A support ticket was approved.";
    "support_ticket.rejected" "A support ticket was rejected.";
    "reseller.moved" "A reseller came below another master reseller, which sees it from now on.";
    "enterprise.moved" "An enterprise came below another reseller, which sees it from now on.";
    "move.requested" "Somebody asked for an account of yours to go below another one.";
    "move.offered" "Somebody wants to hand an account over to you.";
    "move.accepted" "A move was accepted, and the account has moved.";
    "move.declined" "A move was declined.";
    "move.cancelled" "A move was cancelled.";
    "member.invited" "A member was invited.";
    "member.invitation_resent" "The invitation of a member was sent again.";
    "member.joined" "A member took up its invitation.";
    "member.updated" "A member was changed: its role, its name or its language.";
    "member.email_change_requested" "A member asked for its address to become another one.";
    "member.email_changed" "A member signs in with another address.";
    "member.removed" "A member was removed.";
    "member.signed_in" "A member signed in.";
    "member.signed_out" "A member signed out.";
    "member.refresh_token_reused" "An old refresh token came back, and its session was ended.";
    "member.password_reset_requested" "A link to set a new password was sent to a member.";
    "member.password_reset" "A member set a new password.";
    "member.second_factor_enabled" "A member has a second factor from now on.";
    "member.second_factor_disabled" "A member switched its second factor off.";
    "member.second_factor_reset" "An owner, or whoever operates the service, took the second factor of a member away.";
    "member.recovery_codes_renewed" "A member got new recovery codes; those before are void.";
    "member.recovery_code_used" "A member used a recovery code.";
    "member.wrong_code" "Somebody who has the password or a session of a member gave a wrong code.";
    "client.created" "An API client was made.";
    "client.updated" "An API client was changed.";
    "client.secret_rotated" "An API client got a new secret.";
    "client.revoked" "An API client was revoked.";
    "webhook.created" "A webhook was made.";
    "webhook.updated" "A webhook was changed.";
    "webhook.secret_rotated" "A webhook got a new signing secret.";
    "webhook.disabled" "The service stopped sending to a webhook at which nothing was taken any more.";
    "webhook.removed" "A webhook was removed.";
    "webhook.tested" "Somebody asked for a test of a webhook. Only that webhook gets it, and it is not among the events.";
    "webhook.replayed" "Somebody asked for events to be sent to a webhook again.";
    "billing_report.finalised" "The report of a billing period was made final.";
    "billing_adjustment.created" "A line of a final billing report was corrected.";
}

impl EventType {
    /// The event type with this name; `None` if there is none.
    #[must_use]
    pub fn parse(name: &str) -> Option<&'static Self> {
        TYPES.iter().find(|kind| kind.name == name)
    }

    /// The subject type, such as `reseller`.
    #[must_use]
    pub fn subject(&self) -> &'static str {
        self.name.split('.').next().unwrap_or_default()
    }
}

/// A pattern that selects event types: one by name, all of a subject type (`reseller.*`), or all (`*`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypePattern(String);

impl TypePattern {
    /// Parses a pattern; `None` if no event type matches it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let pattern = Self(text.to_owned());
        TYPES.iter().any(|kind| pattern.matches(kind.name)).then_some(pattern)
    }

    /// Whether the pattern matches the event type with this name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            // Only whole subject types: `res*` is not a pattern.
            Some(start) => (start.is_empty() || start.ends_with('.')) && name.starts_with(start),
            None => self.0 == name,
        }
    }

    /// The event types that match the pattern.
    pub fn types(&self) -> impl Iterator<Item = &'static EventType> {
        TYPES.iter().filter(|kind| self.matches(kind.name))
    }

    /// The pattern as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What decides which parts of an event a reader sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reader {
    /// The tier of the reader's account.
    pub tier: Tier,
    /// Whether the reader sees SIP data of PBXs, trunks and users. Enterprises only do if `access_sip_data` is on
    /// (R10).
    pub sees_sip_data: bool,
}

impl Reader {
    /// The reader for the members and API clients of an account.
    #[must_use]
    pub fn new(account: &Account) -> Self {
        let switched_on = |own: &Enterprise| own.switches.access_sip_data;
        Self { tier: account.tier, sees_sip_data: account.enterprise.as_ref().is_none_or(switched_on) }
    }
}

/// Whether a reader may see who caused an event and from which address: only if the actor's account is not above the
/// reader's tier (R8). `actor` is the tier of the actor's account, if it has one.
#[must_use]
pub fn shows_actor(reader: Tier, actor: Option<Tier>) -> bool {
    actor.is_none_or(|actor| actor >= reader)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn r16_every_type_has_a_name_and_a_sentence_of_its_own() {
        let names: BTreeSet<_> = TYPES.iter().map(|kind| kind.name).collect();
        let sentences: BTreeSet<_> = TYPES.iter().map(|kind| kind.summary).collect();
        assert_eq!((names.len(), sentences.len()), (TYPES.len(), TYPES.len()));
        for name in names {
            let (subject, done) = name.split_once('.').expect("a subject and what was done");
            let plain = |text: &str| text.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'_');
            assert!(plain(subject) && plain(done), "{name}");
        }
    }

    #[test]
    fn patterns_match_one_type_or_a_subject_or_all() {
        for (pattern, name, matches) in [
            ("*", "pbx.removed", true),
            ("pbx.*", "pbx.removed", true),
            ("pbx.*", "trunk.removed", false),
            ("pbx.removed", "pbx.removed", true),
            ("pbx.removed", "pbx.created", false),
            ("reseller.*", "master_reseller.created", false),
        ] {
            assert_eq!(TypePattern::parse(pattern).unwrap().matches(name), matches, "{pattern} {name}");
        }
        for none in ["", "pbx", "pb*", "pbx.*.*", "*.removed", "**", "PBX.*", "pbx.exploded"] {
            assert_eq!(TypePattern::parse(none), None, "{none:?}");
        }
    }

    #[test]
    fn r8_who_is_above_a_reader_is_not_shown() {
        assert!(shows_actor(Tier::Reseller, Some(Tier::Reseller)));
        assert!(shows_actor(Tier::Reseller, Some(Tier::Enterprise)));
        assert!(shows_actor(Tier::Reseller, None));
        assert!(!shows_actor(Tier::Reseller, Some(Tier::MasterReseller)));
        assert!(!shows_actor(Tier::Enterprise, Some(Tier::Platform)));
    }
}
