//! SIP values: user names, outbound proxies and passwords (RFC 3261).

use std::fmt;
use std::fmt::Write;

use secrecy::{ExposeSecret, SecretString};

use super::network::{Host, Port};
use crate::fault::Fault;
use crate::limits::{SIP_PASSWORD_MAX, SIP_URI_MAX, SIP_USER_MAX};

/// The user part of a SIP URI (RFC 3261 section 25.1): 1–64 characters, case-sensitive. In its canonical form, only
/// characters that need it are escaped, because `%61nna` and `anna` are the same user (section 19.1.4).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SipUser(String);

impl SipUser {
    /// Parses a text that can be used before the `@` of a SIP URI.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if (1..=SIP_USER_MAX).contains(&text.len())
            && let Some(canonical) = canonical_user(text)
        {
            return Ok(Self(canonical));
        }
        let detail = format!("Give 1–{SIP_USER_MAX} letters, digits and -_.!~*'()&=+$,;?/, or %HH for others.");
        Err(Fault::new("invalid_sip_user", detail))
    }

    /// The canonical form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The canonical form of a user part; `None` if it is none.
///
/// An escaped character is the same as the character itself, unless it is reserved (RFC 3261 section 19.1.4, RFC 2396
/// section 2.2).
fn canonical_user(text: &str) -> Option<String> {
    let mut canonical = String::with_capacity(text.len());
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        match octet {
            b'%' => {
                let mut digit = || char::from(octets.next()?).to_digit(16);
                let escaped = u8::try_from(digit()? * 16 + digit()?).ok()?;
                if is_unreserved(escaped) {
                    canonical.push(escaped.into());
                } else {
                    let _ = write!(canonical, "%{escaped:02X}");
                }
            }
            plain if is_unreserved(plain) || b"&=+$,;?/".contains(&plain) => canonical.push(plain.into()),
            _ => return None,
        }
    }
    Some(canonical)
}

/// Whether a character never needs escaping in a SIP URI (RFC 3261 section 25.1).
fn is_unreserved(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&octet)
}

/// An outbound proxy: a SIP URI without a user (RFC 3261 section 19.1), such as `sip:proxy.example.com:5060;lr`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OutboundProxy {
    secure: bool,
    host: Host,
    port: Option<Port>,
    parameters: String,
}

impl OutboundProxy {
    /// Parses a SIP URI; the `sip:` may be left out.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let fault = || {
            let detail = "Give a host, or a SIP URI without a user, such as \"sip:proxy.example.com:5060;lr\".";
            Fault::new("invalid_sip_uri", detail)
        };
        if text.len() > SIP_URI_MAX {
            return Err(fault());
        }
        let after = |scheme: &str| {
            let (start, rest) = text.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some(rest)
        };
        let (secure, rest) = match (after("sips:"), after("sip:")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => (false, text),
        };
        let (place, parameters) = rest.find(';').map_or((rest, ""), |at| rest.split_at(at));
        let parameters = canonical_parameters(parameters).ok_or_else(fault)?;
        // The last colon of an IPv6 address without brackets does not separate a port.
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if host.ends_with(']') || !host.contains(':') => {
                let digits = !port.is_empty() && port.bytes().all(|octet| octet.is_ascii_digit());
                let number = port.parse().ok().filter(|_| digits).ok_or_else(fault)?;
                (host, Some(Port::parse(number)?))
            }
            _ => (place, None),
        };
        let host = Host::parse(host).map_err(|_| fault())?;
        let proxy = Self { secure, host, port, parameters };
        // The canonical form, which is stored and parsed again, can be longer than the given text.
        if proxy.to_string().len() > SIP_URI_MAX { Err(fault()) } else { Ok(proxy) }
    }
}

/// The canonical form of the parameters of a SIP URI, each with the `;` before it; `None` if they are malformed or one
/// is given twice (RFC 3261 section 19.1.1). Names and the values of `transport` and `user` are lower-case, because they
/// are compared without regard to case.
fn canonical_parameters(text: &str) -> Option<String> {
    let Some(text) = text.strip_prefix(';') else { return text.is_empty().then(String::new) };
    let (mut canonical, mut names) = (String::new(), Vec::new());
    for parameter in text.split(';') {
        let (name, value) = parameter.split_once('=').map_or((parameter, None), |(name, value)| (name, Some(value)));
        let name = name.to_ascii_lowercase();
        if !is_parameter_text(&name) || !value.is_none_or(is_parameter_text) || names.contains(&name) {
            return None;
        }
        let _ = write!(canonical, ";{name}");
        match (name.as_str(), value) {
            ("transport", Some(value)) if !SIP_TRANSPORTS.contains(&value.to_ascii_lowercase().as_str()) => {
                return None;
            }
            ("transport" | "maddr" | "ttl", None) => return None,
            ("transport" | "user" | "method", Some(value)) => {
                let _ = write!(canonical, "={}", value.to_ascii_lowercase());
            }
            (_, Some(value)) => {
                let _ = write!(canonical, "={value}");
            }
            (_, None) => {}
        }
        names.push(name);
    }
    Some(canonical)
}

/// Transports that a SIP URI can name (RFC 3261 section 25.1, RFC 7118).
const SIP_TRANSPORTS: [&str; 6] = ["udp", "tcp", "tls", "sctp", "ws", "wss"];

/// Whether a text is a name or value of a parameter: at least one character, and complete escapes.
fn is_parameter_text(text: &str) -> bool {
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        let is_hex = |octet: Option<u8>| octet.is_some_and(|octet| octet.is_ascii_hexdigit());
        let is_whole = octet != b'%' || (is_hex(octets.next()) && is_hex(octets.next()));
        if !is_whole || (octet != b'%' && !is_unreserved(octet) && !b"[]/:&+$".contains(&octet)) {
            return false;
        }
    }
    !text.is_empty()
}

impl fmt::Display for OutboundProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { secure, host, port, parameters } = self;
        write!(f, "{}:{}", if *secure { "sips" } else { "sip" }, host.in_uri())?;
        if let Some(port) = port {
            write!(f, ":{}", port.get())?;
        }
        f.write_str(parameters)
    }
}

/// The SIP password of a user or trunk. Its `Debug` output is redacted.
#[derive(Debug, Clone)]
pub struct SipPassword(SecretString);

impl SipPassword {
    /// Accepts 1–128 characters without control characters.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let length = text.chars().count();
        if !(1..=SIP_PASSWORD_MAX).contains(&length) {
            let code = if length == 0 { "too_short" } else { "too_long" };
            return Err(Fault::new(code, format!("Give 1–{SIP_PASSWORD_MAX} characters.")));
        }
        if text.chars().any(char::is_control) {
            return Err(Fault::new("control_character", "Remove line breaks and other control characters."));
        }
        Ok(Self(SecretString::from(text)))
    }

    /// The password in plain text. Only use it to seal it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r14_a_sip_user_is_a_user_part_of_rfc_3261() {
        for good in ["1001", "+4930901820", "anna.schmidt", "a%20b", "J!*'()~", &"1".repeat(SIP_USER_MAX)] {
            assert!(SipUser::parse(good).is_ok(), "{good:?}");
        }
        for bad in ["", "a b", "a@b", "ä", "a%2", "a%zz", "a:b", "a\"", "a\0", &"1".repeat(SIP_USER_MAX + 1)] {
            assert!(SipUser::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn r14_spellings_of_one_sip_user_have_one_form() {
        for (given, canonical) in [
            ("anna", "anna"),
            ("%61nna", "anna"),
            ("ann%61", "anna"),
            ("Anna", "Anna"),
            ("a%2db", "a-b"),
            ("a%20b", "a%20b"),
            ("a%c3%a4", "a%C3%A4"),
            // These are reserved: escaped, they are something else.
            ("a%2bb", "a%2Bb"),
            ("a+b", "a+b"),
            ("a%25b", "a%25b"),
        ] {
            assert_eq!(SipUser::parse(given).map(|user| user.as_str().to_owned()), Ok(canonical.to_owned()), "{given}");
        }
    }

    #[test]
    fn r12_an_outbound_proxy_is_a_sip_uri_without_a_user() {
        let parse = |text: &str| OutboundProxy::parse(text).map(|proxy| proxy.to_string()).ok();
        for (given, shown) in [
            ("Proxy.Example.com", "sip:proxy.example.com"),
            ("proxy.example.com:5080", "sip:proxy.example.com:5080"),
            ("sip:proxy.example.com;lr", "sip:proxy.example.com;lr"),
            ("SIPS:proxy.example.com:5061;transport=tcp;lr", "sips:proxy.example.com:5061;transport=tcp;lr"),
            ("sip:proxy.example.com;Transport=TCP;LR", "sip:proxy.example.com;transport=tcp;lr"),
            ("sip:proxy.example.com;x=%2f", "sip:proxy.example.com;x=%2f"),
            ("sip:192.0.2.1", "sip:192.0.2.1"),
            ("[2001:db8::1]:5060", "sip:[2001:db8::1]:5060"),
            ("2001:db8::1", "sip:[2001:db8::1]"),
        ] {
            assert_eq!(parse(given).as_deref(), Some(shown), "{given}");
        }
        let longest = format!("sip:proxy.example.com;{}", "a".repeat(SIP_URI_MAX - 22));
        assert_eq!(parse(&longest).as_ref(), Some(&longest));
        let long = format!("sip:proxy.example.com;{}", "a".repeat(SIP_URI_MAX));
        let longer_in_its_own_form = format!("proxy.example.com;{}", "a".repeat(SIP_URI_MAX - 18));
        assert_eq!(longer_in_its_own_form.len(), SIP_URI_MAX);
        for bad in [
            "",
            "sip:",
            "sip:bob@proxy.example.com",
            "tel:+49",
            "sip:proxy.example.com:",
            "sip:proxy.example.com:0",
            "sip:proxy.example.com:+1",
            "sip:proxy.example.com:70000",
            "sip:proxy.example.com;",
            "sip:proxy.example.com;=x",
            "sip:proxy.example.com;x=",
            "sip:proxy.example.com;x=%2",
            "sip:proxy.example.com;x=%zz",
            "sip:proxy.example.com;x=a=b",
            "sip:proxy.example.com;lr;LR",
            "sip:proxy.example.com;transport=carrier-pigeon",
            "sip:proxy.example.com;transport",
            "sip:proxy.example.com?a=b",
            "proxy",
            &long,
            &longer_in_its_own_form,
        ] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_sip_password_can_t_be_printed() {
        let password = SipPassword::parse("open sesame").unwrap();
        assert_eq!(password.expose(), "open sesame");
        assert!(!format!("{password:?}").contains("sesame"));
    }

    #[test]
    fn a_sip_password_has_1_to_128_characters_that_can_be_typed() {
        for (text, expected) in [
            ("x", None),
            (" é ", None),
            (&"é".repeat(128), None),
            ("", Some("too_short")),
            (&"é".repeat(129), Some("too_long")),
            ("a\nb", Some("control_character")),
        ] {
            assert_eq!(SipPassword::parse(text).err().map(|fault| fault.code), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_proxy_s_own_form_is_read_as_the_same(text in "(sips?:)?([a-zü]{1,60}\\.){1,4}[a-z0-9.\\[\\]:]{0,30}(;[a-z=]{1,280})?") {
            if let Ok(proxy) = OutboundProxy::parse(&text) {
                prop_assert_eq!(OutboundProxy::parse(&proxy.to_string()), Ok(proxy));
            }
        }

        #[test]
        fn r14_the_canonical_form_of_a_sip_user_is_its_own(text in "([a-z+&-]|%[0-9a-fA-F]{2}){1,20}") {
            let user = SipUser::parse(&text).expect("a user part");
            prop_assert_eq!(SipUser::parse(user.as_str()), Ok(user.clone()));
        }

        #[test]
        fn no_text_breaks_the_parsers(text: String) {
            let _ = (OutboundProxy::parse(&text), SipUser::parse(&text), Host::parse(&text));
        }
    }
}
