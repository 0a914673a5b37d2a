//! Addresses to which people are led back.

use std::cell::Cell;

use url::{Host, Url};

use crate::fault::Fault;
use crate::limits::RETURN_URL_MAX;

/// The URL of a page to which people go back: `https`, or `http` on the own machine, without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnUrl(Url);

impl ReturnUrl {
    /// Parses a URL.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let fault = || {
            let detail = format!(
                "Give a URL such as https://portal.example/consent, of at most {RETURN_URL_MAX} characters, without user \
                 name and password. `http` is allowed for localhost only."
            );
            Fault::new("invalid_url", detail)
        };
        let is_repaired = Cell::new(false);
        let repaired = |_| is_repaired.set(true);
        let url = Url::options().syntax_violation_callback(Some(&repaired)).parse(text).map_err(|_| fault())?;
        let is_local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_local);
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        if is_repaired.get() || !is_safe || has_credentials || url.as_str().len() > RETURN_URL_MAX {
            return Err(fault());
        }
        Ok(Self(url))
    }

    /// The URL as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Its host, as people recognise it.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_led_back_by_https_only() {
        for good in [
            "https://portal.example/consent?enterprise=1#done",
            "http://localhost:3000/consent",
            "http://127.0.0.1/",
            "http://[::1]:8080/",
        ] {
            assert_eq!(ReturnUrl::parse(good).unwrap().as_str(), good);
        }
        assert_eq!(ReturnUrl::parse("https://portal.example/a").unwrap().host(), "portal.example");
        let long = format!("https://portal.example/{}", "a".repeat(RETURN_URL_MAX - 23));
        assert_eq!((long.len(), ReturnUrl::parse(&long).is_ok()), (RETURN_URL_MAX, true));
        for bad in [
            "",
            "portal.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "http://portal.example/",
            "http://10.0.0.1/",
            "https://anna@portal.example/",
            "https://:secret@portal.example/",
            "https:\\portal.example",
            "https://portal.example/a b",
            &format!("{long}a"),
        ] {
            assert_eq!(ReturnUrl::parse(bad).map_err(|fault| fault.code), Err("invalid_url"), "{bad}");
        }
    }
}
