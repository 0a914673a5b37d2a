//! Trunks on the wire.

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::trunk;
use domain::trunk::{Change, Codec, ConcurrentCalls, Method, Settings};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::operations;
use crate::http::field::{self, Unknown};
use crate::http::page::{Listed, Page};
use crate::http::{Valid, nullable};
use crate::shown;
use crate::views::transport::TransportView;

/// How a trunk proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TrunkAuthentication)]
pub enum MethodView {
    /// By the address that it calls from.
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

/// A way to encode speech, by its name in RTP.
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

/// A trunk of an enterprise. An enterprise that may not read SIP data (`access_sip_data`) sees `null` in the members that
/// say how the trunk speaks SIP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"name": "Main line", "host": "sip.carrier.example", "port": 5060, "addresses": ["192.0.2.0/28"], "user_name": "kiosk", "max_concurrent_calls": 30}))]
pub struct Trunk {
    /// Its id.
    #[schema(example = "trunk_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The enterprise.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q")]
    pub enterprise_id: String,
    /// What people call it.
    #[schema(value_type = field::AccountName)]
    pub name: String,
    /// Its other end: a host name or an address.
    #[schema(value_type = Option<shown::Host>)]
    pub host: Option<String>,
    /// Where SIP is spoken there.
    #[schema(value_type = Option<field::Port>)]
    pub port: Option<u16>,
    /// How SIP messages travel.
    pub transport: Option<TransportView>,
    /// How it proves who it is.
    pub authentication: Option<MethodView>,
    /// The addresses and networks that it calls from; none when it registers.
    #[schema(value_type = Option<field::Networks>)]
    pub addresses: Option<Vec<String>>,
    /// The name that it registers with; `null` when it does not.
    #[schema(value_type = Option<shown::AuthenticationName>)]
    pub user_name: Option<String>,
    /// Whether it has a password.
    #[schema(example = true)]
    pub has_password: bool,
    /// How speech is encoded, in the order of preference.
    #[schema(value_type = Option<field::Codecs>)]
    pub codecs: Option<Vec<CodecView>>,
    /// Most calls at a time; `null` is as many as it likes.
    #[schema(value_type = Option<field::ConcurrentCalls>)]
    pub max_concurrent_calls: Option<i32>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Trunk {
    /// How it looks to somebody who sees SIP data, or does not.
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

/// A trunk to be added.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"name": "Main line", "host": "sip.carrier.example", "port": 5060, "addresses": ["192.0.2.0/28"], "user_name": "kiosk", "password": "s3cret-of-the-trunk", "max_concurrent_calls": 30}))]
pub struct CreateTrunk {
    /// What people call it: 1–120 characters.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    name: field::TrunkName,
    /// Its other end: a host name (RFC 1123, IDNA) or an IPv4 or IPv6 address.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    host: field::Host,
    /// Where SIP is spoken there. If left out, 5060, or 5061 with `tls`.
    #[serde(default)]
    port: field::Port,
    /// How SIP messages travel. If left out, `udp`.
    #[serde(default)]
    transport: field::Transport,
    /// How it proves who it is: `ip` needs `addresses`, `registration` a `user_name` and a `password`.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    authentication: field::TrunkAuthentication,
    /// The IPv4 and IPv6 addresses, and networks in CIDR form, that it calls from: none wider than /16 or /32.
    #[serde(default)]
    addresses: field::Networks,
    /// The name that it registers with: 1–128 characters.
    #[serde(default)]
    user_name: nullable::AuthenticationName,
    /// The password that it registers with: 1–128 characters. Stored encrypted and never shown.
    #[serde(default)]
    password: nullable::SipPassword,
    /// How speech is encoded, in the order of preference. If left out, `PCMA` and `PCMU`.
    #[serde(default)]
    codecs: field::Codecs,
    /// Most calls at a time; `null` is as many as it likes.
    #[serde(default)]
    max_concurrent_calls: nullable::ConcurrentCalls,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
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
            unknown: _,
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

/// Changes of a trunk: a merge patch.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"name": "Main line", "host": "sip.carrier.example", "port": 5060, "addresses": ["192.0.2.0/28"], "user_name": "kiosk", "password": "s3cret-of-the-trunk", "max_concurrent_calls": 30}))]
pub struct PatchTrunk {
    /// What people call it: 1–120 characters.
    #[serde(default)]
    name: field::TrunkName,
    /// Its other end: a host name (RFC 1123, IDNA) or an IPv4 or IPv6 address.
    #[serde(default)]
    host: field::Host,
    /// Where SIP is spoken there.
    #[serde(default)]
    port: field::Port,
    /// How SIP messages travel.
    #[serde(default)]
    transport: field::Transport,
    /// How it proves who it is: `ip` needs `addresses`, `registration` a `user_name` and, to begin with, a `password`.
    #[serde(default)]
    authentication: field::TrunkAuthentication,
    /// The IPv4 and IPv6 addresses, and networks in CIDR form, that it calls from: none wider than /16 or /32.
    #[serde(default)]
    addresses: field::Networks,
    /// The name that it registers with: 1–128 characters.
    #[serde(default)]
    user_name: nullable::AuthenticationName,
    /// The password that it registers with: 1–128 characters. Stored encrypted and never shown. `null` removes it.
    #[serde(default)]
    password: nullable::SipPassword,
    /// How speech is encoded, in the order of preference.
    #[serde(default)]
    codecs: field::Codecs,
    /// Most calls at a time; `null` is as many as it likes.
    #[serde(default)]
    max_concurrent_calls: nullable::ConcurrentCalls,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
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
            unknown: _,
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
