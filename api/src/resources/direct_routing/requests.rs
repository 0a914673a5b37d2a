//! Requests about routes, as JSON.

use domain::direct_routing::{Command, Link};
use domain::fault::{Fault, ItemFaults};
use domain::limited::{Limited, Limits};
use domain::limits;
use domain::values::host_name::HostName;
use domain::values::route_domain::RouteDomain;
use domain::values::tenant::Tenant;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::error::Result;
use crate::http::field::Field;
use crate::http::validation::{Received, field_wrong, validate};
use crate::http::{Valid, nullable};

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
