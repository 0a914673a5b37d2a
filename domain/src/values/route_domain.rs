//! The domain of a Direct Routing route, and the TXT record by which Microsoft 365 verifies it (R11).

use super::host_name::HostName;
use crate::fault::Fault;
use crate::limits::{ROUTE_DOMAIN_MAX, VERIFICATION_TXT_MAX};

/// The domain of a route, `<label>.<base domain>`: one DNS label below the base domain of an SBC region, at most 48
/// characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RouteDomain(HostName);

impl RouteDomain {
    /// Builds the domain of a label and a base domain. Internationalised labels (IDNA) are accepted.
    pub fn below(label: &str, base: &HostName) -> Result<Self, Fault> {
        let name = HostName::parse(&format!("{label}.{}", base.as_str())).map_err(|_| {
            Fault::new("invalid_label", "Give 1–63 letters, digits and hyphens, without a hyphen at the start or end.")
        })?;
        // Dots of other scripts become ASCII dots, so the label is checked after the conversion.
        let own = name.as_str().strip_suffix(base.as_str()).and_then(|rest| rest.strip_suffix('.'));
        if own.is_none_or(|own| own.contains('.')) {
            return Err(Fault::new("invalid_label", "Give one label: letters, digits and hyphens, without dots."));
        }
        let length = name.as_str().len();
        if length > ROUTE_DOMAIN_MAX {
            let detail = format!("With {}, it has {length} characters; {ROUTE_DOMAIN_MAX} are allowed.", base.as_str());
            return Err(Fault::new("too_long", detail));
        }
        if is_below_onmicrosoft(&name) {
            return Err(Fault::new("invalid_label", "Domains below onmicrosoft.com can't be verified."));
        }
        Ok(Self(name))
    }

    /// Reads a domain from the database, which was checked before it was stored.
    #[must_use]
    pub fn stored(text: &str) -> Option<Self> {
        HostName::parse(text).ok().map(Self)
    }

    /// The domain name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Whether a name belongs to `onmicrosoft.com`. Such domains can't be added to a tenant.
#[must_use]
pub fn is_below_onmicrosoft(name: &HostName) -> bool {
    name.as_str() == "onmicrosoft.com" || name.as_str().ends_with(".onmicrosoft.com")
}

/// The value of the TXT record by which Microsoft 365 verifies a domain: `MS=` followed by letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VerificationTxt(String);

impl VerificationTxt {
    /// Parses the value as Microsoft 365 shows it.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let code = text.strip_prefix("MS=").unwrap_or_default();
        let plain = code.bytes().all(|octet| octet.is_ascii_alphanumeric());
        if code.is_empty() || !plain || text.len() > VERIFICATION_TXT_MAX {
            let detail = "Give the value as the Microsoft 365 admin center shows it, such as \"MS=ms12345678\".";
            return Err(Fault::new("invalid_verification_txt", detail));
        }
        Ok(Self(text.to_owned()))
    }

    /// The value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r11_a_route_s_domain_is_one_label_below_the_base_domain() {
        let base = HostName::parse("emea.teammate.example").unwrap();
        let below = |label: &str| {
            RouteDomain::below(label, &base).map(|domain| domain.as_str().to_owned()).map_err(|fault| fault.code)
        };
        assert_eq!(below("Kiosk-1"), Ok("kiosk-1.emea.teammate.example".to_owned()));
        assert_eq!(below("müller"), Ok("xn--mller-kva.emea.teammate.example".to_owned()));
        // 26 characters, a dot, and the 21 of the base domain: 48.
        assert!(below(&"a".repeat(26)).is_ok());
        assert_eq!(below(&"a".repeat(27)), Err("too_long"));
        for bad in ["", "a.b", "a。b", "a．b", "a｡b", ".", "-a", "a-", "a b", "a_b", "*"] {
            assert_eq!(below(bad), Err("invalid_label"), "{bad:?}");
        }
        let microsoft = HostName::parse("contoso.onmicrosoft.com").unwrap();
        assert!(RouteDomain::below("a", &microsoft).is_err());
    }

    #[test]
    fn r11_a_stored_domain_is_what_was_stored() {
        for (text, read) in [("kiosk.emea.teammate.example", true), ("", false), ("a b.example", false)] {
            let stored = RouteDomain::stored(text);
            assert_eq!(stored.as_ref().map(RouteDomain::as_str), read.then_some(text));
        }
    }

    #[test]
    fn r11_a_verification_record_is_the_one_that_microsoft_shows() {
        for good in ["MS=ms12345678", "MS=E4A68B9AB2B9670BCE15412F62916164B20B20BB"] {
            assert!(VerificationTxt::parse(good).is_ok(), "{good}");
        }
        let longest = format!("MS={}", "a".repeat(VERIFICATION_TXT_MAX - 3));
        assert_eq!(VerificationTxt::parse(&longest).map(|txt| txt.as_str().to_owned()), Ok(longest.clone()));
        let long = format!("{longest}a");
        for bad in ["", "MS=", "ms12345678", "MS=a b", "MS=a\"", " MS=a", long.as_str()] {
            assert!(VerificationTxt::parse(bad).is_err(), "{bad:?}");
        }
    }
}
