//! PBXs on the wire.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::pbx;
use domain::pbx::{Change, DnsLookup, FeatureCode, PbxType, RegistrationExpiry, Settings};
use domain::values::host_name::HostName;
use domain::values::network::{Port, Transport};
use domain::values::sip::OutboundProxy;
use domain::values::text::Location;
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::operations;
use crate::error::Error;
use crate::http::body::{needing, refuse_empty};
use crate::http::{Field, Members, Unknown};
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
pub struct PbxTypeDefaults {
    /// By which a PBX names it.
    #[serde(rename = "type")]
    pub kind: PbxTypeView,
    /// What people call it.
    #[schema(example = "FreePBX / Asterisk", max_length = 40)]
    pub name: &'static str,
    /// How SIP messages travel.
    pub transport: TransportView,
    /// Where SIP is spoken; 5061 when the transport is set to `tls`.
    #[schema(example = 5060, minimum = 1, maximum = 65535)]
    pub port: u16,
    /// How its hosts are found.
    pub dns_lookup: DnsLookupView,
    /// For how long phones register, in seconds.
    #[schema(example = 120, minimum = 60, maximum = 86400)]
    pub registration_expiry_seconds: i32,
    /// What is dialled for the voicemail; `null` if that differs from one to the other.
    #[schema(example = "*97", max_length = 10)]
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
    #[schema(min_items = 1, max_items = 20)]
    pub items: Vec<PbxTypeDefaults>,
}

/// A PBX of an enterprise. An enterprise that may not read SIP data (`access_sip_data`) sees `null` in the members that
/// say how the PBX speaks SIP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Pbx {
    /// Its id.
    #[schema(example = "pbx_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub id: String,
    /// The enterprise.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub enterprise_id: String,
    /// Which kind of phone system it is.
    #[serde(rename = "type")]
    pub kind: PbxTypeView,
    /// Where it is.
    #[schema(example = "Berlin", min_length = 1, max_length = 120)]
    pub location: String,
    /// The domain in which its users are.
    #[schema(example = "sip.kiosk.example", format = "hostname", max_length = 253)]
    pub sip_domain: Option<String>,
    /// By which way it is reached, as a SIP URI; `null` if by its domain.
    #[schema(example = "sip:proxy.kiosk.example:5060;lr", max_length = 300)]
    pub outbound_proxy: Option<String>,
    /// How SIP messages travel.
    pub transport: Option<TransportView>,
    /// Where SIP is spoken.
    #[schema(example = 5060, minimum = 1, maximum = 65535)]
    pub port: Option<u16>,
    /// How its hosts are found.
    pub dns_lookup: Option<DnsLookupView>,
    /// For how long phones register, in seconds.
    #[schema(example = 120, minimum = 60, maximum = 86400)]
    pub registration_expiry_seconds: Option<i32>,
    /// What is dialled for the voicemail; `null` if nothing is.
    #[schema(example = "*97", max_length = 10)]
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

/// A page of PBXs.
#[derive(Debug, Serialize, ToSchema)]
pub struct PbxPage {
    /// The PBXs of this page, in the list's order.
    #[schema(max_items = 200)]
    pub items: Vec<Pbx>,
    /// Give it as `cursor` to get the next page; `null` on the last one.
    #[schema(max_length = 60)]
    pub next_cursor: Option<String>,
}

/// Changes of a PBX: a merge patch.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PatchPbx {
    /// Which kind of phone system it is, of those that `GET /pbx-types` lists. What the type pre-fills in a new PBX stays as it
    /// is in one that is changed.
    #[schema(value_type = PbxTypeView, required = false)]
    #[serde(default, rename = "type")]
    kind: Field<String>,
    /// Where it is: 1–120 characters. No two PBXs of an enterprise are at the same place.
    #[schema(value_type = String, required = false, example = "Berlin", min_length = 1, max_length = 120)]
    #[serde(default)]
    location: Field<String>,
    /// The domain in which its users are: a host name (RFC 1123), which may be international (IDNA).
    #[schema(value_type = String, required = false, example = "sip.kiosk.example", min_length = 3, max_length = 253)]
    #[serde(default)]
    sip_domain: Field<String>,
    /// By which way it is reached, if not by its domain: a host, or a SIP URI without a user (RFC 3261). `null` removes it.
    #[schema(value_type = Option<String>, example = "sip:proxy.kiosk.example:5060;lr", min_length = 3, max_length = 300)]
    #[serde(default)]
    outbound_proxy: Field<String>,
    /// How SIP messages travel.
    #[schema(value_type = TransportView, required = false)]
    #[serde(default)]
    transport: Field<String>,
    /// Where SIP is spoken.
    #[schema(value_type = i32, required = false, example = 5060, minimum = 1, maximum = 65535)]
    #[serde(default)]
    port: Field<i64>,
    /// How its hosts are found.
    #[schema(value_type = DnsLookupView, required = false)]
    #[serde(default)]
    dns_lookup: Field<String>,
    /// For how long phones register, in seconds.
    #[schema(value_type = i32, required = false, example = 120, minimum = 60, maximum = 86400)]
    #[serde(default)]
    registration_expiry_seconds: Field<i64>,
    /// What is dialled for the voicemail: 1–10 digits, `*` and `#`. `null` removes it.
    #[schema(value_type = Option<String>, example = "*97", min_length = 1, max_length = 10, pattern = "^[0-9*#]+$")]
    #[serde(default)]
    voicemail_feature_code: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl PatchPbx {
    /// The command, or everything that is wrong with it.
    pub fn command(self) -> Result<Change, Error> {
        let change = self.read(false)?;
        refuse_empty(change == Change::default())?;
        Ok(change)
    }

    fn read(self, creates: bool) -> Result<Change, Error> {
        let mut members = Members::new(self.unknown);
        let expiry = "/registration_expiry_seconds";
        let change = Change {
            kind: members.needed(creates, "/type", self.kind, PbxType::parse),
            location: members.needed(creates, "/location", self.location, Location::parse),
            sip_domain: members.needed(creates, "/sip_domain", self.sip_domain, HostName::parse),
            outbound_proxy: members.nullable("/outbound_proxy", self.outbound_proxy, OutboundProxy::parse),
            transport: members.optional("/transport", self.transport, Transport::parse),
            port: members.optional("/port", self.port, |port| Port::parse(*port)),
            dns_lookup: members.optional("/dns_lookup", self.dns_lookup, DnsLookup::parse),
            registration_expiry: members
                .optional(expiry, self.registration_expiry_seconds, |seconds| RegistrationExpiry::parse(*seconds)),
            voicemail_feature_code: members.nullable(
                "/voicemail_feature_code",
                self.voicemail_feature_code,
                FeatureCode::parse,
            ),
        };
        members.finish(Some(change))
    }
}

/// A PBX to be added.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct CreatePbx(PatchPbx);

impl PartialSchema for CreatePbx {
    fn schema() -> RefOr<Schema> {
        let description = "A PBX to be added. What is left out is what its type pre-fills.";
        needing(PatchPbx::schema(), &["type", "location", "sip_domain"], description)
    }
}

impl ToSchema for CreatePbx {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("CreatePbx")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        PatchPbx::schemas(schemas);
    }
}

impl CreatePbx {
    /// The command, or everything that is wrong with it.
    pub fn command(self) -> Result<operations::CreatePbx, Error> {
        let change = self.0.read(true)?;
        let refused = "a creation without it is refused";
        Ok(operations::CreatePbx {
            kind: change.kind.expect(refused),
            location: change.location.clone().expect(refused),
            sip_domain: change.sip_domain.clone().expect(refused),
            change,
        })
    }
}
