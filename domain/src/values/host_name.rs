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
        let ascii = idna::domain_to_ascii_strict(text).map_err(|_| fault())?;
        let plain = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let labels: Vec<&str> = ascii.split('.').collect();
        // An IPv4 address is not a host name, although its numbers are valid labels.
        let numeric = labels.last().is_some_and(|label| label.bytes().all(|octet| octet.is_ascii_digit()));
        if ascii.len() <= HOST_NAME_MAX && labels.len() >= 2 && labels.iter().all(|label| plain(label)) && !numeric {
            Ok(Self(ascii))
        } else {
            Err(fault())
        }
    }

    /// The name in ASCII form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_is_one_of_rfc_1123() {
        let parse = |text: &str| HostName::parse(text).map(|name| name.as_str().to_owned()).map_err(|fault| fault.code);
        assert_eq!(parse("SIP.Example.com"), Ok("sip.example.com".to_owned()));
        assert_eq!(parse("telefon.müller.example"), Ok("telefon.xn--mller-kva.example".to_owned()));
        assert_eq!(parse("3com.example"), Ok("3com.example".to_owned()));
        let long = format!("{}.example", "a".repeat(64));
        let whole = format!("{}example", "abcdefg.".repeat(32));
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
}
