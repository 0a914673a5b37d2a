//! Direct Routing: the life cycle of the routes that connect SBC regions to an enterprise's Microsoft 365 tenant (R11).

mod anchor;
mod attempt;
mod next;
mod voice_routing;

pub use anchor::{Anchor, AnchorState, anchor_name, anchor_nickname};
pub use attempt::{Outcome, Verdict, judge, judge_check};
pub use next::{Next, Party};
pub use voice_routing::{POLICY_NAME_START, VoicePolicy, policy_name, remove_script, set_up_script};

use crate::Timestamp;
use crate::account::Tier;
use crate::enterprise::SbcRegionCode;
use crate::refusal::{Blocker, Blockers, Refusal};
use crate::values::route_domain::{RouteDomain, VerificationTxt};
use crate::values::tenant::Tenant;

/// What a started route is waiting for, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// The domain has to be added to the tenant, with the consent of a tenant administrator.
    ConsentRequested,
    /// The TXT record has to be published, and found by Microsoft 365.
    DomainPending(VerificationTxt),
    /// The tenant needs a user with a sign-in name in the domain, and an unused Teams Phone licence for it.
    DomainVerified(VerificationTxt),
    /// Teams has to take notice of the licensed user, which activates the domain for calls.
    Activating(VerificationTxt),
}

impl Stage {
    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ConsentRequested => "consent_requested",
            Self::DomainPending(_) => "domain_pending",
            Self::DomainVerified(_) => "domain_verified",
            Self::Activating(_) => "activating",
        }
    }

    /// The stage with this name. `None` if the name is unknown, if the stage needs a TXT record and there is none, or
    /// the other way round.
    #[must_use]
    pub fn restore(name: &str, txt: Option<VerificationTxt>) -> Option<Self> {
        match (name, txt) {
            ("consent_requested", None) => Some(Self::ConsentRequested),
            ("domain_pending", Some(txt)) => Some(Self::DomainPending(txt)),
            ("domain_verified", Some(txt)) => Some(Self::DomainVerified(txt)),
            ("activating", Some(txt)) => Some(Self::Activating(txt)),
            _ => None,
        }
    }

    /// The TXT record; `None` as long as it is unknown.
    #[must_use]
    pub const fn txt(&self) -> Option<&VerificationTxt> {
        match self {
            Self::ConsentRequested => None,
            Self::DomainPending(txt) | Self::DomainVerified(txt) | Self::Activating(txt) => Some(txt),
        }
    }
}

/// Why a route failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// An administrator or Microsoft did not do their part in time.
    TimedOut,
    /// The domain belongs to another tenant.
    DomainTaken,
    /// The domain was removed from the tenant.
    DomainGone,
    /// Microsoft Graph rejected the step.
    Refused,
    /// Microsoft Graph was unreachable, or sent unusable responses, for too long.
    Unreachable,
}

impl Failure {
    /// Every reason.
    pub const ALL: [Self; 5] = [Self::TimedOut, Self::DomainTaken, Self::DomainGone, Self::Refused, Self::Unreachable];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TimedOut => "timed_out",
            Self::DomainTaken => "domain_taken",
            Self::DomainGone => "domain_gone",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
        }
    }

    /// The reason with this name; `None` if there is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|failure| failure.as_str() == text)
    }
}

/// The domain and the tenant of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The domain of the route.
    pub domain: RouteDomain,
    /// The tenant that the domain is added to.
    pub tenant: Tenant,
}

/// The state of a route. It has a domain once it was started, a TXT record once the tenant has issued it, and a failure
/// reason only after it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The route was not started.
    NotStarted,
    /// The route is being set up.
    Working {
        /// The domain and tenant.
        link: Link,
        /// What the route is waiting for.
        stage: Stage,
    },
    /// The route is ready for calls.
    Established {
        /// The domain and tenant.
        link: Link,
        /// The TXT record that verified the domain.
        txt: VerificationTxt,
    },
    /// Setting up the route failed. It can be retried or removed.
    Failed {
        /// The domain and tenant.
        link: Link,
        /// The stage at which a retry resumes.
        stage: Stage,
        /// Why it failed.
        reason: Failure,
    },
}

/// A command that changes the state of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Start the route with this domain and tenant.
    Start(Link),
    /// Confirm that what the route was waiting for has happened. The first confirmation must include the TXT record.
    Confirm(Option<VerificationTxt>),
    /// Mark the route as failed.
    Fail(Failure),
    /// Resume a failed route.
    Retry,
    /// Remove the route and free its domain.
    Remove,
}

impl Command {
    /// The command as a past participle, for messages and events.
    #[must_use]
    pub const fn done(&self) -> &'static str {
        match self {
            Self::Start(_) => "started",
            Self::Confirm(_) => "confirmed",
            Self::Fail(_) => "failed",
            Self::Retry => "retried",
            Self::Remove => "removed",
        }
    }
}

impl State {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NotStarted => "not_started",
            Self::Working { stage, .. } => stage.as_str(),
            Self::Established { .. } => "established",
            Self::Failed { .. } => "failed",
        }
    }

    /// The domain and tenant; `None` if the route was not started.
    #[must_use]
    pub const fn link(&self) -> Option<&Link> {
        match self {
            Self::NotStarted => None,
            Self::Working { link, .. } | Self::Established { link, .. } | Self::Failed { link, .. } => Some(link),
        }
    }

    /// The domain; `None` if the route was not started.
    #[must_use]
    pub fn domain(&self) -> Option<&RouteDomain> {
        self.link().map(|link| &link.domain)
    }

    /// The TXT record; `None` as long as it is unknown.
    #[must_use]
    pub const fn txt(&self) -> Option<&VerificationTxt> {
        match self {
            Self::NotStarted => None,
            Self::Working { stage, .. } | Self::Failed { stage, .. } => stage.txt(),
            Self::Established { txt, .. } => Some(txt),
        }
    }

    /// Whether the route is ready for calls.
    #[must_use]
    pub const fn is_established(&self) -> bool {
        matches!(self, Self::Established { .. })
    }

    /// The state after a command. Fails if the route does not accept the command in this state.
    pub fn after(self, command: Command) -> Result<Self, Refusal> {
        match (self, command) {
            (Self::NotStarted, Command::Start(link)) => Ok(Self::Working { link, stage: Stage::ConsentRequested }),
            (Self::Working { link, stage }, Command::Confirm(txt)) => confirm(link, stage, txt),
            (Self::Working { link, stage }, Command::Fail(reason)) => {
                // A domain that was removed from the tenant has to be added again.
                let stage = if reason == Failure::DomainGone { Stage::ConsentRequested } else { stage };
                Ok(Self::Failed { link, stage, reason })
            }
            (Self::Failed { link, stage, .. }, Command::Retry) => Ok(Self::Working { link, stage }),
            (Self::Working { .. } | Self::Established { .. } | Self::Failed { .. }, Command::Remove) => {
                Ok(Self::NotStarted)
            }
            (state, command) => Err(Refusal::WrongRouteState { state: state.as_str(), command: command.done() }),
        }
    }
}

fn confirm(link: Link, stage: Stage, given: Option<VerificationTxt>) -> Result<State, Refusal> {
    let stage = match (stage, given) {
        (Stage::ConsentRequested, Some(txt)) => Stage::DomainPending(txt),
        (Stage::ConsentRequested, None) => return Err(Refusal::VerificationTxtRequired),
        (Stage::DomainPending(txt), _) => Stage::DomainVerified(txt),
        (Stage::DomainVerified(txt), _) => Stage::Activating(txt),
        (Stage::Activating(txt), _) => return Ok(State::Established { link, txt }),
    };
    Ok(State::Working { link, stage })
}

/// The route of one SBC region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The region.
    pub region: SbcRegionCode,
    /// Its state.
    pub state: State,
    /// When it entered this state or stage.
    pub since: Timestamp,
    /// The number of consecutive attempts for which Microsoft Graph was unreachable or sent an unusable response.
    pub attempts: i32,
    /// When the service will next attempt the pending step.
    pub due_at: Timestamp,
    /// The last error and when it occurred.
    pub last_error: Option<(Timestamp, String)>,
    /// The anchor user of its domain; `None` as long as the service has neither found nor made it.
    pub anchor: Option<Anchor>,
    /// Its voice routing policy in Teams; `None` as long as the service has not found it.
    pub voice_policy: Option<VoicePolicy>,
}

/// The Direct Routing settings of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DirectRouting {
    /// Increases by one with every change.
    pub version: i64,
    /// When the enterprise consented to management by its reseller; `None` if it has not.
    pub consent_given_at: Option<Timestamp>,
    /// The permissions that the service has in the tenant, sorted; `None` as long as it does not know them.
    pub permissions: Option<Vec<String>>,
    /// The started routes, sorted by region.
    pub routes: Vec<Route>,
}

impl DirectRouting {
    /// The route of a region, if it was started.
    #[must_use]
    pub fn route(&self, region: &SbcRegionCode) -> Option<&Route> {
        self.routes.iter().find(|route| route.region == *region)
    }

    /// The started routes of these regions, as blockers for removing the regions.
    #[must_use]
    pub fn blockers<'a>(&self, regions: impl Iterator<Item = &'a SbcRegionCode>) -> Blockers {
        let routes = regions.filter_map(|region| self.route(region));
        let listed: Vec<_> = routes
            .map(|route| Blocker {
                kind: "route",
                id: route.region.as_str().to_owned(),
                name: route.state.domain().map(|domain| domain.as_str().to_owned()).unwrap_or_default(),
                status: route.state.as_str(),
            })
            .collect();
        Blockers { total: i64::try_from(listed.len()).unwrap_or(i64::MAX), listed }
    }

    /// The state of the route of a region.
    #[must_use]
    pub fn state(&self, region: &SbcRegionCode) -> State {
        self.route(region).map_or(State::NotStarted, |route| route.state.clone())
    }

    /// Checks that at least one route is established, as PBXs and trunks require (R12, R13). The refusal names the next
    /// step of the route that is furthest along.
    pub fn check_established(&self) -> Result<(), Refusal> {
        if self.routes.iter().any(|route| route.state.is_established()) {
            return Ok(());
        }
        let furthest = self.routes.iter().max_by_key(|route| match &route.state {
            State::Working { stage, .. } | State::Failed { stage, .. } => match stage {
                Stage::ConsentRequested => 1,
                Stage::DomainPending(_) => 2,
                Stage::DomainVerified(_) => 3,
                Stage::Activating(_) => 4,
            },
            State::NotStarted | State::Established { .. } => 0,
        });
        Err(furthest.map_or_else(
            || not_established(None, &State::NotStarted),
            |route| not_established(Some(&route.region), &route.state),
        ))
    }

    /// Checks that the route of this region is established, as users require (R14).
    pub fn check_voice_route(&self, region: &SbcRegionCode) -> Result<(), Refusal> {
        let state = self.state(region);
        if state.is_established() { Ok(()) } else { Err(not_established(Some(region), &state)) }
    }
}

fn not_established(region: Option<&SbcRegionCode>, state: &State) -> Refusal {
    Refusal::DirectRoutingNotEstablished {
        region: region.map(|region| region.as_str().to_owned()),
        state: state.as_str(),
        next: Next::after(state).map(|next| next.step),
    }
}

/// Checks that an account of this tier may confirm a step of a route: staff and the enterprise always may, resellers
/// and master resellers only if the enterprise has consented.
pub fn check_may_confirm(tier: Tier, consent_given: bool) -> Result<(), Refusal> {
    match tier {
        Tier::Platform | Tier::Enterprise => Ok(()),
        Tier::MasterReseller | Tier::Reseller if consent_given => Ok(()),
        Tier::MasterReseller | Tier::Reseller => Err(Refusal::ManagementConsentMissing),
    }
}

#[cfg(test)]
mod tests;
