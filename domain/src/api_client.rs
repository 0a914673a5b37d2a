//! API clients: programs that act in an account, and the limits that they are given (R9).

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::Timestamp;
use crate::authority::Role;
use crate::fault::{Fault, Faults, ItemFaults, distinct};
use crate::id::ClientId;
use crate::limits::{CLIENT_NETWORKS_MAX, PREVIOUS_SECRET_SECONDS, PREVIOUS_SECRET_SECONDS_MAX};
use crate::values::text::ClientName;

/// The networks that an API client may call from. An empty list allows every address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AllowedNetworks(Vec<IpNet>);

impl AllowedNetworks {
    /// Parses addresses, and networks in CIDR notation (RFC 4632, RFC 4291) whose host bits are zero. Each fault has
    /// the index of the item it is about, or `None` if it is about the whole list.
    pub fn parse(texts: &[String]) -> Result<Self, ItemFaults> {
        if texts.len() > CLIENT_NETWORKS_MAX {
            let detail = format!("Give at most {CLIENT_NETWORKS_MAX} addresses and networks.");
            return Err(vec![(None, Fault::new("too_long", detail))]);
        }
        distinct(texts, network).map(Self)
    }

    /// Whether requests from an address are allowed. An IPv4-mapped IPv6 address counts as the IPv4 address (RFC 4291
    /// section 2.5.5.2).
    #[must_use]
    pub fn admit(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.is_empty() || self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether `others` allow every address that these networks allow.
    #[must_use]
    pub fn are_within(&self, others: &Self) -> bool {
        let within = |network: &IpNet| others.0.iter().any(|other| other.contains(network));
        others.0.is_empty() || (!self.0.is_empty() && self.0.iter().all(within))
    }

    /// The networks as text: single addresses without a prefix length, others in CIDR notation.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(|network| Shown(*network).to_string()).collect()
    }
}

struct Shown(IpNet);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

fn network(text: &str) -> Result<IpNet, Fault> {
    let net = text.parse::<IpAddr>().map(IpNet::from).or_else(|_| text.parse::<IpNet>()).map_err(|_| {
        let detail = "Give an address such as 192.0.2.10 or 2001:db8::10, or a network such as 192.0.2.0/28.";
        Fault::new("invalid_network", detail)
    })?;
    if net.trunc() != net {
        return Err(Fault::new("invalid_network", format!("The host bits must be zero; use {}.", net.trunc())));
    }
    Ok(net)
}

/// What an API client may do, how long and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Its role in its account.
    pub role: Role,
    /// When it expires; `None` means never.
    pub expires_at: Option<Timestamp>,
    /// The networks that it may call from.
    pub networks: AllowedNetworks,
}

impl Terms {
    /// Whether there is an expiry or a restriction to networks.
    #[must_use]
    pub fn are_limits(&self) -> bool {
        self.expires_at.is_some() || self.networks != AllowedNetworks::default()
    }

    /// Checks that these terms do not exceed `own`, the terms of the API client that makes the request. An API client
    /// can't give another one more rights than it has, nor rotate the secret of one that has more.
    pub fn check_within(&self, own: &Self) -> Result<(), Faults> {
        let mut faults = Faults::new();
        let mut fault = |pointer: &'static str, detail: &str| {
            faults.push((pointer, Fault::new("more_than_own", detail)));
        };
        if own.role != Role::Owner && self.role != own.role {
            fault("/role", "An API client can't give another one a role other than its own.");
        }
        let outlives = own.expires_at.is_some_and(|own| self.expires_at.is_none_or(|other| other > own));
        if outlives {
            fault("/expires_at", "The API client that asks expires earlier. Give an expiry no later than its own.");
        }
        if !self.networks.are_within(&own.networks) {
            fault("/allowed_networks", "Give only networks that the API client that asks may call from itself.");
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}

/// An API client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiClient {
    /// Its id, which is its `client_id` as well.
    pub id: ClientId,
    /// Its name.
    pub name: ClientName,
    /// What it may do, how long and from where.
    pub terms: Terms,
    /// Its live secrets, newest first: one, or two during a rotation.
    pub secrets: Vec<ClientSecret>,
    /// When it last got an access token.
    pub last_used_at: Option<Timestamp>,
    /// Increases by one with every change.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A secret of an API client, without the secret itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSecret {
    /// Its last characters, by which people recognise it.
    pub hint: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires, if a newer secret has replaced it; `None` for the current secret.
    pub expires_at: Option<Timestamp>,
}

/// How long the previous secret keeps working after a rotation, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviousSecretSeconds(i64);

impl PreviousSecretSeconds {
    /// Accepts 0 seconds to 30 days.
    pub fn parse(seconds: i64) -> Result<Self, Fault> {
        let range = 0..=PREVIOUS_SECRET_SECONDS_MAX;
        let fault = || Fault::new("out_of_range", format!("Give 0 to {PREVIOUS_SECRET_SECONDS_MAX} seconds."));
        Some(seconds).filter(|seconds| range.contains(seconds)).map(Self).ok_or_else(fault)
    }

    /// The number of seconds.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl Default for PreviousSecretSeconds {
    /// One week.
    fn default() -> Self {
        Self(PREVIOUS_SECRET_SECONDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> AllowedNetworks {
        AllowedNetworks::parse(&texts.iter().map(ToString::to_string).collect::<Vec<_>>()).expect("networks")
    }

    #[test]
    fn an_address_is_admitted_by_the_networks_that_hold_it() {
        for (allowed, address, admitted) in [
            (&[][..], "203.0.113.9", true),
            (&["192.0.2.0/28"][..], "192.0.2.15", true),
            (&["192.0.2.0/28"][..], "192.0.2.16", false),
            (&["192.0.2.0/28"][..], "::ffff:192.0.2.15", true),
            (&["192.0.2.1", "2001:db8::/32"][..], "2001:db8:1::1", true),
            (&["0.0.0.0/0"][..], "2001:db8::1", false),
        ] {
            assert_eq!(networks(allowed).admit(address.parse().unwrap()), admitted, "{allowed:?} {address}");
        }
        for bad in ["", "x", "192.0.2.1/28", "192.0.2.0/33", "192.0.2"] {
            assert!(AllowedNetworks::parse(&[bad.to_owned()]).is_err(), "{bad:?}");
        }
        assert_eq!(networks(&["192.0.2.1/32", "10.0.0.0/8"]).texts(), ["192.0.2.1", "10.0.0.0/8"]);
    }

    #[test]
    fn r9_a_client_never_makes_one_of_more_power() {
        let at = |second| chrono::DateTime::from_timestamp(second, 0);
        let terms = |role, expires_at, allowed: &[&str]| Terms { role, expires_at, networks: networks(allowed) };
        let own = terms(Role::Owner, at(1_000), &["10.0.0.0/8"]);
        for (other, more) in [
            (terms(Role::Owner, at(1_000), &["10.0.0.0/8"]), &[][..]),
            (terms(Role::Viewer, at(999), &["10.1.0.0/16", "10.2.0.1"]), &[]),
            (terms(Role::Owner, at(1_001), &["10.1.0.0/16"]), &["/expires_at"]),
            (terms(Role::Owner, None, &["10.1.0.0/16"]), &["/expires_at"]),
            (terms(Role::Owner, at(1), &[]), &["/allowed_networks"]),
            (terms(Role::Owner, at(1), &["10.0.0.0/8", "11.0.0.0/8"]), &["/allowed_networks"]),
            (terms(Role::Owner, None, &["0.0.0.0/0"]), &["/expires_at", "/allowed_networks"]),
        ] {
            let faults = other.check_within(&own).err().unwrap_or_default();
            assert_eq!(faults.iter().map(|(pointer, _)| *pointer).collect::<Vec<_>>(), more, "{other:?}");
        }
        let unlimited = terms(Role::Owner, None, &[]);
        assert!(terms(Role::Billing, None, &["10.0.0.0/8"]).check_within(&unlimited).is_ok());
        let viewer = terms(Role::Viewer, None, &[]);
        assert!(terms(Role::Provisioner, None, &[]).check_within(&viewer).is_err());
    }

    #[test]
    fn a_client_calls_from_fifty_networks_at_most() {
        let parse = |count: usize| {
            let texts: Vec<_> = (1..=count).map(|host| format!("192.0.2.{host}")).collect();
            AllowedNetworks::parse(&texts).map(|networks| networks.texts().len()).map_err(|faults| faults[0].1.code)
        };
        assert_eq!([0, 50, 51].map(parse), [Ok(0), Ok(50), Err("too_long")]);
    }

    #[test]
    fn r9_an_expiry_or_a_network_is_a_limit() {
        for (expires_at, allowed, limited) in [
            (None, &[][..], false),
            (Some(Timestamp::default()), &[][..], true),
            (None, &["192.0.2.1"][..], true),
            (Some(Timestamp::default()), &["192.0.2.1"][..], true),
        ] {
            let terms = Terms { role: Role::Owner, expires_at, networks: networks(allowed) };
            assert_eq!(terms.are_limits(), limited, "{terms:?}");
        }
    }

    #[test]
    fn a_previous_secret_works_for_up_to_thirty_days_and_if_nothing_is_said_for_a_week() {
        for (seconds, expected) in [
            (0, Ok(0)),
            (3_600, Ok(3_600)),
            (30 * 86_400, Ok(30 * 86_400)),
            (30 * 86_400 + 1, Err("out_of_range")),
            (-1, Err("out_of_range")),
        ] {
            let read = PreviousSecretSeconds::parse(seconds);
            assert_eq!(read.map(PreviousSecretSeconds::get).map_err(|fault| fault.code), expected, "{seconds}");
        }
        assert_eq!(PreviousSecretSeconds::default().get(), 7 * 86_400);
    }
}
