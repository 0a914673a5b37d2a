//! PBXs on the wire.

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::limits;
use domain::pbx;
use domain::pbx::{Change, DnsLookup, PbxType, Settings};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::operations;
use crate::http::field::{self, Unknown};
use crate::http::page::{Listed, Page};
use crate::http::{Valid, nullable};
use crate::shown;
use crate::views::transport::TransportView;

/// A kind of phone system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PbxTypeName)]
pub enum PbxTypeView {
    /// NetSapiens.
    Netsapiens,
    /// FreePBX and others on Asterisk.
    Asterisk,
    /// 3CX.
    #[serde(rename = "3cx")]
    ThreeCx,
    /// Cisco BroadWorks.
    Broadworks,
    /// Any other that speaks SIP.
    Generic,
}

impl From<PbxType> for PbxTypeView {
    fn from(kind: PbxType) -> Self {
        match kind {
            PbxType::Netsapiens => Self::Netsapiens,
            PbxType::Asterisk => Self::Asterisk,
            PbxType::ThreeCx => Self::ThreeCx,
            PbxType::Broadworks => Self::Broadworks,
            PbxType::Generic => Self::Generic,
        }
    }
}

/// How the hosts of a domain are found (RFC 3263).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DnsLookup)]
pub enum DnsLookupView {
    /// By SRV records.
    Srv,
    /// By address records.
    A,
}

impl From<DnsLookup> for DnsLookupView {
    fn from(lookup: DnsLookup) -> Self {
        match lookup {
            DnsLookup::Srv => Self::Srv,
            DnsLookup::A => Self::A,
        }
    }
}

/// A type of PBX and what it pre-fills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PbxType)]
#[schema(example = json!({"name": "FreePBX / Asterisk", "port": 5060, "registration_expiry_seconds": 120, "voicemail_feature_code": "*97"}))]
pub struct PbxTypeDefaults {
    /// By which a PBX names it.
    #[serde(rename = "type")]
    pub kind: PbxTypeView,
    /// What people call it.
    #[schema(value_type = shown::Label)]
    pub name: &'static str,
    /// How SIP messages travel.
    pub transport: TransportView,
    /// Where SIP is spoken; 5061 when the transport is set to `tls`.
    #[schema(value_type = field::Port)]
    pub port: u16,
    /// How its hosts are found.
    pub dns_lookup: DnsLookupView,
    /// For how long phones register, in seconds.
    #[schema(value_type = field::RegistrationExpiry)]
    pub registration_expiry_seconds: i32,
    /// What is dialled for the voicemail; `null` if that differs from one to the other.
    #[schema(value_type = Option<shown::FeatureCode>)]
    pub voicemail_feature_code: Option<&'static str>,
}

impl From<PbxType> for PbxTypeDefaults {
    fn from(kind: PbxType) -> Self {
        let pbx::Defaults { transport, port, dns_lookup, registration_expiry_seconds, voicemail_feature_code } =
            kind.defaults();
        Self {
            kind: kind.into(),
            name: kind.name(),
            transport: transport.into(),
            port: port.get(),
            dns_lookup: dns_lookup.into(),
            registration_expiry_seconds,
            voicemail_feature_code,
        }
    }
}

/// Every type of PBX.
#[derive(Debug, Serialize, ToSchema)]
pub struct PbxTypeList {
    /// The types.
    #[schema(value_type = PbxTypes)]
    pub items: Vec<PbxTypeDefaults>,
}

/// A PBX of an enterprise. An enterprise that may not read SIP data (`access_sip_data`) sees `null` in the members that
/// say how the PBX speaks SIP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"location": "Berlin", "sip_domain": "sip.kiosk.example", "outbound_proxy": "sip:proxy.kiosk.example:5060;lr", "port": 5060, "registration_expiry_seconds": 120, "voicemail_feature_code": "*97"}))]
pub struct Pbx {
    /// Its id.
    #[schema(example = "pbx_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The enterprise.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q")]
    pub enterprise_id: String,
    /// Which kind of phone system it is.
    #[serde(rename = "type")]
    pub kind: PbxTypeView,
    /// Where it is.
    #[schema(value_type = field::Location)]
    pub location: String,
    /// The domain in which its users are.
    #[schema(value_type = Option<shown::HostName>)]
    pub sip_domain: Option<String>,
    /// By which way it is reached, as a SIP URI; `null` if by its domain.
    #[schema(value_type = Option<shown::SipUri>)]
    pub outbound_proxy: Option<String>,
    /// How SIP messages travel.
    pub transport: Option<TransportView>,
    /// Where SIP is spoken.
    #[schema(value_type = Option<field::Port>)]
    pub port: Option<u16>,
    /// How its hosts are found.
    pub dns_lookup: Option<DnsLookupView>,
    /// For how long phones register, in seconds.
    #[schema(value_type = Option<field::RegistrationExpiry>)]
    pub registration_expiry_seconds: Option<i32>,
    /// What is dialled for the voicemail; `null` if nothing is.
    #[schema(value_type = Option<shown::FeatureCode>)]
    pub voicemail_feature_code: Option<String>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Pbx {
    /// How it looks to somebody who sees SIP data, or does not.
    #[must_use]
    pub fn view(pbx: pbx::Pbx, sees_sip_data: bool) -> Self {
        let pbx::Pbx { id, account, settings, version: _, created_at, updated_at } = pbx;
        let Settings {
            kind,
            location,
            sip_domain,
            outbound_proxy,
            transport,
            port,
            dns_lookup,
            registration_expiry,
            voicemail_feature_code,
        } = settings;
        Self {
            id: id.to_string(),
            enterprise_id: Tier::Enterprise.format_id(account),
            kind: kind.into(),
            location: location.into_string(),
            sip_domain: sees_sip_data.then(|| sip_domain.as_str().to_owned()),
            outbound_proxy: outbound_proxy.filter(|_| sees_sip_data).map(|proxy| proxy.to_string()),
            transport: sees_sip_data.then(|| transport.into()),
            port: sees_sip_data.then(|| port.get()),
            dns_lookup: sees_sip_data.then(|| dns_lookup.into()),
            registration_expiry_seconds: sees_sip_data.then(|| registration_expiry.seconds()),
            voicemail_feature_code: voicemail_feature_code.map(|code| code.as_str().to_owned()),
            created_at,
            updated_at,
        }
    }
}

impl Listed for Pbx {
    const PLURAL: &str = "PBXs";
}

/// A page of PBXs.
pub type PbxPage = Page<Pbx>;

/// A PBX to be added. What is left out is what its type pre-fills.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"location": "Berlin", "sip_domain": "sip.kiosk.example", "outbound_proxy": "sip:proxy.kiosk.example:5060;lr", "port": 5060, "registration_expiry_seconds": 120, "voicemail_feature_code": "*97"}))]
pub struct CreatePbx {
    /// Which kind of phone system it is, of those that `GET /pbx-types` lists.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    r#type: field::PbxType,
    /// Where it is: 1–120 characters. No two PBXs of an enterprise are at the same place.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    location: field::Location,
    /// The domain in which its users are: a host name (RFC 1123), which may be international (IDNA).
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    sip_domain: field::HostName,
    /// By which way it is reached, if not by its domain: a host, or a SIP URI without a user (RFC 3261).
    #[serde(default)]
    outbound_proxy: nullable::OutboundProxy,
    /// How SIP messages travel.
    #[serde(default)]
    transport: field::Transport,
    /// Where SIP is spoken.
    #[serde(default)]
    port: field::Port,
    /// How its hosts are found.
    #[serde(default)]
    dns_lookup: field::DnsLookup,
    /// For how long phones register, in seconds.
    #[serde(default)]
    registration_expiry_seconds: field::RegistrationExpiry,
    /// What is dialled for the voicemail: 1–10 digits, `*` and `#`. `null` if nothing is.
    #[serde(default)]
    voicemail_feature_code: nullable::FeatureCode,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<CreatePbx>> for operations::CreatePbx {
    fn from(request: Valid<CreatePbx>) -> Self {
        let CreatePbx {
            r#type,
            location,
            sip_domain,
            outbound_proxy,
            transport,
            port,
            dns_lookup,
            registration_expiry_seconds,
            voicemail_feature_code,
            unknown: _,
        } = request.into_inner();
        Self {
            kind: r#type.required(),
            location: location.required(),
            sip_domain: sip_domain.required(),
            change: Change {
                outbound_proxy: outbound_proxy.change(),
                transport: transport.given(),
                port: port.given(),
                dns_lookup: dns_lookup.given(),
                registration_expiry: registration_expiry_seconds.given(),
                voicemail_feature_code: voicemail_feature_code.change(),
                ..Change::default()
            },
        }
    }
}

/// Changes of a PBX: a merge patch.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"location": "Berlin", "sip_domain": "sip.kiosk.example", "outbound_proxy": "sip:proxy.kiosk.example:5060;lr", "port": 5060, "registration_expiry_seconds": 120, "voicemail_feature_code": "*97"}))]
pub struct PatchPbx {
    /// Which kind of phone system it is, of those that `GET /pbx-types` lists. What the type pre-fills in a new PBX stays as it
    /// is in one that is changed.
    #[serde(default)]
    r#type: field::PbxType,
    /// Where it is: 1–120 characters. No two PBXs of an enterprise are at the same place.
    #[serde(default)]
    location: field::Location,
    /// The domain in which its users are: a host name (RFC 1123), which may be international (IDNA).
    #[serde(default)]
    sip_domain: field::HostName,
    /// By which way it is reached, if not by its domain: a host, or a SIP URI without a user (RFC 3261). `null` removes it.
    #[serde(default)]
    outbound_proxy: nullable::OutboundProxy,
    /// How SIP messages travel.
    #[serde(default)]
    transport: field::Transport,
    /// Where SIP is spoken.
    #[serde(default)]
    port: field::Port,
    /// How its hosts are found.
    #[serde(default)]
    dns_lookup: field::DnsLookup,
    /// For how long phones register, in seconds.
    #[serde(default)]
    registration_expiry_seconds: field::RegistrationExpiry,
    /// What is dialled for the voicemail: 1–10 digits, `*` and `#`. `null` removes it.
    #[serde(default)]
    voicemail_feature_code: nullable::FeatureCode,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<PatchPbx>> for Change {
    fn from(request: Valid<PatchPbx>) -> Self {
        let PatchPbx {
            r#type,
            location,
            sip_domain,
            outbound_proxy,
            transport,
            port,
            dns_lookup,
            registration_expiry_seconds,
            voicemail_feature_code,
            unknown: _,
        } = request.into_inner();
        Self {
            kind: r#type.given(),
            location: location.given(),
            sip_domain: sip_domain.given(),
            outbound_proxy: outbound_proxy.change(),
            transport: transport.given(),
            port: port.given(),
            dns_lookup: dns_lookup.given(),
            registration_expiry: registration_expiry_seconds.given(),
            voicemail_feature_code: voicemail_feature_code.change(),
        }
    }
}

/// The types of PBX.
type PbxTypes = shown::Many<PbxTypeDefaults, 1, { limits::PBX_TYPES_MAX }>;
