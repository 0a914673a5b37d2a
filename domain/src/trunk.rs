//! SIP trunks (R13).

use crate::Timestamp;
use crate::fault::{Fault, Faults, ItemFaults, distinct};
use crate::id::{AccountId, TrunkId};
use crate::limits::{CONCURRENT_CALLS, TRUNK_ADDRESSES_MAX};
use crate::values::network::{Host, Network, Port, Transport};
use crate::values::text::{AuthenticationName, TrunkName};

/// An audio codec, by its RTP name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 A-law.
    Pcma,
    /// G.711 µ-law.
    Pcmu,
    /// G.722.
    G722,
    /// G.729.
    G729,
    /// Opus (RFC 7587).
    Opus,
}

impl Codec {
    /// Every codec.
    pub const ALL: [Self; 5] = [Self::Pcma, Self::Pcmu, Self::G722, Self::G729, Self::Opus];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
            Self::G722 => "G722",
            Self::G729 => "G729",
            Self::Opus => "opus",
        }
    }

    /// The codec with this name; `None` if there is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.as_str() == text)
    }
}

/// Codecs in order of preference: at least one, none twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codecs(Vec<Codec>);

impl Default for Codecs {
    /// G.711, which every SIP trunk supports.
    fn default() -> Self {
        Self(vec![Codec::Pcma, Codec::Pcmu])
    }
}

impl Codecs {
    /// Parses codec names. Each fault has the index of the name it is about, or `None` if it is about the whole list.
    pub fn parse(names: &[String]) -> Result<Self, ItemFaults> {
        let unknown = || Fault::new("unknown_value", "Use \"PCMA\", \"PCMU\", \"G722\", \"G729\" or \"opus\".");
        let codecs = distinct(names, |name| Codec::parse(name).ok_or_else(unknown))?;
        if codecs.is_empty() {
            return Err(vec![(None, Fault::new("too_short", "Name at least one codec."))]);
        }
        Ok(Self(codecs))
    }

    /// The codecs, most preferred first.
    pub fn iter(&self) -> impl Iterator<Item = Codec> {
        self.0.iter().copied()
    }
}

/// Parses the networks that a trunk may call from: at most 50, none twice. Each fault has the index of the item it is
/// about, or `None` if it is about the whole list.
pub fn parse_networks(texts: &[String]) -> Result<Vec<Network>, ItemFaults> {
    if texts.len() > TRUNK_ADDRESSES_MAX {
        let detail = format!("Give at most {TRUNK_ADDRESSES_MAX} addresses and networks.");
        return Err(vec![(None, Fault::new("too_long", detail))]);
    }
    distinct(texts, Network::parse)
}

/// A limit of concurrent calls: 1–10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConcurrentCalls(i32);

impl ConcurrentCalls {
    /// Accepts numbers within the limits.
    pub fn parse(number: i64) -> Result<Self, Fault> {
        let (from, to) = (CONCURRENT_CALLS.start(), CONCURRENT_CALLS.end());
        let fault = || Fault::new("out_of_range", format!("Give a number from {from} to {to}, or null."));
        let number = Some(number).filter(|number| CONCURRENT_CALLS.contains(number)).ok_or_else(fault)?;
        i32::try_from(number).map(Self).map_err(|_| fault())
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}

/// An authentication method of trunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// By the network address that calls come from.
    Ip,
    /// By SIP registration with a user name and a password.
    Registration,
}

impl Method {
    /// Every authentication method.
    pub const ALL: [Self; 2] = [Self::Ip, Self::Registration];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Registration => "registration",
        }
    }

    /// The method with this name.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let found = Self::ALL.into_iter().find(|method| method.as_str() == text);
        found.ok_or_else(|| Fault::new("unknown_value", "Use \"ip\" or \"registration\"."))
    }
}

/// How a trunk authenticates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// By the network address that calls come from.
    Ip(Vec<Network>),
    /// By SIP registration with this user name and a password.
    Registration(AuthenticationName),
}

impl Authentication {
    /// The authentication method.
    #[must_use]
    pub const fn method(&self) -> Method {
        match self {
            Self::Ip(_) => Method::Ip,
            Self::Registration(_) => Method::Registration,
        }
    }

    /// The networks that it may call from; empty if the trunk registers.
    #[must_use]
    pub fn networks(&self) -> &[Network] {
        match self {
            Self::Ip(networks) => networks,
            Self::Registration(_) => &[],
        }
    }

    /// The user name of the registration; `None` if the trunk authenticates by address.
    #[must_use]
    pub const fn user_name(&self) -> Option<&AuthenticationName> {
        match self {
            Self::Ip(_) => None,
            Self::Registration(name) => Some(name),
        }
    }
}

/// The settings of a trunk. The password is stored separately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its name.
    pub name: TrunkName,
    /// The host of its remote end.
    pub host: Host,
    /// The SIP port of that host.
    pub port: Port,
    /// The SIP transport.
    pub transport: Transport,
    /// How it authenticates.
    pub authentication: Authentication,
    /// Its codecs in order of preference.
    pub codecs: Codecs,
    /// Most concurrent calls; `None` means unlimited.
    pub max_concurrent_calls: Option<ConcurrentCalls>,
}

/// A change of settings; `None` leaves a setting as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub name: Option<TrunkName>,
    /// The host of its remote end.
    pub host: Option<Host>,
    /// Its port.
    pub port: Option<Port>,
    /// Its transport.
    pub transport: Option<Transport>,
    /// Its authentication method.
    pub method: Option<Method>,
    /// The networks that it may call from.
    pub networks: Option<Vec<Network>>,
    /// The user name that it registers with; `Some(None)` removes it.
    pub user_name: Option<Option<AuthenticationName>>,
    /// Its codecs.
    pub codecs: Option<Codecs>,
    /// Most concurrent calls; `Some(None)` means unlimited.
    pub max_concurrent_calls: Option<Option<ConcurrentCalls>>,
}

impl Settings {
    /// The settings of a new trunk: defaults with `change` applied. Fails with all faults found.
    pub fn new(name: TrunkName, host: Host, change: &Change) -> Result<Self, Faults> {
        let transport = change.transport.unwrap_or(Transport::Udp);
        let method = change.method.ok_or_else(|| vec![("/authentication", Fault::required())])?;
        let filled = Self {
            name,
            host,
            port: transport.default_port(),
            transport,
            authentication: authentication(method, None, change)?,
            codecs: Codecs::default(),
            max_concurrent_calls: None,
        };
        filled.after(change)
    }

    /// The settings after a change. Fails with all faults found.
    pub fn after(&self, change: &Change) -> Result<Self, Faults> {
        let method = change.method.unwrap_or(self.authentication.method());
        let authentication = authentication(method, Some(&self.authentication), change)?;
        let Change { name, host, port, transport, method: _, networks: _, user_name: _, codecs, max_concurrent_calls } =
            change.clone();
        Ok(Self {
            name: name.unwrap_or_else(|| self.name.clone()),
            host: host.unwrap_or_else(|| self.host.clone()),
            port: port.unwrap_or(self.port),
            transport: transport.unwrap_or(self.transport),
            authentication,
            codecs: codecs.unwrap_or_else(|| self.codecs.clone()),
            max_concurrent_calls: max_concurrent_calls.unwrap_or(self.max_concurrent_calls),
        })
    }
}

impl Settings {
    /// Checks that a password is given if the trunk starts to register, and not given if it authenticates by address.
    /// `before` are the settings before the change; `None` for a new trunk.
    pub fn check_password(&self, before: Option<&Self>, given: bool) -> Result<(), Faults> {
        let fault = |code, detail| Err(vec![("/password", Fault::new(code, detail))]);
        let registered = before.is_some_and(|before| before.authentication.method() == Method::Registration);
        match (self.authentication.method(), given) {
            (Method::Ip, true) => fault("not_allowed", "Leave it out: the trunk is known by its addresses."),
            (Method::Registration, false) if !registered => {
                fault("required", "A trunk that starts to register needs a password.")
            }
            _ => Ok(()),
        }
    }
}

/// The authentication after a change. Fails if a required value is neither in the change nor in `before`, or if the
/// change has values of the other method.
fn authentication(method: Method, before: Option<&Authentication>, change: &Change) -> Result<Authentication, Faults> {
    let not_allowed = |detail: &str| Fault::new("not_allowed", detail);
    let mut faults = Faults::new();
    let authentication = match method {
        Method::Ip => {
            if change.user_name.as_ref().is_some_and(Option::is_some) {
                faults.push(("/user_name", not_allowed("Leave it out: the trunk is known by its addresses.")));
            }
            let networks = change.networks.as_deref().or_else(|| before.map(Authentication::networks));
            let networks = networks.unwrap_or_default().to_vec();
            if networks.is_empty() {
                faults.push(("/addresses", Fault::new("required", "Give at least one address or network.")));
            }
            Some(Authentication::Ip(networks))
        }
        Method::Registration => {
            if change.networks.as_ref().is_some_and(|networks| !networks.is_empty()) {
                faults.push(("/addresses", not_allowed("Leave it out: a trunk that registers has a user name.")));
            }
            let known = before.and_then(Authentication::user_name);
            let name = change.user_name.clone().unwrap_or_else(|| known.cloned());
            if name.is_none() {
                faults.push(("/user_name", Fault::new("required", "Give the name that the trunk registers with.")));
            }
            name.map(Authentication::Registration)
        }
    };
    authentication.filter(|_| faults.is_empty()).ok_or(faults)
}

/// A trunk of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trunk {
    /// Its id.
    pub id: TrunkId,
    /// The enterprise.
    pub account: AccountId,
    /// Its settings.
    pub settings: Settings,
    /// Whether it has a SIP password.
    pub has_password: bool,
    /// Increases by one with every change.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> AuthenticationName {
        AuthenticationName::parse(text).unwrap()
    }

    fn new(change: &Change) -> Result<Settings, Vec<&'static str>> {
        let (title, host) = (TrunkName::parse("Main").unwrap(), Host::parse("sip.carrier.example").unwrap());
        Settings::new(title, host, change).map_err(|faults| faults.into_iter().map(|(pointer, _)| pointer).collect())
    }

    #[test]
    fn r13_each_way_to_authenticate_has_what_it_needs_and_nothing_else() {
        let networks = Some(vec![Network::parse("192.0.2.0/28").unwrap()]);
        let ip = Change { method: Some(Method::Ip), ..Change::default() };
        let registration = Change { method: Some(Method::Registration), ..Change::default() };
        assert_eq!(new(&Change::default()), Err(vec!["/authentication"]));
        assert_eq!(new(&ip), Err(vec!["/addresses"]));
        assert_eq!(new(&registration), Err(vec!["/user_name"]));
        let mixed = Change { networks: networks.clone(), user_name: Some(Some(name("a"))), ..Change::default() };
        assert_eq!(new(&Change { method: Some(Method::Ip), ..mixed.clone() }), Err(vec!["/user_name"]));
        assert_eq!(new(&Change { method: Some(Method::Registration), ..mixed }), Err(vec!["/addresses"]));

        let by_ip = new(&Change { networks: networks.clone(), ..ip.clone() }).unwrap();
        assert_eq!(by_ip.authentication, Authentication::Ip(networks.clone().unwrap()));
        let pointers = |result: Result<Settings, Faults>| result.map_err(|faults| faults[0].0);
        // Changing the method requires the values of the new method; other changes keep the existing ones.
        assert_eq!(pointers(by_ip.after(&registration)), Err("/user_name"));
        assert_eq!(pointers(by_ip.after(&Change { networks: Some(vec![]), ..Change::default() })), Err("/addresses"));
        assert_eq!(by_ip.after(&Change::default()), Ok(by_ip.clone()));
        let registered = by_ip.after(&Change { user_name: Some(Some(name("a"))), ..registration }).unwrap();
        assert_eq!(registered.authentication, Authentication::Registration(name("a")));
        assert_eq!(registered.after(&Change::default()), Ok(registered.clone()));
        let without = Change { user_name: Some(None), ..Change::default() };
        assert_eq!(pointers(registered.after(&without)), Err("/user_name"));
        assert_eq!(registered.after(&Change { networks, ..ip }).unwrap().authentication, by_ip.authentication);
    }

    #[test]
    fn r13_a_password_belongs_to_a_trunk_that_registers() {
        let networks = Some(vec![Network::parse("192.0.2.1").unwrap()]);
        let by_ip = new(&Change { method: Some(Method::Ip), networks, ..Change::default() }).unwrap();
        let user_name = Some(Some(name("a")));
        let registers = new(&Change { method: Some(Method::Registration), user_name, ..Change::default() }).unwrap();
        for (before, after, given, expected) in [
            (None, &by_ip, false, None),
            (None, &by_ip, true, Some("not_allowed")),
            (None, &registers, false, Some("required")),
            (None, &registers, true, None),
            (Some(&by_ip), &registers, false, Some("required")),
            (Some(&registers), &registers, false, None),
            (Some(&registers), &by_ip, true, Some("not_allowed")),
        ] {
            let seen = after.check_password(before, given).err().map(|faults| faults[0].1.code);
            assert_eq!(seen, expected, "{before:?} {given}");
        }
    }

    #[test]
    fn r13_codecs_are_known_and_distinct_and_keep_their_order() {
        let parse = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(ToString::to_string).collect();
            Codecs::parse(&names)
                .map(|codecs| codecs.iter().map(Codec::as_str).collect::<Vec<_>>())
                .map_err(|faults| faults.into_iter().map(|(index, fault)| (index, fault.code)).collect::<Vec<_>>())
        };
        assert_eq!(parse(&["opus", "PCMA"]), Ok(vec!["opus", "PCMA"]));
        assert_eq!(parse(&[]), Err(vec![(None, "too_short")]));
        assert_eq!(parse(&["PCMA", "pcma", "PCMA"]), Err(vec![(Some(1), "unknown_value"), (Some(2), "duplicate")]));
    }

    #[test]
    fn r13_a_method_has_one_name_everywhere() {
        let names = ["ip", "registration"];
        assert_eq!(Method::ALL.map(Method::as_str), names);
        assert_eq!(names.map(Method::parse), Method::ALL.map(Ok));
        for other in ["", "IP", "digest"] {
            assert_eq!(Method::parse(other).map_err(|fault| fault.code), Err("unknown_value"), "{other:?}");
        }
    }

    #[test]
    fn r13_a_trunk_calls_from_fifty_networks_at_most() {
        let parse = |count: usize| {
            let texts: Vec<_> = (1..=count).map(|host| format!("192.0.2.{host}")).collect();
            parse_networks(&texts).map(|networks| networks.len()).map_err(|faults| faults[0].1.code)
        };
        assert_eq!([0, 1, 50, 51].map(parse), [Ok(0), Ok(1), Ok(50), Err("too_long")]);
    }

    #[test]
    fn r13_calls_are_limited_to_a_number_within_its_range() {
        for (number, expected) in [
            (0, Err("out_of_range")),
            (1, Ok(1)),
            (30, Ok(30)),
            (10_000, Ok(10_000)),
            (10_001, Err("out_of_range")),
            (i64::MAX, Err("out_of_range")),
        ] {
            let read = ConcurrentCalls::parse(number);
            assert_eq!(read.map(ConcurrentCalls::get).map_err(|fault| fault.code), expected, "{number}");
        }
    }
}
