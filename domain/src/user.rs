//! Users: Teams users, each assigned to a PBX or a trunk (R14).

use crate::Timestamp;
use crate::account::Tier;
use crate::enterprise::{SbcRegionCode, Switches, UserLimit};
use crate::fault::{Fault, Faults, ItemFaults, distinct};
use crate::id::{AccountId, PbxId, TrunkId, UserId};
use crate::limits::FORWARDED_NUMBERS_MAX;
use crate::refusal::Refusal;
use crate::services::Service;
use crate::values::phone_number::PhoneNumber;
use crate::values::sip::SipUser;
use crate::values::text::{AuthenticationName, Tag};
use crate::values::user_principal_name::UserPrincipalName;

/// The PBX or trunk that a user is assigned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignment {
    /// A PBX, with the user's SIP account on it. The SIP password is stored separately.
    Pbx {
        /// The PBX.
        pbx: PbxId,
        /// The user part of its SIP address, unique in the PBX's SIP domain.
        sip_user: SipUser,
        /// SIP authentication ID, if it differs from `sip_user`.
        auth_id: Option<AuthenticationName>,
    },
    /// A trunk.
    Trunk(TrunkId),
}

impl Assignment {
    /// The PBX; `None` for a user of a trunk.
    #[must_use]
    pub const fn pbx(&self) -> Option<PbxId> {
        match self {
            Self::Pbx { pbx, .. } => Some(*pbx),
            Self::Trunk(_) => None,
        }
    }

    /// The trunk; `None` for a user of a PBX.
    #[must_use]
    pub const fn trunk(&self) -> Option<TrunkId> {
        match self {
            Self::Pbx { .. } => None,
            Self::Trunk(trunk) => Some(*trunk),
        }
    }

    /// The service that the user uses.
    #[must_use]
    pub const fn service(&self) -> Service {
        match self {
            Self::Pbx { .. } => Service::Pbx,
            Self::Trunk(_) => Service::Trunk,
        }
    }

    /// The SIP user; `None` for a user of a trunk.
    #[must_use]
    pub const fn sip_user(&self) -> Option<&SipUser> {
        match self {
            Self::Pbx { sip_user, .. } => Some(sip_user),
            Self::Trunk(_) => None,
        }
    }

    /// The SIP authentication ID, if it differs from the SIP user.
    #[must_use]
    pub const fn auth_id(&self) -> Option<&AuthenticationName> {
        match self {
            Self::Pbx { auth_id, .. } => auth_id.as_ref(),
            Self::Trunk(_) => None,
        }
    }
}

/// The settings of a user. The SIP password is stored separately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The Teams user, unique in the enterprise.
    pub teams_user: UserPrincipalName,
    /// The PBX or trunk that it is assigned to.
    pub assignment: Assignment,
    /// The phone number that it calls from and is reached at.
    pub default_number: Option<PhoneNumber>,
    /// Further phone numbers that it is reached at.
    pub forwarded_numbers: Vec<PhoneNumber>,
    /// The SBC region whose route its calls use.
    pub voice_route: SbcRegionCode,
    /// A free text about it.
    pub tag: Option<Tag>,
}

impl Settings {
    /// All its phone numbers, the default number first.
    pub fn numbers(&self) -> impl Iterator<Item = &PhoneNumber> {
        self.default_number.iter().chain(&self.forwarded_numbers)
    }
}

/// A change of settings: `None` leaves a setting as it is, `Some(None)` removes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// The Teams user.
    pub teams_user: Option<UserPrincipalName>,
    /// The PBX.
    pub pbx: Option<Option<PbxId>>,
    /// The trunk.
    pub trunk: Option<Option<TrunkId>>,
    /// The user part of its SIP address on the PBX.
    pub sip_user: Option<Option<SipUser>>,
    /// SIP authentication ID.
    pub auth_id: Option<Option<AuthenticationName>>,
    /// The phone number that it calls from and is reached at.
    pub default_number: Option<Option<PhoneNumber>>,
    /// Further phone numbers that it is reached at.
    pub forwarded_numbers: Option<Vec<PhoneNumber>>,
    /// The SBC region whose route its calls use.
    pub voice_route: Option<SbcRegionCode>,
    /// A free text about it.
    pub tag: Option<Option<Tag>>,
}

impl Change {
    /// The settings of a new user. Fails with all faults found.
    pub fn create(&self) -> Result<Settings, Faults> {
        self.apply(None)
    }

    /// The settings after this change of `before`. Fails with all faults found.
    pub fn after(&self, before: &Settings) -> Result<Settings, Faults> {
        self.apply(Some(before))
    }

    fn apply(&self, before: Option<&Settings>) -> Result<Settings, Faults> {
        let Self {
            teams_user,
            pbx: _,
            trunk: _,
            sip_user: _,
            auth_id: _,
            default_number,
            forwarded_numbers,
            voice_route,
            tag,
        } = self;
        let mut faults = Faults::new();
        let assignment = self.assignment(before.map(|before| &before.assignment), &mut faults);
        let teams_user = teams_user.clone().or_else(|| before.map(|before| before.teams_user.clone()));
        if teams_user.is_none() {
            faults.push(("/teams_user", Fault::required()));
        }
        let voice_route = voice_route.clone().or_else(|| before.map(|before| before.voice_route.clone()));
        if voice_route.is_none() {
            faults.push(("/voice_route", Fault::required()));
        }
        let default_number =
            default_number.clone().unwrap_or_else(|| before.and_then(|before| before.default_number.clone()));
        let kept = || before.map(|before| before.forwarded_numbers.clone()).unwrap_or_default();
        let forwarded_numbers = forwarded_numbers.clone().unwrap_or_else(kept);
        if default_number.is_none() && matches!(assignment, Some(Assignment::Trunk(_))) {
            faults.push(("/default_number", Fault::new("required", "A user of a trunk needs a number.")));
        }
        if default_number.as_ref().is_some_and(|number| forwarded_numbers.contains(number)) {
            faults.push(("/forwarded_numbers", Fault::new("duplicate", "Don't repeat the default number here.")));
        }
        let tag = tag.clone().unwrap_or_else(|| before.and_then(|before| before.tag.clone()));
        match (teams_user, assignment, voice_route) {
            (Some(teams_user), Some(assignment), Some(voice_route)) if faults.is_empty() => {
                Ok(Settings { teams_user, assignment, default_number, forwarded_numbers, voice_route, tag })
            }
            _ => Err(faults),
        }
    }

    /// The assignment after the change. A user has either a PBX or a trunk; setting one removes the other.
    fn assignment(&self, before: Option<&Assignment>, faults: &mut Faults) -> Option<Assignment> {
        let named = (self.pbx.flatten(), self.trunk.flatten());
        let (pbx, trunk) = match named {
            (None, None) => (
                self.pbx.unwrap_or_else(|| before.and_then(Assignment::pbx)),
                self.trunk.unwrap_or_else(|| before.and_then(Assignment::trunk)),
            ),
            named => named,
        };
        match (pbx, trunk) {
            (Some(_), Some(_)) => {
                faults.push(("/trunk_id", Fault::new("not_allowed", "Give a PBX or a trunk, not both.")));
                None
            }
            (None, None) => {
                faults.push(("/pbx_id", Fault::new("required", "Give a PBX or, in `trunk_id`, a trunk.")));
                None
            }
            (Some(pbx), None) => {
                let sip_user = self.sip_user.clone().unwrap_or_else(|| before.and_then(Assignment::sip_user).cloned());
                let auth_id = self.auth_id.clone().unwrap_or_else(|| before.and_then(Assignment::auth_id).cloned());
                if sip_user.is_none() {
                    faults.push(("/sip_user", Fault::new("required", "A user of a PBX needs a SIP user.")));
                }
                sip_user.map(|sip_user| Assignment::Pbx { pbx, sip_user, auth_id })
            }
            (None, Some(trunk)) => {
                for (pointer, given) in [
                    ("/sip_user", self.sip_user.as_ref().is_some_and(Option::is_some)),
                    ("/auth_id", self.auth_id.as_ref().is_some_and(Option::is_some)),
                ] {
                    if given {
                        faults.push((pointer, Fault::new("not_allowed", "Leave it out: a user of a trunk has none.")));
                    }
                }
                Some(Assignment::Trunk(trunk))
            }
        }
    }
}

/// Parses the forwarded numbers. Fails if there are too many, if one is invalid, or if one occurs twice.
pub fn parse_numbers(
    texts: &[String],
    parse: impl Fn(&str) -> Result<PhoneNumber, Fault>,
) -> Result<Vec<PhoneNumber>, ItemFaults> {
    if texts.len() > FORWARDED_NUMBERS_MAX {
        let detail = format!("Give at most {FORWARDED_NUMBERS_MAX} numbers.");
        return Err(vec![(None, Fault::new("too_long", detail))]);
    }
    distinct(texts, parse)
}

/// Checks that one more user is within the user limit (R10, R14).
pub fn check_room(limit: Option<UserLimit>, users: i64) -> Result<(), Refusal> {
    match limit {
        Some(limit) if users >= limit.get().into() => Err(Refusal::UserLimitReached { limit: limit.get(), users }),
        _ => Ok(()),
    }
}

/// Checks that a new user limit is not below the current number of users (R10).
pub fn check_limit(limit: Option<UserLimit>, users: i64) -> Result<(), Refusal> {
    match limit {
        Some(limit) if users > limit.get().into() => Err(Refusal::UserLimitInUse { users }),
        _ => Ok(()),
    }
}

/// Checks that the caller's tier may add users. Enterprises only may if `can_add_extensions` is on (R10).
pub fn check_may_add(tier: Tier, switches: Switches) -> Result<(), Refusal> {
    if tier == Tier::Enterprise && !switches.can_add_extensions { Err(Refusal::CanNotAddExtensions) } else { Ok(()) }
}

/// Checks that the user's phone numbers are allowed. Users of a PBX may only have numbers here if
/// `allow_external_numbers` is on (R10).
pub fn check_numbers(settings: &Settings, switches: Switches) -> Result<(), Refusal> {
    let external = settings.assignment.pbx().is_some() && settings.numbers().next().is_some();
    if external && !switches.allow_external_numbers { Err(Refusal::ExternalNumbersNotAllowed) } else { Ok(()) }
}

/// A user of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The enterprise.
    pub account: AccountId,
    /// Its settings.
    pub settings: Settings,
    /// Whether it has a SIP password.
    pub has_password: bool,
    /// Increases by one with every change.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pbx() -> PbxId {
        PbxId::from_uuid(uuid::Uuid::from_u128(1))
    }

    fn trunk() -> TrunkId {
        TrunkId::from_uuid(uuid::Uuid::from_u128(2))
    }

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text).unwrap()
    }

    fn common() -> Change {
        Change {
            teams_user: UserPrincipalName::parse("anna@contoso.example").ok(),
            voice_route: SbcRegionCode::parse("emea"),
            ..Change::default()
        }
    }

    fn on_pbx() -> Change {
        Change { pbx: Some(Some(pbx())), sip_user: Some(SipUser::parse("1001").ok()), ..common() }
    }

    fn on_trunk() -> Change {
        Change { trunk: Some(Some(trunk())), default_number: Some(Some(number("+4930901820"))), ..common() }
    }

    fn pointers<T>(result: Result<T, Faults>) -> Vec<&'static str> {
        result.err().unwrap_or_default().into_iter().map(|(pointer, _)| pointer).collect()
    }

    #[test]
    fn r14_a_user_has_a_pbx_or_a_trunk_and_what_belongs_to_it() {
        assert_eq!(pointers(Change::default().create()), ["/pbx_id", "/teams_user", "/voice_route"]);
        let both = Change { trunk: Some(Some(trunk())), ..on_pbx() };
        assert_eq!(pointers(both.create()), ["/trunk_id"]);
        assert_eq!(pointers(Change { sip_user: None, ..on_pbx() }.create()), ["/sip_user"]);
        assert_eq!(pointers(Change { default_number: None, ..on_trunk() }.create()), ["/default_number"]);
        let foreign = Change { sip_user: Some(SipUser::parse("1").ok()), ..on_trunk() };
        assert_eq!(pointers(foreign.create()), ["/sip_user"]);
        let twice = Change { forwarded_numbers: Some(vec![number("+4930901820")]), ..on_trunk() };
        assert_eq!(pointers(twice.create()), ["/forwarded_numbers"]);
        assert!(on_pbx().create().is_ok() && on_trunk().create().is_ok());
    }

    #[test]
    fn r14_naming_the_one_takes_a_user_from_the_other() {
        let user = on_pbx().create().unwrap();
        let bare = Change { trunk: Some(Some(trunk())), ..Change::default() };
        assert_eq!(pointers(bare.after(&user)), ["/default_number"]);
        let moved = Change { default_number: Some(Some(number("+4930901820"))), ..bare }.after(&user).unwrap();
        assert_eq!(moved.assignment, Assignment::Trunk(trunk()));
        let back = Change { pbx: Some(Some(pbx())), ..Change::default() };
        assert_eq!(pointers(back.after(&moved)), ["/sip_user"], "what it was on the PBX is gone");
        let none = Change { pbx: Some(None), ..Change::default() };
        assert_eq!(pointers(none.after(&user)), ["/pbx_id"]);
        assert_eq!(Change::default().after(&user), Ok(user));
    }

    #[test]
    fn r10_the_limit_holds_in_both_directions() {
        let limit = UserLimit::parse(10).ok();
        for (users, room, fits) in [(0, true, true), (9, true, true), (10, false, true), (11, false, false)] {
            assert_eq!(check_room(limit, users).is_ok(), room, "{users}");
            assert_eq!(check_limit(limit, users).is_ok(), fits, "{users}");
        }
        assert!(check_room(None, i64::MAX).is_ok() && check_limit(None, i64::MAX).is_ok());
        assert!(check_room(UserLimit::parse(0).ok(), 0).is_err());
    }

    #[test]
    fn r10_switches_say_what_an_enterprise_may() {
        let (off, on) = (
            Switches::default(),
            Switches { can_add_extensions: true, allow_external_numbers: true, ..Switches::default() },
        );
        for tier in Tier::ALL {
            assert_eq!(check_may_add(tier, off).is_ok(), tier != Tier::Enterprise, "{tier:?}");
            assert!(check_may_add(tier, on).is_ok());
        }
        let with_number = Change { default_number: Some(Some(number("+4930901820"))), ..on_pbx() }.create().unwrap();
        assert_eq!(check_numbers(&with_number, off), Err(Refusal::ExternalNumbersNotAllowed));
        assert!(check_numbers(&with_number, on).is_ok());
        assert!(check_numbers(&on_trunk().create().unwrap(), off).is_ok());
    }

    #[test]
    fn r14_what_a_change_leaves_out_stays() {
        let auth_id = Some(AuthenticationName::parse("anna").ok());
        for user in [Change { auth_id, ..on_pbx() }, on_trunk()].map(|change| change.create().unwrap()) {
            assert_eq!(Change::default().after(&user), Ok(user));
        }
    }

    #[test]
    fn r14_a_user_is_reached_at_fifty_more_numbers_at_most() {
        let parse = |count: usize| {
            let texts: Vec<_> = (1..=count).map(|number| format!("+4930901{number:03}")).collect();
            parse_numbers(&texts, PhoneNumber::parse).map(|numbers| numbers.len()).map_err(|faults| faults[0].1.code)
        };
        assert_eq!([0, 1, 50, 51].map(parse), [Ok(0), Ok(1), Ok(50), Err("too_long")]);
    }
}
