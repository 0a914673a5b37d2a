//! Direct Routing: how the route of each SBC region comes to connect an enterprise's Microsoft 365 tenant (R11).

mod attempt;
mod next;

pub use attempt::{Outcome, Verdict, judge};
pub use next::{Next, Party};

use crate::Timestamp;
use crate::account::Tier;
use crate::enterprise::SbcRegionCode;
use crate::refusal::{Blocker, Blockers, Refusal};
use crate::values::route_domain::{RouteDomain, VerificationTxt};
use crate::values::tenant::Tenant;

/// What a route that was started waits for, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// The tenant has to take the domain on, which its administrator consents to.
    ConsentRequested,
    /// The TXT record has to be published and found.
    DomainPending(VerificationTxt),
    /// The tenant needs a spare Phone System licence.
    DomainVerified(VerificationTxt),
    /// Microsoft makes the domain ready for calls.
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

    /// Whether the tenant has taken the domain on, so that it has to be there.
    #[must_use]
    pub const fn is_about_domain(&self) -> bool {
        matches!(self, Self::DomainPending(_) | Self::Activating(_))
    }

    /// The stage of that name, if the record that it needs is there and no other.
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

    /// The TXT record, from the moment on at which it is known.
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
    /// What somebody else had to do was not done in time.
    TimedOut,
    /// Another tenant has the domain.
    DomainTaken,
    /// The domain was taken out of the tenant.
    DomainGone,
    /// Microsoft Graph refused the step.
    Refused,
    /// Microsoft Graph could not be reached, or gave no sense, for too long.
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

    /// The reason of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|failure| failure.as_str() == text)
    }
}

/// What a route connects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its domain.
    pub domain: RouteDomain,
    /// The tenant that takes the domain on.
    pub tenant: Tenant,
}

/// Where a route stands. A domain is there from the start on, the TXT record as soon as the tenant gave it, and a
/// reason only when the route failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nobody has started it.
    NotStarted,
    /// On its way.
    Working {
        /// What it connects.
        link: Link,
        /// What it waits for.
        stage: Stage,
    },
    /// Calls go through it.
    Established {
        /// What it connects.
        link: Link,
        /// The record that proved whose the domain is.
        txt: VerificationTxt,
    },
    /// Stopped, with a way back.
    Failed {
        /// What it connects.
        link: Link,
        /// Where a retry takes it up again.
        stage: Stage,
        /// Why.
        reason: Failure,
    },
}

/// What can be done to a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Begin, with this domain and tenant.
    Start(Link),
    /// What it waits for has happened. The first time it comes with the TXT record.
    Confirm(Option<VerificationTxt>),
    /// What it waits for can't happen.
    Fail(Failure),
    /// Take it up again.
    Retry,
    /// Give it up and free its domain.
    Remove,
}

impl Command {
    /// What the command does, as a past participle for messages and events.
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

    /// What it connects, once it was started.
    #[must_use]
    pub const fn link(&self) -> Option<&Link> {
        match self {
            Self::NotStarted => None,
            Self::Working { link, .. } | Self::Established { link, .. } | Self::Failed { link, .. } => Some(link),
        }
    }

    /// Its domain, once it was started.
    #[must_use]
    pub fn domain(&self) -> Option<&RouteDomain> {
        self.link().map(|link| &link.domain)
    }

    /// Its TXT record, once it is known.
    #[must_use]
    pub const fn txt(&self) -> Option<&VerificationTxt> {
        match self {
            Self::NotStarted => None,
            Self::Working { stage, .. } | Self::Failed { stage, .. } => stage.txt(),
            Self::Established { txt, .. } => Some(txt),
        }
    }

    /// Whether calls go through it.
    #[must_use]
    pub const fn is_established(&self) -> bool {
        matches!(self, Self::Established { .. })
    }

    /// The state after a command, or why it can't be given here.
    pub fn after(self, command: Command) -> Result<Self, Refusal> {
        match (self, command) {
            (Self::NotStarted, Command::Start(link)) => Ok(Self::Working { link, stage: Stage::ConsentRequested }),
            (Self::Working { link, stage }, Command::Confirm(txt)) => confirm(link, stage, txt),
            (Self::Working { link, stage }, Command::Fail(reason)) => {
                // A domain that left the tenant has to be taken on again.
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
    /// Where it stands.
    pub state: State,
    /// Since when it stands there.
    pub since: Timestamp,
    /// Attempts in a row that Microsoft Graph did not answer with sense.
    pub attempts: i32,
    /// When the service tries the next step by itself.
    pub due_at: Timestamp,
    /// What went wrong last, and when.
    pub last_error: Option<(Timestamp, String)>,
}

/// The Direct Routing of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DirectRouting {
    /// Grows by one with every change.
    pub version: i64,
    /// Since when its reseller may manage it.
    pub consent_given_at: Option<Timestamp>,
    /// The routes that were started, by region.
    pub routes: Vec<Route>,
}

impl DirectRouting {
    /// The route of a region, if it was started.
    #[must_use]
    pub fn route(&self, region: &SbcRegionCode) -> Option<&Route> {
        self.routes.iter().find(|route| route.region == *region)
    }

    /// The started routes of these regions, as what stands in the way of giving the regions up.
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

    /// Where the route of a region stands.
    #[must_use]
    pub fn state(&self, region: &SbcRegionCode) -> State {
        self.route(region).map_or(State::NotStarted, |route| route.state.clone())
    }

    /// A PBX or a trunk needs one established route at least (R12, R13). A refusal names what comes next on the route
    /// that has come furthest.
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

    /// Users are routed through an established route of their enterprise (R14).
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

/// Who may say that a step was taken: the enterprise itself, staff, and those between them if the enterprise has
/// consented to it.
pub fn check_may_confirm(tier: Tier, consent_given: bool) -> Result<(), Refusal> {
    match tier {
        Tier::Platform | Tier::Enterprise => Ok(()),
        Tier::MasterReseller | Tier::Reseller if consent_given => Ok(()),
        Tier::MasterReseller | Tier::Reseller => Err(Refusal::ManagementConsentMissing),
    }
}

#[cfg(test)]
mod tests;
