//! PBXs: SIP configuration templates, and the types of phone systems that provide their defaults (R12).

use crate::Timestamp;
use crate::fault::Fault;
use crate::id::{AccountId, PbxId};
use crate::limits::{FEATURE_CODE_MAX, REGISTRATION_EXPIRY_SECONDS};
use crate::values::host_name::HostName;
use crate::values::network::{Port, Transport};
use crate::values::sip::OutboundProxy;
use crate::values::text::Location;

/// A type of phone system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PbxType {
    /// NetSapiens.
    Netsapiens,
    /// FreePBX and other systems based on Asterisk.
    Asterisk,
    /// 3CX.
    ThreeCx,
    /// Cisco BroadWorks.
    Broadworks,
    /// Any other system that uses SIP.
    Generic,
}

impl PbxType {
    /// Every type, in the order in which responses list them.
    pub const ALL: [Self; 5] = [Self::Netsapiens, Self::Asterisk, Self::ThreeCx, Self::Broadworks, Self::Generic];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Netsapiens => "netsapiens",
            Self::Asterisk => "asterisk",
            Self::ThreeCx => "3cx",
            Self::Broadworks => "broadworks",
            Self::Generic => "generic",
        }
    }

    /// The name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Netsapiens => "NetSapiens",
            Self::Asterisk => "FreePBX / Asterisk",
            Self::ThreeCx => "3CX",
            Self::Broadworks => "BroadWorks",
            Self::Generic => "Generic SIP",
        }
    }

    /// The type with this name.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| Fault::new("unknown_value", "Use a `type` that `GET /pbx-types` lists."))
    }

    /// The default settings of a new PBX of this type.
    #[must_use]
    pub const fn defaults(self) -> Defaults {
        let (dns_lookup, expiry, voicemail) = match self {
            Self::Netsapiens => (DnsLookup::Srv, 60, Some("5001")),
            Self::Asterisk => (DnsLookup::A, 120, Some("*97")),
            Self::ThreeCx => (DnsLookup::A, 120, Some("999")),
            Self::Broadworks => (DnsLookup::Srv, 3600, Some("*86")),
            Self::Generic => (DnsLookup::A, 3600, None),
        };
        Defaults {
            transport: Transport::Udp,
            port: Port::SIP,
            dns_lookup,
            registration_expiry_seconds: expiry,
            voicemail_feature_code: voicemail,
        }
    }
}

/// The default settings of a PBX type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defaults {
    /// The SIP transport.
    pub transport: Transport,
    /// The SIP port.
    pub port: Port,
    /// How the hosts of its domain are found in the DNS.
    pub dns_lookup: DnsLookup,
    /// How long a registration of a phone is valid, in seconds.
    pub registration_expiry_seconds: i32,
    /// The number dialled to reach the voicemail.
    pub voicemail_feature_code: Option<&'static str>,
}

/// How the hosts of a SIP domain are found in the DNS (RFC 3263).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DnsLookup {
    /// By SRV records.
    Srv,
    /// By A and AAAA records.
    A,
}

impl DnsLookup {
    /// Every lookup method.
    pub const ALL: [Self; 2] = [Self::Srv, Self::A];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Srv => "srv",
            Self::A => "a",
        }
    }

    /// The lookup method with this name.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let found = Self::ALL.into_iter().find(|lookup| lookup.as_str() == text);
        found.ok_or_else(|| Fault::new("unknown_value", "Use \"srv\" or \"a\"."))
    }
}

/// How long a registration of a phone is valid, in seconds: 60–86,400.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrationExpiry(i32);

impl RegistrationExpiry {
    /// Accepts numbers within the limits.
    pub fn parse(number: i64) -> Result<Self, Fault> {
        let (from, to) = (REGISTRATION_EXPIRY_SECONDS.start(), REGISTRATION_EXPIRY_SECONDS.end());
        let fault = || Fault::new("out_of_range", format!("Give a number of seconds from {from} to {to}."));
        let number = Some(number).filter(|number| REGISTRATION_EXPIRY_SECONDS.contains(number)).ok_or_else(fault)?;
        i32::try_from(number).map(Self).map_err(|_| fault())
    }

    /// The number of seconds.
    #[must_use]
    pub const fn seconds(self) -> i32 {
        self.0
    }
}

/// A code dialled to use a feature of the PBX: 1–10 digits, `*` and `#`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureCode(String);

impl FeatureCode {
    /// Parses a code as it is dialled.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let dialled = text.bytes().all(|octet| octet.is_ascii_digit() || matches!(octet, b'*' | b'#'));
        if dialled && (1..=FEATURE_CODE_MAX).contains(&text.len()) {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new("invalid_feature_code", format!("Give 1–{FEATURE_CODE_MAX} digits, * and #.")))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The settings of a PBX.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The type of the phone system.
    pub kind: PbxType,
    /// Its location, unique in the enterprise.
    pub location: Location,
    /// The SIP domain of its users.
    pub sip_domain: HostName,
    /// Outbound proxy, if requests don't go to `sip_domain` directly.
    pub outbound_proxy: Option<OutboundProxy>,
    /// The SIP transport.
    pub transport: Transport,
    /// The SIP port.
    pub port: Port,
    /// How the hosts of its domain are found in the DNS.
    pub dns_lookup: DnsLookup,
    /// How long a registration of a phone is valid.
    pub registration_expiry: RegistrationExpiry,
    /// The number dialled to reach the voicemail.
    pub voicemail_feature_code: Option<FeatureCode>,
}

/// A change of settings; `None` leaves a setting as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Its type. Changing it does not apply the defaults of the new type.
    pub kind: Option<PbxType>,
    /// Its location.
    pub location: Option<Location>,
    /// The SIP domain of its users.
    pub sip_domain: Option<HostName>,
    /// Its outbound proxy; `Some(None)` removes it.
    pub outbound_proxy: Option<Option<OutboundProxy>>,
    /// Its transport.
    pub transport: Option<Transport>,
    /// Its port.
    pub port: Option<Port>,
    /// How the hosts of its domain are found in the DNS.
    pub dns_lookup: Option<DnsLookup>,
    /// How long a registration of a phone is valid.
    pub registration_expiry: Option<RegistrationExpiry>,
    /// The number dialled to reach the voicemail; `Some(None)` removes it.
    pub voicemail_feature_code: Option<Option<FeatureCode>>,
}

impl Settings {
    /// The settings of a new PBX: the defaults of its type, with `change` applied.
    #[must_use]
    pub fn new(kind: PbxType, location: Location, sip_domain: HostName, change: &Change) -> Self {
        let Defaults { transport, port: _, dns_lookup, registration_expiry_seconds, voicemail_feature_code } =
            kind.defaults();
        let transport = change.transport.unwrap_or(transport);
        let filled = Self {
            kind,
            location,
            sip_domain,
            outbound_proxy: None,
            transport,
            // TLS has its own default port.
            port: transport.default_port(),
            dns_lookup,
            registration_expiry: RegistrationExpiry(registration_expiry_seconds),
            voicemail_feature_code: voicemail_feature_code.map(|code| FeatureCode(code.to_owned())),
        };
        filled.after(change)
    }

    /// The settings after a change.
    #[must_use]
    pub fn after(&self, change: &Change) -> Self {
        let Change {
            kind,
            location,
            sip_domain,
            outbound_proxy,
            transport,
            port,
            dns_lookup,
            registration_expiry,
            voicemail_feature_code,
        } = change.clone();
        Self {
            kind: kind.unwrap_or(self.kind),
            location: location.unwrap_or_else(|| self.location.clone()),
            sip_domain: sip_domain.unwrap_or_else(|| self.sip_domain.clone()),
            outbound_proxy: outbound_proxy.unwrap_or_else(|| self.outbound_proxy.clone()),
            transport: transport.unwrap_or(self.transport),
            port: port.unwrap_or(self.port),
            dns_lookup: dns_lookup.unwrap_or(self.dns_lookup),
            registration_expiry: registration_expiry.unwrap_or(self.registration_expiry),
            voicemail_feature_code: voicemail_feature_code.unwrap_or_else(|| self.voicemail_feature_code.clone()),
        }
    }
}

/// A PBX of an enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pbx {
    /// Its id.
    pub id: PbxId,
    /// The enterprise.
    pub account: AccountId,
    /// Its settings.
    pub settings: Settings,
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

    fn new(kind: PbxType, change: &Change) -> Settings {
        Settings::new(kind, Location::parse("Berlin").unwrap(), HostName::parse("sip.kiosk.example").unwrap(), change)
    }

    #[test]
    fn r12_the_type_pre_fills_what_is_not_said() {
        for kind in PbxType::ALL {
            let (settings, defaults) = (new(kind, &Change::default()), kind.defaults());
            assert_eq!((settings.transport, settings.port), (defaults.transport, defaults.port));
            let expiry = settings.registration_expiry.seconds();
            assert_eq!((settings.dns_lookup, expiry), (defaults.dns_lookup, defaults.registration_expiry_seconds));
            assert_eq!(RegistrationExpiry::parse(expiry.into()).map(RegistrationExpiry::seconds), Ok(expiry));
            let code = settings.voicemail_feature_code.as_ref().map(FeatureCode::as_str);
            assert_eq!(code, defaults.voicemail_feature_code);
            assert!(code.is_none_or(|code| FeatureCode::parse(code).is_ok()), "{code:?}");
        }
        let tls = Change { transport: Some(Transport::Tls), ..Change::default() };
        assert_eq!(new(PbxType::Generic, &tls).port, Port::SIPS);
        let both = Change { port: Port::parse(5080).ok(), voicemail_feature_code: Some(None), ..tls };
        let settings = new(PbxType::Asterisk, &both);
        assert_eq!((settings.port.get(), settings.voicemail_feature_code), (5080, None));
    }

    #[test]
    fn r12_a_feature_code_can_be_dialled() {
        for (text, good) in
            [("*97", true), ("#1", true), ("5001", true), ("", false), ("*9a", false), ("12345678901", false)]
        {
            assert_eq!(FeatureCode::parse(text).is_ok(), good, "{text:?}");
        }
    }

    #[test]
    fn r12_a_type_has_a_name_for_programs_and_one_for_people() {
        let names = ["netsapiens", "asterisk", "3cx", "broadworks", "generic"];
        assert_eq!(PbxType::ALL.map(PbxType::as_str), names);
        assert_eq!(names.map(PbxType::parse), PbxType::ALL.map(Ok));
        for other in ["", "3CX", "freepbx"] {
            assert_eq!(PbxType::parse(other).map_err(|fault| fault.code), Err("unknown_value"), "{other:?}");
        }
        let shown = ["NetSapiens", "FreePBX / Asterisk", "3CX", "BroadWorks", "Generic SIP"];
        assert_eq!(PbxType::ALL.map(PbxType::name), shown);
    }

    #[test]
    fn r12_a_lookup_has_one_name_everywhere() {
        let names = ["srv", "a"];
        assert_eq!(DnsLookup::ALL.map(DnsLookup::as_str), names);
        assert_eq!(names.map(DnsLookup::parse), DnsLookup::ALL.map(Ok));
        for other in ["", "SRV", "aaaa"] {
            assert_eq!(DnsLookup::parse(other).map_err(|fault| fault.code), Err("unknown_value"), "{other:?}");
        }
    }
}
