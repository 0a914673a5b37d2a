//! JSON of Direct Routing.

use chrono::{DateTime, Utc};
use domain::account::{Account, Tier};
use domain::direct_routing::{Command, Failure, Link, Next, Party, Stage, State};
use domain::enterprise::SbcRegionCode;
use domain::fault::{Fault, ItemFaults};
use domain::limited::{Limited, Limits};
use domain::values::host_name::HostName;
use domain::values::route_domain::{RouteDomain, VerificationTxt};
use domain::values::tenant::Tenant;
use domain::{direct_routing, limits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::error::Result;
use crate::http::field::Field;
use crate::http::validation::{Received, field_wrong, validate};
use crate::http::{Valid, nullable};
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
    /// The domain is verified. The tenant needs an unused Phone System licence.
    DomainVerified,
    /// Microsoft is preparing the domain for calls.
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

/// The next step of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"step": "publish_txt_record", "detail": "Publish the TXT record in the DNS of the route's domain."}))]
pub struct NextStep {
    /// The step: `start`, `give_consent`, `publish_txt_record`, `provide_licence`, `wait`, `retry` or `start_anew`.
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
        let by = match by {
            Party::Enterprise => ResponsibleParty::Enterprise,
            Party::Platform => ResponsibleParty::Platform,
            Party::Microsoft => ResponsibleParty::Microsoft,
        };
        Self { step: step.as_str(), by, detail: step.detail() }
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
    #[schema(value_type = shown::Detail)]
    pub detail: String,
}

/// The route of one SBC region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DirectRoutingRoute)]
#[schema(example = json!({"region": "emea", "domain": "kiosk.emea.teammate.example", "tenant": "kiosk.example", "sbcs": ["sbc1.emea.teammate.example"]}))]
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

/// This service may have permissions in many tenants. Only staff may name a tenant that is not proven to be the
/// enterprise's own.
const NOT_ALLOWED: &str =
    "Leave it out: it is the tenant of the enterprise's e-mail address. Ask staff if that is another one.";

/// The context in which a request to start a route is validated.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    /// The base domain of the route's region.
    pub base: &'a HostName,
    /// The e-mail address of the enterprise.
    pub address: &'a str,
    /// Whether the caller is staff.
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

/// A label as given. It is validated together with the base domain.
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

/// A request to start a route.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(
    nest_all_fields,
    context = "Start<'v_a>",
    schema(function = names_a_tenant, use_context, skip_on_field_errors = false)
)]
#[schema(example = json!({"label": "kiosk", "tenant": "kiosk.onmicrosoft.com"}))]
pub struct StartRoute {
    /// The label of its domain below the region's base domain: one DNS label of letters, digits and hyphens. The
    /// complete domain has at most 48 characters, and no other route may have it.
    #[schema(required = true)]
    #[validate(required, custom(function = names_a_domain, use_context))]
    label: LabelField,
    /// The enterprise's Microsoft 365 tenant: its id or one of its domains. Only staff may set it. If left out, it is
    /// the tenant of the domain in the enterprise's e-mail address.
    tenant: nullable::Tenant,
}

impl StartRoute {
    /// Validates the request and returns the domain and the tenant to connect. Fails with every error that was found.
    pub fn link(received: Received<Self>, start: &Start<'_>) -> Result<Link> {
        let Self { label, tenant } = validate(received, start)?.into_inner();
        Ok(Link {
            domain: start.domain(&label.required()).expect("a valid start names a domain"),
            tenant: start.tenant(tenant.given()).expect("a valid start names a tenant"),
        })
    }
}

/// Checks that the label and the base domain form a valid route domain.
fn names_a_domain(label: &LabelField, start: &Start<'_>) -> Result<(), ValidationError> {
    match label {
        Field::Given(label) => start.domain(label).map(drop).map_err(|fault| field_wrong("", fault)),
        _ => Ok(()),
    }
}

/// Checks that the tenant may be set, or that one can be derived from the e-mail address.
fn names_a_tenant(request: &StartRoute, start: &Start<'_>) -> Result<(), ValidationError> {
    start.tenant(request.tenant.clone().given()).map(drop).map_err(|fault| field_wrong("/tenant", fault))
}

/// A request to confirm a step.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"verification_txt": "MS=ms12345678"}))]
pub struct ConfirmRoute {
    /// The value of the TXT record that the Microsoft 365 admin center shows for the route's domain. Required in the
    /// state `consent_requested`, ignored in later states.
    verification_txt: nullable::VerificationTxt,
}

impl From<Valid<ConfirmRoute>> for Command {
    fn from(request: Valid<ConfirmRoute>) -> Self {
        let ConfirmRoute { verification_txt } = request.into_inner();
        Self::Confirm(verification_txt.given())
    }
}

type Routes = shown::Many<Route, 1, { limits::SBC_REGIONS_MAX }>;
