//! The services that an account sells or uses (R5).

use crate::fault::{Fault, ItemFaults};

/// One service of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// "PBX Connector": phones register with a phone system, by a SIP configuration template.
    Pbx,
    /// "SIP Trunk".
    Trunk,
}

impl Service {
    /// Every service, in the order in which responses list them.
    pub const ALL: [Self; 2] = [Self::Pbx, Self::Trunk];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pbx => "pbx",
            Self::Trunk => "trunk",
        }
    }

    /// The service with this wire name; `None` if there is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.as_str() == text)
    }
}

/// A non-empty set of services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Services {
    pbx: bool,
    trunk: bool,
}

impl Services {
    /// Both services, which a new master reseller gets.
    pub const ALL: Self = Self { pbx: true, trunk: true };

    /// The set with these services; `None` if it would be empty.
    #[must_use]
    pub const fn from_flags(pbx: bool, trunk: bool) -> Option<Self> {
        if pbx || trunk { Some(Self { pbx, trunk }) } else { None }
    }

    /// Parses wire names: at least one, none twice. Each fault has the index of the name it is about, or `None` if it
    /// is about the whole list.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, ItemFaults> {
        let (mut pbx, mut trunk) = (false, false);
        let mut faults = Vec::new();
        for (index, name) in names.into_iter().enumerate() {
            let seen = match Service::parse(name) {
                Some(Service::Pbx) => std::mem::replace(&mut pbx, true),
                Some(Service::Trunk) => std::mem::replace(&mut trunk, true),
                None => {
                    faults.push((Some(index), Fault::new("unknown_service", "Use \"pbx\" or \"trunk\".")));
                    continue;
                }
            };
            if seen {
                faults.push((Some(index), Fault::new("duplicate", "Name each service once.")));
            }
        }
        match Self::from_flags(pbx, trunk) {
            Some(services) if faults.is_empty() => Ok(services),
            None if faults.is_empty() => {
                Err(vec![(None, Fault::new("too_short", "Name at least one service: \"pbx\", \"trunk\"."))])
            }
            _ => Err(faults),
        }
    }

    /// Whether the set contains a service.
    #[must_use]
    pub const fn has(self, service: Service) -> bool {
        match service {
            Service::Pbx => self.pbx,
            Service::Trunk => self.trunk,
        }
    }

    /// The services of the set.
    pub fn iter(self) -> impl Iterator<Item = Service> {
        Service::ALL.into_iter().filter(move |service| self.has(*service))
    }

    /// The services of this set that are not in `other`.
    pub fn beyond(self, other: Self) -> impl Iterator<Item = Service> {
        self.iter().filter(move |service| !other.has(*service))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r5_a_selection_is_a_non_empty_set() {
        let codes = |names: &[&str]| {
            Services::parse(names.iter().copied())
                .map_err(|faults| faults.iter().map(|(index, fault)| (*index, fault.code)).collect::<Vec<_>>())
        };
        assert_eq!(codes(&["trunk", "pbx"]), Ok(Services::ALL));
        assert_eq!(codes(&["pbx"]), Ok(Services { pbx: true, trunk: false }));
        assert_eq!(codes(&[]), Err(vec![(None, "too_short")]));
        assert_eq!(codes(&["pbx", "fax", "pbx"]), Err(vec![(Some(1), "unknown_service"), (Some(2), "duplicate")]));
        assert_eq!(codes(&["PBX"]), Err(vec![(Some(0), "unknown_service")]));
    }

    #[test]
    fn r5_a_set_is_within_another_when_nothing_is_beyond_it() {
        let pbx = Services { pbx: true, trunk: false };
        assert_eq!(pbx.beyond(Services::ALL).count(), 0);
        assert_eq!(Services::ALL.beyond(pbx).collect::<Vec<_>>(), [Service::Trunk]);
    }
}
