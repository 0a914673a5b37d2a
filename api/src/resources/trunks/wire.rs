//! JSON of trunks.

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::trunk::{self, Change, Codec, ConcurrentCalls, Method, Settings};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::operations;
use crate::http::field;
use crate::http::page::{Listed, Page};
use crate::http::{Valid, nullable};
use crate::shown;
use crate::views::transport::TransportView;

/// How a trunk authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TrunkAuthentication)]
pub enum MethodView {
    /// By its source IP address.
    Ip,
    /// By registering with a user name and a password.
    Registration,
}

impl From<Method> for MethodView {
    fn from(method: Method) -> Self {
        match method {
            Method::Ip => Self::Ip,
            Method::Registration => Self::Registration,
        }
    }
}

/// An audio codec, by its RTP encoding name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Codec)]
pub enum CodecView {
    /// G.711 A-law.
    #[serde(rename = "PCMA")]
    Pcma,
    /// G.711 µ-law.
    #[serde(rename = "PCMU")]
    Pcmu,
    /// G.722.
    G722,
    /// G.729.
    G729,
    /// Opus (RFC 7587).
    #[serde(rename = "opus")]
    Opus,
}

impl From<Codec> for CodecView {
    fn from(codec: Codec) -> Self {
        match codec {
            Codec::Pcma => Self::Pcma,
            Codec::Pcmu => Self::Pcmu,
            Codec::G722 => Self::G722,
            Codec::G729 => Self::G729,
            Codec::Opus => Self::Opus,
        }
    }
}

/// A SIP trunk of an enterprise. The SIP settings are `null` for an enterprise that may not read SIP data
/// (`access_sip_data`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"name": "Main line", "host": "sip.carrier.example", "port": 5060, "addresses": ["192.0.2.0/28"], "user_name": "kiosk", "max_concurrent_calls": 30}))]
pub struct Trunk {
    /// Its id.
    #[schema(example = "trunk_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// Id of its enterprise.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q")]
    pub enterprise_id: String,
    /// Its display name.
    #[schema(value_type = field::AccountName)]
    pub name: String,
    /// The remote end of the trunk: a host name or an IP address.
    #[schema(value_type = Option<shown::Host>)]
    pub host: Option<String>,
    /// The SIP port of the host.
    #[schema(value_type = Option<field::Port>)]
    pub port: Option<u16>,
    /// The SIP transport protocol.
    pub transport: Option<TransportView>,
    /// How the trunk authenticates.
    pub authentication: Option<MethodView>,
    /// The IP addresses and networks that its calls come from; empty if it authenticates by registration.
    #[schema(value_type = Option<field::Networks>)]
    pub addresses: Option<Vec<String>>,
    /// The user name that it registers with; `null` if it authenticates by IP address.
    #[schema(value_type = Option<shown::AuthenticationName>)]
    pub user_name: Option<String>,
    /// Whether it has a password.
    #[schema(example = true)]
    pub has_password: bool,
    /// The audio codecs, in order of preference.
    #[schema(value_type = Option<field::Codecs>)]
    pub codecs: Option<Vec<CodecView>>,
    /// Maximum number of concurrent calls; `null` means unlimited.
    #[schema(value_type = Option<field::ConcurrentCalls>)]
    pub max_concurrent_calls: Option<i32>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Trunk {
    /// The JSON of a trunk, without its SIP settings if the caller may not see SIP data.
    #[must_use]
    pub fn view(trunk: trunk::Trunk, sees_sip_data: bool) -> Self {
        let trunk::Trunk { id, account, settings, has_password, version: _, created_at, updated_at } = trunk;
        let Settings { name, host, port, transport, authentication, codecs, max_concurrent_calls } = settings;
        let networks = || authentication.networks().iter().map(ToString::to_string).collect();
        let user_name = authentication.user_name().filter(|_| sees_sip_data);
        Self {
            id: id.to_string(),
            enterprise_id: Tier::Enterprise.format_id(account),
            name: name.into_string(),
            host: sees_sip_data.then(|| host.to_string()),
            port: sees_sip_data.then(|| port.get()),
            transport: sees_sip_data.then(|| transport.into()),
            authentication: sees_sip_data.then(|| authentication.method().into()),
            addresses: sees_sip_data.then(networks),
            user_name: user_name.map(|name| name.as_str().to_owned()),
            has_password,
            codecs: sees_sip_data.then(|| codecs.iter().map(Into::into).collect()),
            max_concurrent_calls: max_concurrent_calls.map(ConcurrentCalls::get),
            created_at,
            updated_at,
        }
    }
}

impl Listed for Trunk {
    const PLURAL: &str = "trunks";
}

/// A page of trunks.
pub type TrunkPage = Page<Trunk>;

/// The data of a new trunk.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"name": "Main line", "host": "sip.carrier.example", "port": 5060, "addresses": ["192.0.2.0/28"], "user_name": "kiosk", "password": "s3cret-of-the-trunk", "max_concurrent_calls": 30}))]
pub struct CreateTrunk {
    /// Its display name: 1–120 characters.
    #[schema(required = true)]
    #[validate(required)]
    name: field::TrunkName,
    /// The remote end of the trunk: a host name (RFC 1123, IDNA) or an IPv4 or IPv6 address of one host.
    #[schema(required = true)]
    #[validate(required)]
    host: field::Host,
    /// The SIP port of the host. If left out, 5060, or 5061 with the transport `tls`.
    port: field::Port,
    /// The SIP transport protocol. If left out, `udp`.
    transport: field::Transport,
    /// How the trunk authenticates. `ip` requires `addresses`; `registration` requires `user_name` and `password`.
    #[schema(required = true)]
    #[validate(required)]
    authentication: field::TrunkAuthentication,
    /// The IPv4 and IPv6 addresses and networks (CIDR) that its calls come from. Networks may be at most /16 (IPv4) or
    /// /32 (IPv6) wide.
    addresses: field::Networks,
    /// The user name that it registers with: 1–128 characters.
    user_name: nullable::AuthenticationName,
    /// The password that it registers with: 1–128 characters. Stored encrypted and never shown.
    password: nullable::SipPassword,
    /// The audio codecs, in order of preference. If left out, `PCMA` and `PCMU`.
    codecs: field::Codecs,
    /// Maximum number of concurrent calls; `null` means unlimited.
    max_concurrent_calls: nullable::ConcurrentCalls,
}

impl From<Valid<CreateTrunk>> for operations::CreateTrunk {
    fn from(request: Valid<CreateTrunk>) -> Self {
        let CreateTrunk {
            name,
            host,
            port,
            transport,
            authentication,
            addresses,
            user_name,
            password,
            codecs,
            max_concurrent_calls,
        } = request.into_inner();
        Self {
            name: name.required(),
            host: host.required(),
            change: Change {
                port: port.given(),
                transport: transport.given(),
                method: Some(authentication.required()),
                networks: addresses.given(),
                user_name: user_name.change(),
                codecs: codecs.given(),
                max_concurrent_calls: max_concurrent_calls.change(),
                ..Change::default()
            },
            password: password.given(),
        }
    }
}

/// A merge patch of a trunk (RFC 7396): absent fields keep their values.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"name": "Main line", "host": "sip.carrier.example", "port": 5060, "addresses": ["192.0.2.0/28"], "user_name": "kiosk", "password": "s3cret-of-the-trunk", "max_concurrent_calls": 30}))]
pub struct PatchTrunk {
    /// Its display name: 1–120 characters.
    name: field::TrunkName,
    /// The remote end of the trunk: a host name (RFC 1123, IDNA) or an IPv4 or IPv6 address of one host.
    host: field::Host,
    /// The SIP port of the host.
    port: field::Port,
    /// The SIP transport protocol.
    transport: field::Transport,
    /// How the trunk authenticates. `ip` requires `addresses`; `registration` requires `user_name` and, when you switch
    /// to it, `password`.
    authentication: field::TrunkAuthentication,
    /// The IPv4 and IPv6 addresses and networks (CIDR) that its calls come from. Networks may be at most /16 (IPv4) or
    /// /32 (IPv6) wide.
    addresses: field::Networks,
    /// The user name that it registers with: 1–128 characters.
    user_name: nullable::AuthenticationName,
    /// The password that it registers with: 1–128 characters. Stored encrypted and never shown. `null` removes it.
    password: nullable::SipPassword,
    /// The audio codecs, in order of preference.
    codecs: field::Codecs,
    /// Maximum number of concurrent calls; `null` means unlimited.
    max_concurrent_calls: nullable::ConcurrentCalls,
}

impl From<Valid<PatchTrunk>> for operations::ChangeTrunk {
    fn from(request: Valid<PatchTrunk>) -> Self {
        let PatchTrunk {
            name,
            host,
            port,
            transport,
            authentication,
            addresses,
            user_name,
            password,
            codecs,
            max_concurrent_calls,
        } = request.into_inner();
        let change = Change {
            name: name.given(),
            host: host.given(),
            port: port.given(),
            transport: transport.given(),
            method: authentication.given(),
            networks: addresses.given(),
            user_name: user_name.change(),
            codecs: codecs.given(),
            max_concurrent_calls: max_concurrent_calls.change(),
        };
        Self { change, password: password.change() }
    }
}
