//! Network values of SIP: hosts, ports, transports, networks.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::host_name::HostName;
use crate::fault::Fault;
use crate::limits::{IPV4_PREFIX_MIN, IPV6_PREFIX_MIN};

/// A host name or an IP address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A fully qualified host name.
    Name(HostName),
    /// An IPv4 or IPv6 address.
    Address(IpAddr),
}

impl Host {
    /// Parses a host name or an address. An IPv6 address may be in brackets.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Some(address) =
            bare.map_or_else(|| text.parse().ok(), |bare| bare.parse::<Ipv6Addr>().ok().map(IpAddr::V6))
        {
            let is_broadcast = address == IpAddr::V4(Ipv4Addr::BROADCAST);
            // `0.0.0.0/8` is "this network" (RFC 6890).
            let is_this_network = matches!(address, IpAddr::V4(four) if four.octets()[0] == 0);
            if address.is_unspecified() || address.is_multicast() || is_broadcast || is_this_network {
                let detail = "Give the address of a host. Unspecified, multicast and broadcast addresses are none.";
                return Err(Fault::new("invalid_host", detail));
            }
            return Ok(Self::Address(address));
        }
        HostName::parse(text).map(Self::Name).map_err(|_| {
            Fault::new("invalid_host", "Give a full host name such as sip.example.com, or an IPv4 or IPv6 address.")
        })
    }

    /// The form used in a URI: an IPv6 address is in brackets (RFC 3261 section 25.1).
    #[must_use]
    pub fn in_uri(&self) -> String {
        match self {
            Self::Address(IpAddr::V6(address)) => format!("[{address}]"),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name.as_str()),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// A UDP or TCP port: 1–65535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(u16);

impl Port {
    /// The default port of SIP over UDP and TCP (RFC 3261 section 19.1.2).
    pub const SIP: Self = Self(5060);
    /// The default port of SIP over TLS (RFC 3261 section 19.1.2).
    pub const SIPS: Self = Self(5061);

    /// Accepts numbers from 1 to 65535.
    pub fn parse(number: i64) -> Result<Self, Fault> {
        let port = u16::try_from(number).ok().filter(|port| *port > 0);
        port.map(Self).ok_or_else(|| Fault::new("out_of_range", "Give a port from 1 to 65535."))
    }

    /// The port number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// The transport of SIP messages (RFC 3261 section 18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
}

impl Transport {
    /// Every transport.
    pub const ALL: [Self; 3] = [Self::Udp, Self::Tcp, Self::Tls];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }

    /// The transport with this name.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let found = Self::ALL.into_iter().find(|transport| transport.as_str() == text);
        found.ok_or_else(|| Fault::new("unknown_value", "Use \"udp\", \"tcp\" or \"tls\"."))
    }

    /// The default port of this transport.
    #[must_use]
    pub const fn default_port(self) -> Port {
        match self {
            Self::Udp | Self::Tcp => Port::SIP,
            Self::Tls => Port::SIPS,
        }
    }
}

/// An address or network that a trunk may call from. The size of networks is limited, so that they don't include
/// strangers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(IpNet);

impl Network {
    /// Parses an address, or a network in CIDR notation (RFC 4632, RFC 4291) whose host bits are zero. Unspecified,
    /// multicast and loopback addresses are refused.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let fault = |detail: String| Fault::new("invalid_network", detail);
        let net = text.parse::<IpAddr>().map(IpNet::from).or_else(|_| text.parse::<IpNet>()).map_err(|_| {
            fault("Give an address such as 192.0.2.10 or 2001:db8::10, or a network such as 192.0.2.0/28.".to_owned())
        })?;
        if net.trunc() != net {
            return Err(fault(format!("The host bits must be zero; use {}.", net.trunc())));
        }
        let (min, family) = if net.addr().is_ipv4() { (IPV4_PREFIX_MIN, "IPv4") } else { (IPV6_PREFIX_MIN, "IPv6") };
        if net.prefix_len() < min {
            return Err(fault(format!("An {family} network can't be wider than /{min}.")));
        }
        if net.addr().is_unspecified() || net.addr().is_multicast() || net.addr().is_loopback() {
            return Err(fault("Calls can't come from unspecified, multicast or loopback addresses.".to_owned()));
        }
        Ok(Self(net))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address() {
        let parse = |text: &str| Host::parse(text).map(|host| (host.to_string(), host.in_uri())).ok();
        let same = |text: &str| Some((text.to_owned(), text.to_owned()));
        assert_eq!(parse("SIP.Example.com"), same("sip.example.com"));
        assert_eq!(parse("192.0.2.1"), same("192.0.2.1"));
        let six = Some(("2001:db8::1".to_owned(), "[2001:db8::1]".to_owned()));
        assert_eq!(parse("2001:DB8:0::1"), six);
        assert_eq!(parse("[2001:db8::1]"), six);
        for bad in [
            "",
            "localhost",
            "0.0.0.0",
            "0.1.2.3",
            "255.255.255.255",
            "224.0.0.1",
            "::",
            "[ff02::1]",
            "192.0.2",
            "192.0.2.256",
            "[192.0.2.1]",
            "2001:db8::g",
            "a b.example",
            "sip.example:1",
        ] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_port_is_within_its_range() {
        for (number, good) in [(1, true), (5060, true), (65_535, true), (0, false), (65_536, false), (-1, false)] {
            assert_eq!(Port::parse(number).is_ok(), good, "{number}");
        }
    }

    #[test]
    fn a_transport_has_one_name_everywhere() {
        let names = ["udp", "tcp", "tls"];
        assert_eq!(Transport::ALL.map(Transport::as_str), names);
        assert_eq!(names.map(Transport::parse), Transport::ALL.map(Ok));
        for other in ["", "UDP", "sctp"] {
            assert_eq!(Transport::parse(other).map_err(|fault| fault.code), Err("unknown_value"), "{other:?}");
        }
    }

    #[test]
    fn r13_a_network_is_narrow_and_exact() {
        let parse = |text: &str| Network::parse(text).map(|network| network.to_string()).ok();
        for (given, shown) in [
            ("192.0.2.10", "192.0.2.10"),
            ("192.0.2.10/32", "192.0.2.10"),
            ("192.0.2.0/28", "192.0.2.0/28"),
            ("2001:DB8::10", "2001:db8::10"),
            ("2001:db8::/32", "2001:db8::/32"),
        ] {
            assert_eq!(parse(given).as_deref(), Some(shown));
        }
        for bad in
            ["", "x", "192.0.2.1/28", "0.0.0.0/0", "10.0.0.0/8", "::/0", "192.0.2.0/33", "224.0.0.1", "127.0.0.1", "::"]
        {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
