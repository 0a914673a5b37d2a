//! JSON of Direct Routing, as it is shown.

use chrono::{DateTime, Utc};
use domain::account::{Account, Tier};
use domain::direct_routing::{
    self, Anchor, AnchorState, Failure, Next, Party, Stage, State, VoicePolicy, anchor_name, policy_name,
    remove_script, set_up_script,
};
use domain::enterprise::SbcRegionCode;
use domain::limits;
use domain::values::route_domain::{RouteDomain, VerificationTxt};
use domain::values::tenant::Tenant;
use serde::Serialize;
use utoipa::ToSchema;

use super::permissions::PermissionConsent;
use crate::settings::sbc_regions::SbcRegionList;
use crate::shown;

/// Time to live of the TXT record, in seconds.
const TXT_TTL: u32 = 3600;

/// State of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RouteState {
    /// Not started.
    NotStarted,
    /// The domain must be added to the tenant, for which a Global Administrator must give consent.
    ConsentRequested,
    /// The TXT record must be published in the DNS, where Microsoft verifies it.
    DomainPending,
    /// The domain is verified. The tenant needs a user with a sign-in name in the domain, and an unused Teams Phone
    /// licence for it: see `anchor_user`.
    DomainVerified,
    /// Teams has to take notice of the licensed user, which activates the domain for calls.
    Activating,
    /// Ready: calls use this route.
    Established,
    /// Failed: `failure` and `last_error` tell why, `next` what to do.
    Failed,
}

impl From<&Stage> for RouteState {
    fn from(stage: &Stage) -> Self {
        match stage {
            Stage::ConsentRequested => Self::ConsentRequested,
            Stage::DomainPending(_) => Self::DomainPending,
            Stage::DomainVerified(_) => Self::DomainVerified,
            Stage::Activating(_) => Self::Activating,
        }
    }
}

/// Why a route failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RouteFailure {
    /// A step that others had to take was not taken in time.
    TimedOut,
    /// The domain belongs to another Microsoft 365 tenant.
    DomainTaken,
    /// The domain was removed from the tenant.
    DomainGone,
    /// Microsoft Graph refused the step.
    Refused,
    /// Microsoft Graph could not be reached, or gave invalid responses, for too long.
    Unreachable,
}

impl From<Failure> for RouteFailure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::TimedOut => Self::TimedOut,
            Failure::DomainTaken => Self::DomainTaken,
            Failure::DomainGone => Self::DomainGone,
            Failure::Refused => Self::Refused,
            Failure::Unreachable => Self::Unreachable,
        }
    }
}

/// The party that must take the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResponsibleParty {
    /// The enterprise, or somebody acting for it.
    Enterprise,
    /// The operator of this service, who runs the SBCs and the DNS of their base domains.
    Platform,
    /// Microsoft.
    Microsoft,
}

impl From<Party> for ResponsibleParty {
    fn from(party: Party) -> Self {
        match party {
            Party::Enterprise => Self::Enterprise,
            Party::Platform => Self::Platform,
            Party::Microsoft => Self::Microsoft,
        }
    }
}

/// The next step of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"step": "publish_txt_record", "detail": "Publish the TXT record in the DNS of the route's domain."}))]
pub struct NextStep {
    /// The step: `start`, `give_consent`, `publish_txt_record`, `provide_licence`, `wait`, `retry`, `start_anew` or
    /// `run_script`.
    #[schema(value_type = shown::Label)]
    pub step: &'static str,
    /// Who must take the step.
    pub by: ResponsibleParty,
    /// Instructions in plain English.
    #[schema(value_type = shown::Detail)]
    pub detail: &'static str,
}

impl From<Next> for NextStep {
    fn from(Next { step, by }: Next) -> Self {
        Self { step: step.as_str(), by: by.into(), detail: step.detail() }
    }
}

/// How far the anchor user of a route has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnchorUserState {
    /// There is none yet. Without Microsoft Graph, the service does not know of one.
    Missing,
    /// It is in the tenant's directory and waits for a licence.
    Created,
    /// It has a licence. Teams has to take notice of it, which takes up to 24 hours.
    Licensed,
    /// Teams knows it: the domain is activated.
    Known,
}

impl From<Option<Anchor>> for AnchorUserState {
    fn from(anchor: Option<Anchor>) -> Self {
        match anchor.map(|anchor| anchor.state) {
            None => Self::Missing,
            Some(AnchorState::Created) => Self::Created,
            Some(AnchorState::Licensed) => Self::Licensed,
            Some(AnchorState::Known) => Self::Known,
        }
    }
}

/// The anchor user of a route. Microsoft activates a domain once the tenant has a licensed user whose sign-in name is in
/// it. If the service takes the steps itself, it makes this user, gives it a licence with Teams Phone, and takes the
/// licence back once the domain is activated. The user stays, and is made again if somebody deletes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"user_principal_name": "teammate@kiosk.emea.teammate.example", "state": "licensed", "licence_held": true}))]
pub struct AnchorUser {
    /// Its sign-in name.
    #[schema(value_type = shown::UserPrincipalName)]
    pub user_principal_name: String,
    /// How far it has got.
    pub state: AnchorUserState,
    /// Whether it has a licence that the service gave it and will take back.
    #[schema(example = true)]
    pub licence_held: bool,
    /// What it waits for and who must do that; `null` once Teams knows it.
    pub next: Option<NextStep>,
}

impl AnchorUser {
    /// The anchor user of a route in this state, if one is known or needed.
    fn of(state: &State, anchor: Option<Anchor>) -> Option<Self> {
        let needs_one = match state {
            State::Working { stage, .. } | State::Failed { stage, .. } => {
                matches!(stage, Stage::DomainVerified(_) | Stage::Activating(_))
            }
            State::NotStarted | State::Established { .. } => false,
        };
        let domain = state.domain().filter(|_| needs_one || anchor.is_some())?;
        Some(Self {
            user_principal_name: anchor_name(domain),
            state: anchor.into(),
            licence_held: anchor.is_some_and(Anchor::holds_licence),
            next: Anchor::next(anchor).map(Into::into),
        })
    }
}

/// The voice routing of an established route in Teams: the policy that leads the calls of users to the route's domain.
/// Microsoft Graph can't make it, so an administrator of the tenant runs a script: see
/// `GET /enterprises/{enterprise_id}/direct-routing/routes/{region}/powershell`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"policy_name": "TeamMate kiosk.emea.teammate.example", "policy_id": "J93PmFHwFcLZhWfYcBlv9pn"}))]
pub struct VoiceRouting {
    /// The name of the voice routing policy, which the script makes.
    #[schema(value_type = shown::PolicyName)]
    pub policy_name: String,
    /// The id of the policy at Microsoft; `null` if the service has not found it. It looks for it only if it takes the
    /// steps itself (`automatic`).
    #[schema(value_type = Option<shown::PolicyId>)]
    pub policy_id: Option<String>,
    /// When the service found it; `null` if it has not.
    pub found_at: Option<DateTime<Utc>>,
    /// The next step and who must take it; `null` once the policy was found, and if the service does not look for it.
    pub next: Option<NextStep>,
}

impl VoiceRouting {
    fn of(state: &State, found: Option<&VoicePolicy>, automatic: bool) -> Option<Self> {
        let State::Established { link, .. } = state else { return None };
        let next = Next { step: domain::next_step::NextStep::RunScript, by: Party::Enterprise };
        Some(Self {
            policy_name: policy_name(&link.domain),
            policy_id: found.map(|policy| policy.id.clone()),
            found_at: found.map(|policy| policy.found_at),
            next: (automatic && found.is_none()).then(|| next.into()),
        })
    }
}

/// Teams PowerShell scripts for an administrator of the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"policy_name": "TeamMate kiosk.emea.teammate.example", "set_up": "$name = 'TeamMate kiosk.emea.teammate.example'", "remove": "$name = 'TeamMate kiosk.emea.teammate.example'"}))]
pub struct VoiceRoutingScripts {
    /// The name of the voice routing policy that the script makes.
    #[schema(value_type = shown::PolicyName)]
    pub policy_name: String,
    /// The script that makes the PSTN usage, the voice route to the route's domain, the voice routing policy and the dial
    /// plan. It can be run again, and changes nothing else.
    #[schema(value_type = shown::Script)]
    pub set_up: String,
    /// The script that removes all of them. It can be run again, too.
    #[schema(value_type = shown::Script)]
    pub remove: String,
}

impl VoiceRoutingScripts {
    /// The scripts for a domain, to be run in a tenant.
    #[must_use]
    pub fn new(domain: &RouteDomain, tenant: &Tenant) -> Self {
        let (set_up, remove) = (set_up_script(domain, tenant), remove_script(domain, tenant));
        Self { policy_name: policy_name(domain), set_up, remove }
    }
}

/// A DNS record to publish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"type": "TXT", "name": "kiosk.emea.teammate.example", "value": "MS=ms12345678", "ttl": 3600}))]
pub struct DnsRecord {
    /// The record type, always `TXT`.
    #[serde(rename = "type")]
    #[schema(value_type = shown::Constant)]
    pub kind: &'static str,
    /// The name of the record, which is the route's domain.
    #[schema(value_type = shown::RouteDomain)]
    pub name: String,
    /// The value of the record, without quotes.
    #[schema(value_type = shown::TxtValue)]
    pub value: String,
    /// Time to live, in seconds.
    #[schema(value_type = shown::DnsTtl)]
    pub ttl: u32,
}

/// The latest error of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"detail": "Microsoft does not find the TXT record yet."}))]
pub struct RouteError {
    /// When the error occurred.
    pub at: DateTime<Utc>,
    /// The error in plain English.
    #[schema(value_type = shown::RouteError)]
    pub detail: String,
}

/// The route of one SBC region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DirectRoutingRoute)]
#[schema(example = json!({"region": "emea", "domain": "kiosk.emea.teammate.example", "tenant": "kiosk.example", "anchor_user": null, "voice_routing": null, "sbcs": ["sbc1.emea.teammate.example"]}))]
pub struct Route {
    /// The code of the SBC region.
    #[schema(value_type = shown::RegionCode)]
    pub region: String,
    /// State of the route.
    pub state: RouteState,
    /// When it entered this state; `null` while it is not started.
    pub since: Option<DateTime<Utc>>,
    /// The domain of the route; `null` while it is not started.
    #[schema(value_type = Option<shown::RouteDomain>)]
    pub domain: Option<String>,
    /// The Microsoft 365 tenant to which the domain is added: its id or one of its domains; `null` while the route is
    /// not started.
    #[schema(value_type = Option<shown::Host>)]
    pub tenant: Option<String>,
    /// The exact DNS record to publish from `domain_pending` on; `null` while it is not known.
    pub dns_record: Option<DnsRecord>,
    /// The licensed user that makes Microsoft activate the domain; `null` until the domain is verified, and for routes
    /// that were established by hand.
    pub anchor_user: Option<AnchorUser>,
    /// The voice routing of the route in Teams; `null` until the route is established.
    pub voice_routing: Option<VoiceRouting>,
    /// The next step and who must take it; `null` once the route is established.
    pub next: Option<NextStep>,
    /// Why the route failed; `null` unless it has failed.
    pub failure: Option<RouteFailure>,
    /// The state to which `retry` returns a failed route; `null` unless it has failed.
    pub failed_in: Option<RouteState>,
    /// The latest error in this state; `null` if there was none.
    pub last_error: Option<RouteError>,
    /// When the service next attempts the step itself; `null` if it does not.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// The host names of the region's session border controllers.
    #[schema(value_type = shown::Sbcs)]
    pub sbcs: Vec<String>,
}

/// The next step of a route. If the anchor user has lost its licence while Teams has to take notice of it, another one has to
/// be free.
fn next(state: &State, route: Option<&direct_routing::Route>) -> Option<Next> {
    let anchor = route.and_then(|route| route.anchor);
    match (state, anchor) {
        (State::Working { stage: Stage::Activating(_), .. }, Some(_)) => Anchor::next(anchor),
        _ => Next::after(state),
    }
}

/// An enterprise's consent to being managed: with it, its reseller and master reseller may confirm steps of its routes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ManagementConsent {
    /// Whether the reseller asks for the consent (the enterprise's `request_management_consent`).
    #[schema(example = true)]
    pub requested: bool,
    /// When the enterprise gave the consent; `null` if there is no consent.
    pub given_at: Option<DateTime<Utc>>,
}

/// The Direct Routing of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DirectRouting {
    /// Id of the enterprise.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q")]
    pub enterprise_id: String,
    /// Whether at least one route is established. Required before PBXs and trunks can be added.
    #[schema(example = false)]
    pub established: bool,
    /// Whether the service takes the steps itself through Microsoft Graph. If not, each step must be confirmed
    /// manually.
    #[schema(example = false)]
    pub automatic: bool,
    /// The enterprise's consent to being managed.
    pub management_consent: ManagementConsent,
    /// The permissions that the service needs in the enterprise's tenant; empty if it does not take the steps itself.
    #[schema(value_type = Consents)]
    pub consents: Vec<PermissionConsent>,
    /// The routes, one for each of the enterprise's `sbc_regions`, in alphabetical order.
    #[schema(value_type = Routes)]
    pub routes: Vec<Route>,
}

impl DirectRouting {
    /// The JSON of an enterprise's Direct Routing: one route for each of its SBC regions, started or not.
    #[must_use]
    pub fn view(
        account: &Account,
        routing: &direct_routing::DirectRouting,
        regions: &SbcRegionList,
        automatic: bool,
    ) -> Self {
        let enterprise = account.enterprise.as_ref();
        let codes = enterprise.into_iter().flat_map(|enterprise| enterprise.sbc_regions.iter());
        let routes: Vec<_> = codes.map(|code| route(code, routing, regions, automatic)).collect();
        Self {
            enterprise_id: Tier::Enterprise.format_id(account.id),
            established: routing.check_established().is_ok(),
            automatic,
            management_consent: ManagementConsent {
                requested: enterprise.is_some_and(|enterprise| enterprise.switches.request_management_consent),
                given_at: routing.consent_given_at,
            },
            consents: if automatic { PermissionConsent::all(routing.permissions.as_ref()) } else { Vec::new() },
            routes,
        }
    }
}

fn route(
    code: &SbcRegionCode,
    routing: &direct_routing::DirectRouting,
    regions: &SbcRegionList,
    automatic: bool,
) -> Route {
    let (known, state) = (routing.route(code), routing.state(code));
    let domain = state.domain().map(|domain| domain.as_str().to_owned());
    let (name, failure, failed_in) = match &state {
        State::NotStarted => (RouteState::NotStarted, None, None),
        State::Working { stage, .. } => (stage.into(), None, None),
        State::Established { .. } => (RouteState::Established, None, None),
        State::Failed { stage, reason, .. } => (RouteState::Failed, Some((*reason).into()), Some(stage.into())),
    };
    let record = |txt: &VerificationTxt| DnsRecord {
        kind: "TXT",
        name: domain.clone().unwrap_or_default(),
        value: txt.as_str().to_owned(),
        ttl: TXT_TTL,
    };
    let region = regions.regions().iter().find(|region| region.code == *code);
    let tried = |route: &&direct_routing::Route| automatic && matches!(route.state, State::Working { .. });
    Route {
        region: code.as_str().to_owned(),
        state: name,
        since: known.map(|route| route.since),
        dns_record: state.txt().map(record),
        anchor_user: AnchorUser::of(&state, known.and_then(|route| route.anchor)),
        voice_routing: VoiceRouting::of(&state, known.and_then(|route| route.voice_policy.as_ref()), automatic),
        domain,
        tenant: state.link().map(|link| link.tenant.as_str().to_owned()),
        next: next(&state, known).map(Into::into),
        failure,
        failed_in,
        last_error: known.and_then(|route| route.last_error.clone()).map(|(at, detail)| RouteError { at, detail }),
        next_attempt_at: known.filter(tried).map(|route| route.due_at),
        sbcs: region.iter().flat_map(|region| &region.sbcs).map(|sbc| sbc.as_str().to_owned()).collect(),
    }
}

type Consents = shown::Many<PermissionConsent, 0, { limits::PERMISSIONS_MAX }>;
type Routes = shown::Many<Route, 1, { limits::SBC_REGIONS_MAX }>;
