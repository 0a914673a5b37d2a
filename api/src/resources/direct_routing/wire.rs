//! Direct Routing on the wire.

use chrono::{DateTime, Utc};
use domain::account::{Account, Tier};
use domain::direct_routing;
use domain::direct_routing::{Failure, Link, Next, Party, Stage, State};
use domain::enterprise::SbcRegionCode;
use domain::fault::Fault;
use domain::values::host_name::HostName;
use domain::values::route_domain::{RouteDomain, VerificationTxt};
use domain::values::tenant::Tenant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Error;
use crate::http::{Field, Members, Unknown};
use crate::settings::sbc_regions::SbcRegionList;

/// How long the TXT record may be cached, in seconds.
const TXT_TTL: u32 = 3600;

/// Where a route stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RouteState {
    /// Nobody has started it.
    NotStarted,
    /// The tenant has to take the domain on, which its administrator consents to.
    ConsentRequested,
    /// The TXT record has to be published and found.
    DomainPending,
    /// The tenant needs a spare Phone System licence.
    DomainVerified,
    /// Microsoft makes the domain ready for calls.
    Activating,
    /// Calls go through it.
    Established,
    /// Stopped; `failure`, `last_error` and `next` say why and what to do.
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
    /// What somebody else had to do was not done in time.
    TimedOut,
    /// Another Microsoft 365 tenant has the domain.
    DomainTaken,
    /// The domain was taken out of the tenant.
    DomainGone,
    /// Microsoft Graph refused the step.
    Refused,
    /// Microsoft Graph could not be reached, or gave no sense, for too long.
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

/// Who must take the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResponsibleParty {
    /// The enterprise, or whoever acts for it.
    Enterprise,
    /// Whoever runs the SBCs and the DNS of their base domain: the operators of this service.
    Platform,
    /// Microsoft.
    Microsoft,
}

/// What comes next on a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NextStep {
    /// What has to be done: `start`, `give_consent`, `publish_txt_record`, `provide_licence`, `wait`, `retry` or
    /// `start_anew`.
    #[schema(example = "publish_txt_record", max_length = 40)]
    pub step: &'static str,
    /// Who must do it.
    pub by: ResponsibleParty,
    /// How, for people.
    #[schema(example = "Publish the TXT record in the DNS of the route's domain.", max_length = 500)]
    pub detail: &'static str,
}

impl From<Next> for NextStep {
    fn from(Next { step, by }: Next) -> Self {
        let by = match by {
            Party::Enterprise => ResponsibleParty::Enterprise,
            Party::Platform => ResponsibleParty::Platform,
            Party::Microsoft => ResponsibleParty::Microsoft,
        };
        Self { step: step.as_str(), by, detail: step.detail() }
    }
}

/// A record to be published in the DNS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DnsRecord {
    /// Its type.
    #[serde(rename = "type")]
    #[schema(example = "TXT", max_length = 10)]
    pub kind: &'static str,
    /// Its name.
    #[schema(example = "kiosk.emea.teammate.example", format = "hostname", max_length = 48)]
    pub name: String,
    /// Its value, without quotes.
    #[schema(example = "MS=ms12345678", max_length = 100)]
    pub value: String,
    /// For how many seconds it may be cached.
    #[schema(example = 3600, minimum = 1, maximum = 86400)]
    pub ttl: u32,
}

/// What went wrong last on a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RouteError {
    /// When.
    pub at: DateTime<Utc>,
    /// What, for people.
    #[schema(example = "Microsoft does not find the TXT record yet.", max_length = 500)]
    pub detail: String,
}

/// The route of one SBC region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DirectRoutingRoute)]
pub struct Route {
    /// The code of the region.
    #[schema(example = "emea", max_length = 20)]
    pub region: String,
    /// Where the route stands.
    pub state: RouteState,
    /// Since when; `null` while it is not started.
    pub since: Option<DateTime<Utc>>,
    /// Its domain; `null` while it is not started.
    #[schema(example = "kiosk.emea.teammate.example", format = "hostname", max_length = 48)]
    pub domain: Option<String>,
    /// The Microsoft 365 tenant that takes the domain on: its id, or a domain of it; `null` while it is not started.
    #[schema(example = "kiosk.example", max_length = 253)]
    pub tenant: Option<String>,
    /// The record that has to be in the DNS from `domain_pending` on, exactly; `null` while it is not known.
    pub dns_record: Option<DnsRecord>,
    /// What comes next and who must do it; `null` once it is established.
    pub next: Option<NextStep>,
    /// Why it failed; `null` unless it did.
    pub failure: Option<RouteFailure>,
    /// Where `retry` takes a route that failed up again; `null` unless it did.
    pub failed_in: Option<RouteState>,
    /// What went wrong last in this state; `null` if nothing did.
    pub last_error: Option<RouteError>,
    /// When the service tries the next step by itself; `null` when it does not.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// The host names of the session border controllers of the region.
    #[schema(max_items = 50, example = json!(["sbc1.emea.teammate.example"]))]
    pub sbcs: Vec<String>,
}

/// Whether those above an enterprise may confirm steps for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ManagementConsent {
    /// Whether its reseller asks for it (the enterprise's `request_management_consent`).
    #[schema(example = true)]
    pub requested: bool,
    /// When the enterprise gave it; `null` if it has not.
    pub given_at: Option<DateTime<Utc>>,
}

/// The Direct Routing of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DirectRouting {
    /// The enterprise.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub enterprise_id: String,
    /// Whether one route at least is established, so that PBXs and trunks can be added.
    #[schema(example = false)]
    pub established: bool,
    /// Whether the service takes the steps by itself, through Microsoft Graph; otherwise each is confirmed by hand.
    #[schema(example = false)]
    pub automatic: bool,
    /// Whether those above the enterprise may confirm steps for it.
    pub management_consent: ManagementConsent,
    /// The routes, one for each of the enterprise's `sbc_regions`, in alphabetical order.
    #[schema(min_items = 1, max_items = 100)]
    pub routes: Vec<Route>,
}

impl DirectRouting {
    /// How the Direct Routing of an enterprise looks.
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
        domain,
        tenant: state.link().map(|link| link.tenant.as_str().to_owned()),
        next: Next::of(&state).map(Into::into),
        failure,
        failed_in,
        last_error: known.and_then(|route| route.last_error.clone()).map(|(at, detail)| RouteError { at, detail }),
        next_attempt_at: known.filter(tried).map(|route| route.due_at),
        sbcs: region.iter().flat_map(|region| &region.sbcs).map(|sbc| sbc.as_str().to_owned()).collect(),
    }
}

/// This service may have rights in many tenants: nobody but staff points it at one that is not shown to be the enterprise's.
const NOT_ALLOWED: &str =
    "Leave it out: it is the tenant of the enterprise's e-mail address. Ask staff if that is another one.";

/// The start of a route.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct StartRoute {
    /// The label of its domain below the base domain of the region: one DNS label of letters, digits and hyphens. The
    /// whole name has 48 characters at most, and no other route has it.
    #[schema(value_type = String, required = true, example = "kiosk", min_length = 1, max_length = 46)]
    #[serde(default)]
    label: Field<String>,
    /// The enterprise's Microsoft 365 tenant: its id, or a domain of it. Only staff name one; if it is left out, it is the
    /// tenant that has the domain of the enterprise's e-mail address.
    #[schema(value_type = Option<String>, example = "kiosk.onmicrosoft.com", min_length = 3, max_length = 253)]
    #[serde(default)]
    tenant: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl StartRoute {
    /// The link of a domain below a base domain to a tenant, which that of an e-mail address stands in for; or everything that
    /// is wrong with it.
    pub fn link(self, base: &HostName, email: &str, by_staff: bool) -> Result<Link, Error> {
        let mut members = Members::new(self.unknown);
        let domain = members.required("/label", self.label, |label| RouteDomain::below(label, base));
        let given = members.nullable("/tenant", self.tenant, Tenant::parse);
        let tenant = match given.flatten() {
            Some(tenant) if by_staff => Some(tenant),
            Some(_) => members.fault("/tenant", Fault::new("not_allowed", NOT_ALLOWED)),
            None => Tenant::of_address(email).map_or_else(|fault| members.fault("/tenant", fault), Some),
        };
        members.finish(domain.zip(tenant).map(|(domain, tenant)| Link { domain, tenant }))
    }
}

/// The confirmation of a step.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct ConfirmRoute {
    /// The value of the TXT record as the Microsoft 365 admin center shows it for the route's domain. Required in
    /// `consent_requested`, and of no meaning later.
    #[schema(value_type = Option<String>, example = "MS=ms12345678", min_length = 4, max_length = 100, pattern = "^MS=[A-Za-z0-9]+$")]
    #[serde(default)]
    verification_txt: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl ConfirmRoute {
    /// The record, or everything that is wrong with it.
    pub fn txt(self) -> Result<Option<VerificationTxt>, Error> {
        let mut members = Members::new(self.unknown);
        let txt = members.nullable("/verification_txt", self.verification_txt, VerificationTxt::parse);
        members.finish(Some(txt.flatten()))
    }
}
