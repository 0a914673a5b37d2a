//! JSON of PBXs and PBX types.

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::pbx::{Change, DnsLookup, PbxType, Settings};
use domain::{limits, pbx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::operations;
use crate::http::field;
use crate::http::page::{Listed, Page};
use crate::http::{Valid, nullable};
use crate::shown;
use crate::views::transport::TransportView;

/// A type of phone system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PbxTypeName)]
pub enum PbxTypeView {
    /// NetSapiens.
    Netsapiens,
    /// FreePBX and other systems based on Asterisk.
    Asterisk,
    /// 3CX.
    #[serde(rename = "3cx")]
    ThreeCx,
    /// Cisco BroadWorks.
    Broadworks,
    /// Any other SIP phone system.
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

/// How the SIP servers of a domain are looked up in the DNS (RFC 3263).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DnsLookup)]
pub enum DnsLookupView {
    /// SRV records.
    Srv,
    /// Address records (A and AAAA).
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

/// A PBX type and the default settings of a new PBX of that type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PbxType)]
#[schema(example = json!({"name": "FreePBX / Asterisk", "port": 5060, "registration_expiry_seconds": 120, "voicemail_feature_code": "*97"}))]
pub struct PbxTypeDefaults {
    /// The value to use as the `type` of a PBX.
    #[serde(rename = "type")]
    pub kind: PbxTypeView,
    /// The display name of the type.
    #[schema(value_type = shown::Label)]
    pub name: &'static str,
    /// The SIP transport protocol.
    pub transport: TransportView,
    /// The SIP port. A PBX that is created with the transport `tls` and no port gets 5061.
    #[schema(value_type = field::Port)]
    pub port: u16,
    /// How the SIP servers of the domain are looked up in the DNS.
    pub dns_lookup: DnsLookupView,
    /// How long a SIP registration is valid, in seconds.
    #[schema(value_type = field::RegistrationExpiry)]
    pub registration_expiry_seconds: i32,
    /// The code to dial for voicemail; `null` if the type has no usual code.
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

/// All PBX types.
#[derive(Debug, Serialize, ToSchema)]
pub struct PbxTypeList {
    /// The PBX types.
    #[schema(value_type = PbxTypes)]
    pub items: Vec<PbxTypeDefaults>,
}

/// A PBX of an enterprise. The SIP settings are `null` for an enterprise that may not read SIP data
/// (`access_sip_data`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"location": "Berlin", "sip_domain": "sip.kiosk.example", "outbound_proxy": "sip:proxy.kiosk.example:5060;lr", "port": 5060, "registration_expiry_seconds": 120, "voicemail_feature_code": "*97"}))]
pub struct Pbx {
    /// Its id.
    #[schema(example = "pbx_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// Id of its enterprise.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q")]
    pub enterprise_id: String,
    /// The type of phone system.
    #[serde(rename = "type")]
    pub kind: PbxTypeView,
    /// Its location, unique within the enterprise.
    #[schema(value_type = field::Location)]
    pub location: String,
    /// The SIP domain of its users.
    #[schema(value_type = Option<shown::HostName>)]
    pub sip_domain: Option<String>,
    /// Outbound proxy as a SIP URI; `null` if requests go to `sip_domain` directly.
    #[schema(value_type = Option<shown::SipUri>)]
    pub outbound_proxy: Option<String>,
    /// The SIP transport protocol.
    pub transport: Option<TransportView>,
    /// The SIP port.
    #[schema(value_type = Option<field::Port>)]
    pub port: Option<u16>,
    /// How the SIP servers of the domain are looked up in the DNS.
    pub dns_lookup: Option<DnsLookupView>,
    /// How long a SIP registration is valid, in seconds.
    #[schema(value_type = Option<field::RegistrationExpiry>)]
    pub registration_expiry_seconds: Option<i32>,
    /// The code to dial for voicemail; `null` if there is none.
    #[schema(value_type = Option<shown::FeatureCode>)]
    pub voicemail_feature_code: Option<String>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Pbx {
    /// The JSON of a PBX, without its SIP settings if the caller may not see SIP data.
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

/// The data of a new PBX. Settings that are left out get the defaults of its type, which `GET /pbx-types` shows.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"location": "Berlin", "sip_domain": "sip.kiosk.example", "outbound_proxy": "sip:proxy.kiosk.example:5060;lr", "port": 5060, "registration_expiry_seconds": 120, "voicemail_feature_code": "*97"}))]
pub struct CreatePbx {
    /// The type of phone system, one of those that `GET /pbx-types` lists.
    #[schema(required = true)]
    #[validate(required)]
    r#type: field::PbxType,
    /// Its location, unique within the enterprise: 1–120 characters.
    #[schema(required = true)]
    #[validate(required)]
    location: field::Location,
    /// The SIP domain of its users: a host name (RFC 1123), which may be internationalized (IDNA).
    #[schema(required = true)]
    #[validate(required)]
    sip_domain: field::HostName,
    /// Outbound proxy (host, or SIP URI without a user, RFC 3261), if requests don't go to `sip_domain` directly.
    /// Answers show its canonical form, with `sip:` and names of parameters in lower case.
    outbound_proxy: nullable::OutboundProxy,
    /// The SIP transport protocol.
    transport: field::Transport,
    /// The SIP port.
    port: field::Port,
    /// How the SIP servers of the domain are looked up in the DNS.
    dns_lookup: field::DnsLookup,
    /// How long a SIP registration is valid, in seconds.
    registration_expiry_seconds: field::RegistrationExpiry,
    /// The code to dial for voicemail: 1–10 digits, `*` and `#`. `null` means that there is none; if left out, the
    /// default of the type applies.
    voicemail_feature_code: nullable::FeatureCode,
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

/// A merge patch of a PBX (RFC 7396): absent fields keep their values.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"location": "Berlin", "sip_domain": "sip.kiosk.example", "outbound_proxy": "sip:proxy.kiosk.example:5060;lr", "port": 5060, "registration_expiry_seconds": 120, "voicemail_feature_code": "*97"}))]
pub struct PatchPbx {
    /// The type of phone system, one of those that `GET /pbx-types` lists. Changing the type does not change any other
    /// setting.
    r#type: field::PbxType,
    /// Its location, unique within the enterprise: 1–120 characters.
    location: field::Location,
    /// The SIP domain of its users: a host name (RFC 1123), which may be internationalized (IDNA).
    sip_domain: field::HostName,
    /// Outbound proxy (host, or SIP URI without a user, RFC 3261), if requests don't go to `sip_domain` directly.
    /// Answers show its canonical form, with `sip:` and names of parameters in lower case.
    /// `null` removes it.
    outbound_proxy: nullable::OutboundProxy,
    /// The SIP transport protocol.
    transport: field::Transport,
    /// The SIP port.
    port: field::Port,
    /// How the SIP servers of the domain are looked up in the DNS.
    dns_lookup: field::DnsLookup,
    /// How long a SIP registration is valid, in seconds.
    registration_expiry_seconds: field::RegistrationExpiry,
    /// The code to dial for voicemail: 1–10 digits, `*` and `#`. `null` removes it.
    voicemail_feature_code: nullable::FeatureCode,
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

type PbxTypes = shown::Many<PbxTypeDefaults, 1, { limits::PBX_TYPES_MAX }>;
