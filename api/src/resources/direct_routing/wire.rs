//! Direct Routing on the wire.

use chrono::{DateTime, Utc};
use domain::account::{Account, Tier};
use domain::direct_routing;
use domain::direct_routing::{Command, Failure, Link, Next, Party, Stage, State};
use domain::enterprise::SbcRegionCode;
use domain::fault::{Fault, ItemFaults};
use domain::limited::{Limited, Limits};
use domain::limits;
use domain::values::host_name::HostName;
use domain::values::route_domain::{RouteDomain, VerificationTxt};
use domain::values::tenant::Tenant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::error::Error;
use crate::http::field::{Field, Unknown};
use crate::http::validation::{member_wrong, validate};
use crate::http::{Valid, nullable};
use crate::settings::sbc_regions::SbcRegionList;
use crate::shown;

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
#[schema(example = json!({"step": "publish_txt_record", "detail": "Publish the TXT record in the DNS of the route's domain."}))]
pub struct NextStep {
    /// What has to be done: `start`, `give_consent`, `publish_txt_record`, `provide_licence`, `wait`, `retry` or
    /// `start_anew`.
    #[schema(value_type = shown::Label)]
    pub step: &'static str,
    /// Who must do it.
    pub by: ResponsibleParty,
    /// How, for people.
    #[schema(value_type = shown::Detail)]
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
#[schema(example = json!({"type": "TXT", "name": "kiosk.emea.teammate.example", "value": "MS=ms12345678", "ttl": 3600}))]
pub struct DnsRecord {
    /// Its type.
    #[serde(rename = "type")]
    #[schema(value_type = shown::Constant)]
    pub kind: &'static str,
    /// Its name.
    #[schema(value_type = shown::RouteDomain)]
    pub name: String,
    /// Its value, without quotes.
    #[schema(value_type = shown::TxtValue)]
    pub value: String,
    /// For how many seconds it may be cached.
    #[schema(value_type = shown::DnsTtl)]
    pub ttl: u32,
}

/// What went wrong last on a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"detail": "Microsoft does not find the TXT record yet."}))]
pub struct RouteError {
    /// When.
    pub at: DateTime<Utc>,
    /// What, for people.
    #[schema(value_type = shown::Detail)]
    pub detail: String,
}

/// The route of one SBC region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DirectRoutingRoute)]
#[schema(example = json!({"region": "emea", "domain": "kiosk.emea.teammate.example", "tenant": "kiosk.example", "sbcs": ["sbc1.emea.teammate.example"]}))]
pub struct Route {
    /// The code of the region.
    #[schema(value_type = shown::RegionCode)]
    pub region: String,
    /// Where the route stands.
    pub state: RouteState,
    /// Since when; `null` while it is not started.
    pub since: Option<DateTime<Utc>>,
    /// Its domain; `null` while it is not started.
    #[schema(value_type = Option<shown::RouteDomain>)]
    pub domain: Option<String>,
    /// The Microsoft 365 tenant that takes the domain on: its id, or a domain of it; `null` while it is not started.
    #[schema(value_type = Option<shown::Host>)]
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
    #[schema(value_type = shown::Sbcs)]
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
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q")]
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
    #[schema(value_type = Routes)]
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
        next: Next::after(&state).map(Into::into),
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

/// What the start of a route depends on.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    /// The base domain of its region.
    pub base: &'a HostName,
    /// The e-mail address of the enterprise.
    pub address: &'a str,
    /// Whether staff start it.
    pub by_staff: bool,
}

impl Start<'_> {
    fn domain(&self, GivenLabel(label): &GivenLabel) -> Result<RouteDomain, Fault> {
        RouteDomain::below(label, self.base)
    }

    fn tenant(&self, given: Option<Tenant>) -> Result<Tenant, Fault> {
        match given {
            Some(_) if !self.by_staff => Err(Fault::new("not_allowed", NOT_ALLOWED)),
            Some(tenant) => Ok(tenant),
            None => Tenant::of_address(self.address),
        }
    }
}

/// A label that is yet to be read together with the base domain.
#[derive(Debug, Clone)]
struct GivenLabel(String);

impl Limited for GivenLabel {
    type Given = str;
    const LIMITS: Limits = Limits::text(1, limits::ROUTE_LABEL_MAX);
    fn read(given: &str) -> Result<Self, ItemFaults> {
        Ok(Self(given.to_owned()))
    }
}

type LabelField = Field<GivenLabel>;

/// The start of a route.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[validate(
    nest_all_fields,
    context = "Start<'v_a>",
    schema(function = names_a_tenant, use_context, skip_on_field_errors = false)
)]
#[schema(example = json!({"label": "kiosk", "tenant": "kiosk.onmicrosoft.com"}))]
pub struct StartRoute {
    /// The label of its domain below the base domain of the region: one DNS label of letters, digits and hyphens. The
    /// whole name has 48 characters at most, and no other route has it.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required, custom(function = names_a_domain, use_context))]
    label: LabelField,
    /// The enterprise's Microsoft 365 tenant: its id, or a domain of it. Only staff name one; if it is left out, it is the
    /// tenant that has the domain of the enterprise's e-mail address.
    #[serde(default)]
    tenant: nullable::Tenant,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl StartRoute {
    /// The link of a domain below the base domain to a tenant, which that of the e-mail address stands in for; or everything
    /// that is wrong with it.
    pub fn link(self, start: &Start<'_>) -> Result<Link, Error> {
        let Self { label, tenant, unknown: _ } = validate(self, start)?.into_inner();
        Ok(Link {
            domain: start.domain(&label.required()).expect("a valid start names a domain"),
            tenant: start.tenant(tenant.given()).expect("a valid start names a tenant"),
        })
    }
}

/// A label makes a domain with the base domain.
fn names_a_domain(label: &LabelField, start: &Start<'_>) -> Result<(), ValidationError> {
    match label {
        Field::Given(label) => start.domain(label).map(drop).map_err(|fault| member_wrong("", fault)),
        _ => Ok(()),
    }
}

/// Staff name a tenant, or it is that of the e-mail address.
fn names_a_tenant(request: &StartRoute, start: &Start<'_>) -> Result<(), ValidationError> {
    start.tenant(request.tenant.clone().given()).map(drop).map_err(|fault| member_wrong("/tenant", fault))
}

/// The confirmation of a step.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"verification_txt": "MS=ms12345678"}))]
pub struct ConfirmRoute {
    /// The value of the TXT record as the Microsoft 365 admin center shows it for the route's domain. Required in
    /// `consent_requested`, and of no meaning later.
    #[serde(default)]
    verification_txt: nullable::VerificationTxt,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<ConfirmRoute>> for Command {
    fn from(request: Valid<ConfirmRoute>) -> Self {
        let ConfirmRoute { verification_txt, unknown: _ } = request.into_inner();
        Self::Confirm(verification_txt.given())
    }
}

/// The routes of an enterprise.
type Routes = shown::Many<Route, 1, { limits::SBC_REGIONS_MAX }>;
