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
    "platform.sign_in_policy_changed" "An owner changed the sign-in policy of the platform.";
    "platform.email_changed" "The e-mail address of the platform's account was changed.";
    "platform.email_change_cancelled" "A requested change of the e-mail address of the platform's account was cancelled.";
    "master_reseller.created" "A master reseller was created.";
    "master_reseller.updated" "A master reseller was changed.";
    "master_reseller.activation_resent" "The activation e-mail of a master reseller was sent again.";
    "master_reseller.activated" "A master reseller activated its account.";
    "master_reseller.email_change_requested" "A new e-mail address was requested for a master reseller.";
    "master_reseller.email_changed" "The e-mail address of a master reseller was changed.";
    "master_reseller.email_change_cancelled" "A requested change of the e-mail address of a master reseller was cancelled.";
    "master_reseller.sign_in_policy_changed" "An owner changed the sign-in policy of a master reseller.";
    "master_reseller.suspended" "A master reseller was suspended.";
    "master_reseller.resumed" "A suspended master reseller was resumed.";
    "master_reseller.closed" "A master reseller was closed.";
    "reseller.created" "A reseller was created.";
    "reseller.updated" "A reseller was changed.";
    "reseller.activation_resent" "The activation e-mail of a reseller was sent again.";
    "reseller.activated" "A reseller activated its account.";
    "reseller.email_change_requested" "A new e-mail address was requested for a reseller.";
    "reseller.email_changed" "The e-mail address of a reseller was changed.";
    "reseller.email_change_cancelled" "A requested change of the e-mail address of a reseller was cancelled.";
    "reseller.sign_in_policy_changed" "An owner changed the sign-in policy of a reseller.";
    "reseller.suspended" "A reseller was suspended.";
    "reseller.resumed" "A suspended reseller was resumed.";
    "reseller.closed" "A reseller was closed.";
    "enterprise.created" "An enterprise was created.";
    "enterprise.updated" "An enterprise was changed.";
    "enterprise.activation_resent" "The activation e-mail of an enterprise was sent again.";
    "enterprise.activated" "An enterprise activated its account.";
    "enterprise.email_change_requested" "A new e-mail address was requested for an enterprise.";
    "enterprise.email_changed" "The e-mail address of an enterprise was changed.";
    "enterprise.email_change_cancelled" "A requested change of the e-mail address of an enterprise was cancelled.";
    "enterprise.sign_in_policy_changed" "An owner changed the sign-in policy of an enterprise.";
    "enterprise.suspended" "An enterprise was suspended.";
    "enterprise.resumed" "A suspended enterprise was resumed.";
    "enterprise.closed" "An enterprise was closed.";
    "enterprise.teams_users_sync_requested" "The users of an enterprise's tenant are to be read.";
    "enterprise.teams_requested" "All users of an enterprise that have not got their number and policy in Teams are to get them.";
    "direct_routing.consent_given" "An enterprise consented to being managed.";
    "direct_routing.consent_withdrawn" "An enterprise withdrew its consent.";
    "direct_routing.tenant_consented" "The service has got permissions in the tenant, after an administrator was asked for them.";
    "direct_routing.anchor_user_changed" "The anchor user of a route, or its licence, changed.";
    "direct_routing.route_started" "A route was started.";
    "direct_routing.route_confirmed" "A step of a route was taken.";
    "direct_routing.route_failed" "A route failed.";
    "direct_routing.route_retried" "A failed route was retried.";
    "direct_routing.route_removed" "A route was removed.";
    "direct_routing.domain_left" "The domain of a removed route could not be removed from the tenant, and stays there.";
    "direct_routing.domain_removed" "The domain of a removed route was removed from the tenant.";
    "pbx.created" "A PBX was added.";
    "pbx.updated" "A PBX was changed.";
    "pbx.removed" "A PBX was removed.";
    "trunk.created" "A trunk was added.";
    "trunk.updated" "A trunk was changed.";
    "trunk.removed" "A trunk was removed.";
    "user.created" "A user was added.";
    "user.updated" "A user was changed.";
    "user.removed" "A user was removed.";
    "user.teams_requested" "A user is to get its number and policy in Teams.";
    "user.teams_applied" "A user has its number and policy in Teams.";
    "user.teams_failed" "A user can't get its number or policy in Teams.";
    "user.teams_drifted" "Somebody changed the number or policy of a user in Teams.";
    "user.teams_releasing" "Number and policy of a user are being taken back in Teams.";
    "user.teams_number_released" "Microsoft has let go of the number of a user, which others can have now.";
    "user.teams_released" "Number and policy of a user were taken back in Teams.";
    "support_ticket.filed" "A support ticket was filed.";
    "support_ticket.approved" "A support ticket was approved.";
    "support_ticket.rejected" "A support ticket was rejected.";
    "reseller.moved" "A reseller was moved to another master reseller.";
    "enterprise.moved" "An enterprise was moved to another reseller.";
    "move.requested" "A move of one of your accounts was requested.";
    "move.offered" "An account was offered to you in a move.";
    "move.accepted" "A move was accepted, and the account has moved.";
    "move.declined" "A move was declined.";
    "move.cancelled" "A move was cancelled.";
    "member.invited" "A member was invited.";
    "member.invitation_resent" "The invitation of a member was sent again.";
    "member.joined" "A member accepted its invitation.";
    "member.updated" "The role, name or language of a member was changed.";
    "member.email_change_requested" "A member requested a new e-mail address.";
    "member.email_changed" "The e-mail address of a member was changed.";
    "member.email_change_cancelled" "A requested change of the e-mail address of a member was cancelled.";
    "member.removed" "A member was removed.";
    "member.signed_in" "A member signed in.";
    "member.signed_out" "A member signed out.";
    "member.sessions_ended" "Sessions of a member were ended, by the member itself or by an owner.";
    "member.refresh_token_reused" "A used refresh token was sent again, so its session was ended.";
    "member.password_reset_requested" "A password reset link was sent to a member.";
    "member.password_reset" "A member set a new password.";
    "member.password_changed" "A member replaced its password.";
    "member.second_factor_enabled" "A member enabled a second factor.";
    "member.second_factor_disabled" "A member disabled its second factor.";
    "member.second_factor_reset" "An owner or an operator removed a member's second factor.";
    "member.recovery_codes_renewed" "A member got new recovery codes. The old ones no longer work.";
    "member.recovery_code_used" "A member used a recovery code.";
    "member.wrong_password" "A wrong password was given for a member.";
    "member.wrong_code" "A wrong second-factor code was given for a member.";
    "client.created" "An API client was created.";
    "client.updated" "An API client was changed.";
    "client.secret_rotated" "The secret of an API client was rotated.";
    "client.revoked" "An API client was revoked.";
    "webhook.created" "A webhook was created.";
    "webhook.updated" "A webhook was changed.";
    "webhook.secret_rotated" "The signing secret of a webhook was rotated.";
    "webhook.disabled" "The service disabled a webhook because its receiver no longer accepts deliveries.";
    "webhook.removed" "A webhook was removed.";
    "webhook.tested" "A test of a webhook was requested. Sent only to that webhook, and not listed in the events.";
    "webhook.replayed" "A replay of events to a webhook was requested.";
    "billing_report.finalised" "A billing report was finalised.";
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
            let read = TypePattern::parse(pattern).unwrap();
            assert_eq!((read.as_str(), read.matches(name)), (pattern, matches), "{name}");
            assert_eq!(read.types().any(|kind| kind.name == name), matches, "{pattern} {name}");
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

    #[test]
    fn r16_a_type_is_found_by_its_name_and_tells_its_subject() {
        for (name, subject) in [
            ("reseller.created", Some("reseller")),
            ("master_reseller.created", Some("master_reseller")),
            ("reseller", None),
            ("reseller.*", None),
            ("Reseller.created", None),
            ("", None),
        ] {
            let found = EventType::parse(name);
            assert_eq!(found.map(|kind| (kind.name, kind.subject())), subject.map(|subject| (name, subject)));
        }
    }
}
