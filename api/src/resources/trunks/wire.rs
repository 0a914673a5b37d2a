//! Trunks on the wire.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::trunk;
use domain::trunk::{Change, Codec, Codecs, ConcurrentCalls, Method, Settings, parse_networks};
use domain::values::network::{Host, Port, Transport};
use domain::values::sip::SipPassword;
use domain::values::text::{AuthenticationName, TrunkName};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::operations;
use super::operations::ChangeTrunk;
use crate::error::Error;
use crate::http::body::{needing, refuse_empty};
use crate::http::{Field, Members, Unknown};
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
pub struct Trunk {
    /// Its id.
    #[schema(example = "trunk_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub id: String,
    /// The enterprise.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub enterprise_id: String,
    /// What people call it.
    #[schema(example = "Main line", min_length = 1, max_length = 120)]
    pub name: String,
    /// Its other end: a host name or an address.
    #[schema(example = "sip.carrier.example", max_length = 253)]
    pub host: Option<String>,
    /// Where SIP is spoken there.
    #[schema(example = 5060, minimum = 1, maximum = 65535)]
    pub port: Option<u16>,
    /// How SIP messages travel.
    pub transport: Option<TransportView>,
    /// How it proves who it is.
    pub authentication: Option<MethodView>,
    /// The addresses and networks that it calls from; none when it registers.
    #[schema(max_items = 50, example = json!(["192.0.2.0/28"]))]
    pub addresses: Option<Vec<String>>,
    /// The name that it registers with; `null` when it does not.
    #[schema(example = "kiosk", max_length = 128)]
    pub user_name: Option<String>,
    /// Whether it has a password.
    #[schema(example = true)]
    pub has_password: bool,
    /// How speech is encoded, in the order of preference.
    #[schema(min_items = 1, max_items = 5)]
    pub codecs: Option<Vec<CodecView>>,
    /// Most calls at a time; `null` is as many as it likes.
    #[schema(example = 30, minimum = 1, maximum = 10000)]
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

/// A page of trunks.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrunkPage {
    /// The trunks of this page, in the list's order.
    #[schema(max_items = 200)]
    pub items: Vec<Trunk>,
    /// Give it as `cursor` to get the next page; `null` on the last one.
    #[schema(max_length = 60)]
    pub next_cursor: Option<String>,
}

/// Changes of a trunk: a merge patch.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PatchTrunk {
    /// What people call it: 1–120 characters.
    #[schema(value_type = String, required = false, example = "Main line", min_length = 1, max_length = 120)]
    #[serde(default)]
    name: Field<String>,
    /// Its other end: a host name (RFC 1123, IDNA) or an IPv4 or IPv6 address.
    #[schema(value_type = String, required = false, example = "sip.carrier.example", min_length = 2, max_length = 253)]
    #[serde(default)]
    host: Field<String>,
    /// Where SIP is spoken there. In a new trunk, if left out, 5060, or 5061 with `tls`.
    #[schema(value_type = i32, required = false, example = 5060, minimum = 1, maximum = 65535)]
    #[serde(default)]
    port: Field<i64>,
    /// How SIP messages travel. In a new trunk, if left out, `udp`.
    #[schema(value_type = TransportView, required = false)]
    #[serde(default)]
    transport: Field<String>,
    /// How it proves who it is: `ip` needs `addresses`, `registration` a `user_name` and, to begin with, a `password`.
    #[schema(value_type = MethodView, required = false)]
    #[serde(default)]
    authentication: Field<String>,
    /// The IPv4 and IPv6 addresses, and networks in CIDR form, that it calls from: none wider than /16 or /32.
    #[schema(value_type = Vec<String>, required = false, max_items = 50, example = json!(["192.0.2.0/28"]))]
    #[serde(default)]
    addresses: Field<Vec<String>>,
    /// The name that it registers with: 1–128 characters.
    #[schema(value_type = Option<String>, example = "kiosk", min_length = 1, max_length = 128)]
    #[serde(default)]
    user_name: Field<String>,
    /// The password that it registers with: 1–128 characters. Stored encrypted and never shown. `null` removes it.
    #[schema(value_type = Option<String>, format = "password", example = "s3cret-of-the-trunk", min_length = 1, max_length = 128, write_only)]
    #[serde(default)]
    password: Field<String>,
    /// How speech is encoded, in the order of preference. In a new trunk, if left out, `PCMA` and `PCMU`.
    #[schema(value_type = Vec<CodecView>, required = false, min_items = 1, max_items = 5)]
    #[serde(default)]
    codecs: Field<Vec<String>>,
    /// Most calls at a time; `null` is as many as it likes.
    #[schema(value_type = Option<i32>, example = 30, minimum = 1, maximum = 10000)]
    #[serde(default)]
    max_concurrent_calls: Field<i64>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl PatchTrunk {
    /// The command, or everything that is wrong with it.
    pub fn command(self) -> Result<ChangeTrunk, Error> {
        let command = self.read(false)?;
        refuse_empty(command.change == Change::default() && command.password.is_none())?;
        Ok(command)
    }

    fn read(self, creates: bool) -> Result<ChangeTrunk, Error> {
        let mut members = Members::new(self.unknown);
        let change = Change {
            name: members.needed(creates, "/name", self.name, TrunkName::parse),
            host: members.needed(creates, "/host", self.host, Host::parse),
            port: members.optional("/port", self.port, |port| Port::parse(*port)),
            transport: members.optional("/transport", self.transport, Transport::parse),
            method: members.needed(creates, "/authentication", self.authentication, Method::parse),
            networks: members.list("/addresses", self.addresses, parse_networks),
            user_name: members.nullable("/user_name", self.user_name, AuthenticationName::parse),
            codecs: members.list("/codecs", self.codecs, Codecs::parse),
            max_concurrent_calls: members
                .nullable("/max_concurrent_calls", self.max_concurrent_calls, |calls| ConcurrentCalls::parse(*calls)),
        };
        let password = members.nullable("/password", self.password, SipPassword::parse);
        members.finish(Some(ChangeTrunk { change, password }))
    }
}

/// A trunk to be added.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct CreateTrunk(PatchTrunk);

impl PartialSchema for CreateTrunk {
    fn schema() -> RefOr<Schema> {
        needing(PatchTrunk::schema(), &["name", "host", "authentication"], "A trunk to be added.")
    }
}

impl ToSchema for CreateTrunk {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("CreateTrunk")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        PatchTrunk::schemas(schemas);
    }
}

impl CreateTrunk {
    /// The command, or everything that is wrong with it.
    pub fn command(self) -> Result<operations::CreateTrunk, Error> {
        let ChangeTrunk { change, password } = self.0.read(true)?;
        let refused = "a creation without it is refused";
        Ok(operations::CreateTrunk {
            name: change.name.clone().expect(refused),
            host: change.host.clone().expect(refused),
            change,
            password: password.flatten(),
        })
    }
}
