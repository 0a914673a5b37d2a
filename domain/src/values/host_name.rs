//! Host names (RFC 1123 section 2.1). Internationalised names (IDNA) are accepted.

use crate::fault::Fault;
use crate::limits::HOST_NAME_MAX;

/// A fully qualified host name in ASCII form and lower case, without a trailing dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

impl HostName {
    /// Parses a host name with at least two labels.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let detail = format!("Give a full host name such as sip.example.com, of at most {HOST_NAME_MAX} characters.");
        let fault = || Fault::new("invalid_host_name", detail.clone());
        // It checks the length of labels and name, and that labels are letters, digits and, inside, hyphens.
        let ascii = idna::domain_to_ascii_strict(text).map_err(|_| fault())?;
        // An IPv4 address is not a host name, although its numbers are valid labels.
        let is_name = |last: &str| !last.bytes().all(|octet| octet.is_ascii_digit());
        if ascii.rsplit_once('.').is_some_and(|(_, last)| is_name(last)) { Ok(Self(ascii)) } else { Err(fault()) }
    }

    /// The name in ASCII form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_host_name_is_one_of_rfc_1123() {
        let parse = |text: &str| HostName::parse(text).map(|name| name.as_str().to_owned()).map_err(|fault| fault.code);
        assert_eq!(parse("SIP.Example.com"), Ok("sip.example.com".to_owned()));
        assert_eq!(parse("telefon.müller.example"), Ok("telefon.xn--mller-kva.example".to_owned()));
        assert_eq!(parse("3com.example"), Ok("3com.example".to_owned()));
        let longest_label = format!("{}.example", "a".repeat(63));
        assert_eq!(parse(&longest_label), Ok(longest_label.clone()));
        let longest = format!("{}examples.kiosk", "abcdefg.".repeat(30).split_off(1));
        assert_eq!((longest.len(), parse(&longest)), (HOST_NAME_MAX, Ok(longest.clone())));
        let (long, whole) = (format!("a{longest_label}"), format!("a{longest}"));
        for bad in [
            "",
            "localhost",
            "a..b",
            ".a.b",
            "a.b.",
            "-a.example",
            "a-.example",
            "a_b.example",
            "a b.example",
            "192.0.2.1",
            &long,
            &whole,
        ] {
            assert_eq!(parse(bad), Err("invalid_host_name"), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_a_host_name_is_one_of_rfc_1123(text in "[a-z0-9.-]{0,80}([ü_。-]|\\PC){0,2}[a-z0-9.-]{1,80}") {
            if let Ok(name) = HostName::parse(&text) {
                let labels: Vec<&str> = name.as_str().split('.').collect();
                prop_assert!(name.as_str().len() <= HOST_NAME_MAX && labels.len() >= 2, "{}", name.as_str());
                for label in labels {
                    let is_plain = label.bytes().all(|octet| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-'));
                    let is_whole = (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
                    prop_assert!(is_plain && is_whole, "{label:?}");
                }
            }
        }
    }
}
