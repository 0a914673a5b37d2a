//! The limits of every value that callers give, in one place. Validation and the published schema both use them (S6).

use crate::Timestamp;
use crate::api_client::{AllowedNetworks, PreviousSecretSeconds};
use crate::authority::Role;
use crate::enterprise::{Country, RegionCodes, SbcRegionCode, UserLimit};
use crate::event::TypePattern;
use crate::fault::{Fault, ItemFaults};
use crate::id::{GivenId, PbxId, TrunkId};
use crate::instant;
use crate::limits::{
    ADJUSTMENT_REASON_MAX, AUTHENTICATION_NAME_MAX, BILLING_REFERENCE_MAX, CLIENT_NETWORKS_MAX, CODE_MAX, CODECS_MAX,
    CONCURRENT_CALLS, COUNTRY_LENGTH, EMAIL_MAX, EMAIL_MIN, EVENT_TYPES_MAX, FEATURE_CODE_MAX, HOST_MIN, HOST_NAME_MAX,
    HOST_NAME_MIN, ID_MAX, NAME_MAX, PERSON_NAME_MAX, PORTS, PREVIOUS_SECRET_SECONDS_MAX, REGISTRATION_EXPIRY_SECONDS,
    REJECTION_REASON_MAX, RETURN_URL_MAX, SBC_REGION_CODE_MAX, SBC_REGIONS_MAX, SERVICES_MAX, SIP_PASSWORD_MAX,
    SIP_URI_MAX, SIP_URI_MIN, SIP_USER_MAX, TAG_MAX, TRUNK_ADDRESSES_MAX, USER_LIMIT_MAX, USER_PRINCIPAL_NAME_MAX,
    USER_PRINCIPAL_NAME_MIN, VERIFICATION_TXT_MAX, VERIFICATION_TXT_MIN, WEBHOOK_DESCRIPTION_MAX, WEBHOOK_URL_MAX,
};
use crate::pbx::{DnsLookup, FeatureCode, PbxType, RegistrationExpiry};
use crate::second_factor::Code;
use crate::services::Services;
use crate::trunk::{Codecs, ConcurrentCalls, Method, parse_networks};

use crate::values::email::EmailAddress;
use crate::values::host_name::HostName;
use crate::values::language::Language;
use crate::values::network::{Host, Network, Port, Transport};
use crate::values::return_url::ReturnUrl;
use crate::values::route_domain::VerificationTxt;
use crate::values::sip::{OutboundProxy, SipPassword, SipUser};
use crate::values::tenant::Tenant;
use crate::values::text::{
    AccountName, AdjustmentReason, AuthenticationName, BillingReference, ClientName, Location, MemberName, PersonName,
    RejectionReason, Tag, TrunkName, WebhookDescription,
};
use crate::values::user_principal_name::UserPrincipalName;
use crate::webhook::{Target, parse_types};

/// The limits of a value, as far as a JSON schema can express them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// A string.
    Text {
        /// Minimum length, in characters.
        min: usize,
        /// Maximum length, in characters.
        max: usize,
        /// Its OpenAPI `format`.
        format: Option<&'static str>,
        /// The regular expression that it has to match (ECMA-262).
        pattern: Option<&'static str>,
    },
    /// An integer.
    Number {
        /// The minimum.
        min: i64,
        /// The maximum.
        max: i64,
        /// Its OpenAPI `format`: `int32` or `int64`.
        format: &'static str,
    },
    /// An instant (RFC 3339).
    Instant,
    /// A boolean.
    Flag,
    /// A value of the enumeration with this name in the published schema.
    Choice(&'static str),
    /// A list of strings.
    List {
        /// Minimum number of items.
        min: usize,
        /// Maximum number of items.
        max: usize,
        /// The enumeration that the items belong to; `None` for free texts.
        choice: Option<&'static str>,
    },
}

impl Limits {
    /// A string with a minimum and maximum length.
    #[must_use]
    pub const fn text(min: usize, max: usize) -> Self {
        Self::Text { min, max, format: None, pattern: None }
    }

    /// A string with an OpenAPI `format`.
    #[must_use]
    pub const fn formatted(min: usize, max: usize, format: &'static str) -> Self {
        Self::Text { min, max, format: Some(format), pattern: None }
    }

    /// A string that matches a regular expression.
    #[must_use]
    pub const fn matching(min: usize, max: usize, pattern: &'static str) -> Self {
        Self::Text { min, max, format: None, pattern: Some(pattern) }
    }

    /// A 32-bit integer.
    #[must_use]
    pub const fn number(min: i64, max: i64) -> Self {
        Self::Number { min, max, format: "int32" }
    }

    /// A 64-bit integer.
    #[must_use]
    pub const fn long_number(min: i64, max: i64) -> Self {
        Self::Number { min, max, format: "int64" }
    }

    /// A count from 0 to a maximum.
    #[must_use]
    #[expect(clippy::cast_possible_wrap, reason = "what is counted fits into memory")]
    pub const fn count(min: i64, max: usize) -> Self {
        Self::long_number(min, max as i64)
    }

    /// A list of strings.
    #[must_use]
    pub const fn list(min: usize, max: usize) -> Self {
        Self::List { min, max, choice: None }
    }

    /// A list of values of an enumeration.
    #[must_use]
    pub const fn choices(min: usize, max: usize, name: &'static str) -> Self {
        Self::List { min, max, choice: Some(name) }
    }
}

/// A value that is parsed from caller input within limits.
pub trait Limited: Sized {
    /// The type of the input: `str`, `i64`, `bool` or a list of strings.
    type Given: ?Sized;
    /// The limits that the schema states.
    const LIMITS: Limits;
    /// Parses the input. Fails with all faults found.
    fn read(given: &Self::Given) -> Result<Self, ItemFaults>;
}

/// The fault of a value that is not a list.
#[must_use]
pub fn whole(fault: Fault) -> ItemFaults {
    vec![(None, fault)]
}

macro_rules! texts {
    ($($name:ty = $limits:expr;)*) => {$(
        impl Limited for $name {
            type Given = str;
            const LIMITS: Limits = $limits;
            fn read(given: &str) -> Result<Self, ItemFaults> {
                <$name>::parse(given).map_err(whole)
            }
        }
    )*};
}

texts! {
    AccountName = Limits::text(1, NAME_MAX);
    PersonName = Limits::text(1, PERSON_NAME_MAX);
    MemberName = Limits::text(1, NAME_MAX);
    Language = Limits::Choice("Language");
    EmailAddress = Limits::formatted(EMAIL_MIN, EMAIL_MAX, "email");
    BillingReference = Limits::text(1, BILLING_REFERENCE_MAX);
    RejectionReason = Limits::text(1, REJECTION_REASON_MAX);
    AdjustmentReason = Limits::text(1, ADJUSTMENT_REASON_MAX);
    Country = Limits::matching(COUNTRY_LENGTH, COUNTRY_LENGTH, "^[A-Z]{2}$");
    ClientName = Limits::text(1, NAME_MAX);
    WebhookDescription = Limits::text(1, WEBHOOK_DESCRIPTION_MAX);
    Code = Limits::matching(0, CODE_MAX, "^[ -]*(([0-9][ -]*){6}|([A-Za-z2-7][ -]*){16}(([A-Za-z2-7][ -]*){10})?)$");
    Tenant = Limits::text(HOST_NAME_MIN, HOST_NAME_MAX);
    VerificationTxt = Limits::matching(VERIFICATION_TXT_MIN, VERIFICATION_TXT_MAX, "^MS=[A-Za-z0-9]+$");
    PbxType = Limits::Choice("PbxTypeName");
    Location = Limits::text(1, NAME_MAX);
    HostName = Limits::text(HOST_NAME_MIN, HOST_NAME_MAX);
    OutboundProxy = Limits::text(SIP_URI_MIN, SIP_URI_MAX);
    Transport = Limits::Choice("Transport");
    DnsLookup = Limits::Choice("DnsLookup");
    FeatureCode = Limits::matching(1, FEATURE_CODE_MAX, "^[0-9*#]+$");
    TrunkName = Limits::text(1, NAME_MAX);
    Host = Limits::text(HOST_MIN, HOST_NAME_MAX);
    Method = Limits::Choice("TrunkAuthentication");
    AuthenticationName = Limits::text(1, AUTHENTICATION_NAME_MAX);
    SipPassword = Limits::formatted(1, SIP_PASSWORD_MAX, "password");
    UserPrincipalName = Limits::text(USER_PRINCIPAL_NAME_MIN, USER_PRINCIPAL_NAME_MAX);
    SipUser = Limits::text(1, SIP_USER_MAX);
    Tag = Limits::text(1, TAG_MAX);
    ReturnUrl = Limits::formatted(0, RETURN_URL_MAX, "uri");
}

macro_rules! numbers {
    ($($name:ty = $limits:expr;)*) => {$(
        impl Limited for $name {
            type Given = i64;
            const LIMITS: Limits = $limits;
            fn read(given: &i64) -> Result<Self, ItemFaults> {
                <$name>::parse(*given).map_err(whole)
            }
        }
    )*};
}

numbers! {
    UserLimit = Limits::number(0, USER_LIMIT_MAX as i64);
    Port = Limits::number(*PORTS.start(), *PORTS.end());
    RegistrationExpiry = Limits::number(*REGISTRATION_EXPIRY_SECONDS.start(), *REGISTRATION_EXPIRY_SECONDS.end());
    ConcurrentCalls = Limits::number(*CONCURRENT_CALLS.start(), *CONCURRENT_CALLS.end());
    PreviousSecretSeconds = Limits::number(0, PREVIOUS_SECRET_SECONDS_MAX);
}

macro_rules! lists {
    ($($name:ty = $limits:expr, $read:expr;)*) => {$(
        impl Limited for $name {
            type Given = [String];
            const LIMITS: Limits = $limits;
            fn read(given: &[String]) -> Result<Self, ItemFaults> {
                $read(given)
            }
        }
    )*};
}

lists! {
    Services = Limits::choices(1, SERVICES_MAX, "ServiceView"), |names: &[String]| Self::parse(names.iter().map(String::as_str));
    RegionCodes = Limits::list(1, SBC_REGIONS_MAX), Self::parse;
    Codecs = Limits::choices(1, CODECS_MAX, "Codec"), Self::parse;
    Vec<Network> = Limits::list(0, TRUNK_ADDRESSES_MAX), parse_networks;
    Vec<TypePattern> = Limits::list(1, EVENT_TYPES_MAX), parse_types;
    AllowedNetworks = Limits::list(0, CLIENT_NETWORKS_MAX), Self::parse;
}

impl Limited for bool {
    type Given = bool;
    const LIMITS: Limits = Limits::Flag;
    fn read(given: &bool) -> Result<Self, ItemFaults> {
        Ok(*given)
    }
}

impl Limited for Timestamp {
    type Given = str;
    const LIMITS: Limits = Limits::Instant;
    fn read(given: &str) -> Result<Self, ItemFaults> {
        instant::parse(given).map_err(whole)
    }
}

impl Limited for Role {
    type Given = str;
    const LIMITS: Limits = Limits::Choice("Role");
    fn read(given: &str) -> Result<Self, ItemFaults> {
        let fault = || Fault::new("unknown_value", "Use \"owner\", \"provisioner\", \"billing\" or \"viewer\".");
        Self::parse(given).ok_or_else(|| whole(fault()))
    }
}

/// The target URL of a webhook. Private addresses are accepted here; whether they are allowed depends on the
/// configuration and is checked later.
impl Limited for Target {
    type Given = str;
    const LIMITS: Limits = Limits::formatted(0, WEBHOOK_URL_MAX, "uri");
    fn read(given: &str) -> Result<Self, ItemFaults> {
        Self::parse(given, true).map_err(whole)
    }
}

impl Limited for SbcRegionCode {
    type Given = str;
    const LIMITS: Limits = Limits::text(1, SBC_REGION_CODE_MAX);
    fn read(given: &str) -> Result<Self, ItemFaults> {
        let fault = || Fault::new("unknown_sbc_region", "Use the code of one of the enterprise's SBC regions.");
        Self::parse(given).ok_or_else(|| whole(fault()))
    }
}

/// An id whose form is only checked when the object is looked up: an invalid id is not found.
impl Limited for GivenId {
    type Given = str;
    const LIMITS: Limits = Limits::text(0, ID_MAX);
    fn read(given: &str) -> Result<Self, ItemFaults> {
        Ok(Self::new(given))
    }
}

impl Limited for PbxId {
    type Given = str;
    const LIMITS: Limits = Limits::text(0, ID_MAX);
    fn read(given: &str) -> Result<Self, ItemFaults> {
        Self::parse(given).ok_or_else(|| whole(Fault::new("unknown_pbx", "The enterprise has no such PBX.")))
    }
}

impl Limited for TrunkId {
    type Given = str;
    const LIMITS: Limits = Limits::text(0, ID_MAX);
    fn read(given: &str) -> Result<Self, ItemFaults> {
        Self::parse(given).ok_or_else(|| whole(Fault::new("unknown_trunk", "The enterprise has no such trunk.")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_a_fault_of_a_single_one_is_about_the_whole() {
        let codes =
            |faults: ItemFaults| faults.into_iter().map(|(index, fault)| (index, fault.code)).collect::<Vec<_>>();
        assert_eq!(Port::read(&5060).map(Port::get), Ok(5060));
        assert_eq!(Port::read(&0).map_err(codes), Err(vec![(None, "out_of_range")]));
        assert_eq!(Role::read("viewer"), Ok(Role::Viewer));
        assert_eq!(Role::read("admin").map_err(codes), Err(vec![(None, "unknown_value")]));
        assert_eq!(Timestamp::read("2030-01-01T00:00:00Z").map(|at| at.timestamp()), Ok(1_893_456_000));
        assert_eq!(Timestamp::read("2030").map_err(codes), Err(vec![(None, "invalid_instant")]));
        assert_eq!([true, false].map(|given| bool::read(&given)), [Ok(true), Ok(false)]);
    }
}
