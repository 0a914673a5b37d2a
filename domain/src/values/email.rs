//! E-mail addresses, and when two spellings are the same address (R1).

use std::sync::OnceLock;

use email_address::{EmailAddress as Syntax, Options};
use unicode_normalization::UnicodeNormalization;

use crate::fault::Fault;
use crate::limits;
use crate::values::characters::{is_ignorable, is_mark};

/// An e-mail address: as it was given, and in the canonical form by which addresses are compared.
///
/// The canonical form is lower-case after Unicode normalisation (NFKC), with the domain in IDNA ASCII form. `+tag` and
/// dots are significant (R1).
#[derive(Debug, Clone)]
pub struct EmailAddress {
    given: String,
    /// Computed when it is needed: lists of accounts show addresses without comparing them.
    canonical: OnceLock<String>,
}

/// Addresses are equal if they have the same spelling.
impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.given == other.given
    }
}

impl Eq for EmailAddress {}

impl EmailAddress {
    /// Parses an address of the form `local@domain.tld`, in any script.
    pub fn parse(given: &str) -> Result<Self, Fault> {
        let canonical = canonical(given).ok_or_else(|| {
            Fault::new(
                "invalid_email",
                "Give one e-mail address of the form name@example.com, of at most 254 characters.",
            )
        })?;
        Ok(Self { given: given.to_owned(), canonical: OnceLock::from(canonical) })
    }

    /// An address from the database, which was parsed before it was stored.
    #[must_use]
    pub const fn from_stored(given: String) -> Self {
        Self { given, canonical: OnceLock::new() }
    }

    /// The address as given, for display.
    #[must_use]
    pub fn given(&self) -> &str {
        &self.given
    }

    /// The address as given, without a copy.
    #[must_use]
    pub fn into_given(self) -> String {
        self.given
    }

    /// The canonical form, which is used to compare addresses and to send mail.
    #[must_use]
    pub fn canonical(&self) -> &str {
        self.canonical.get_or_init(|| canonical(&self.given).unwrap_or_else(|| self.given.clone()))
    }
}

fn canonical(given: &str) -> Option<String> {
    // The given spelling is stored and displayed, so it has the same limit.
    if given.chars().count() > limits::EMAIL_MAX {
        return None;
    }
    let folded = fold(given);
    let (local, domain) = folded.rsplit_once('@')?;
    let domain = idna::domain_to_ascii_strict(domain).ok()?;
    let address = format!("{local}@{domain}");
    let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
    let fits = local.len() <= limits::EMAIL_LOCAL_MAX && address.len() <= limits::EMAIL_MAX;
    let plain = !local.starts_with('"') && !local.chars().any(is_ignorable);
    // An IPv4 address is not a domain, although its numbers are valid labels.
    let is_named = !domain.rsplit('.').next().is_some_and(|label| label.bytes().all(|octet| octet.is_ascii_digit()));
    // RFC 6531 allows combining marks. The library knows only letters and digits beyond ASCII.
    let without_marks: String = address.chars().filter(|c| !is_mark(*c)).collect();
    let is_valid = Syntax::parse_with_options(&without_marks, options).is_ok();
    (fits && plain && is_named && is_valid).then_some(address)
}

/// Applies NFKC and lower-casing until nothing changes: lower-casing can produce a sequence that NFKC composes again.
fn fold(text: &str) -> String {
    let mut folded: String = text.nfkc().collect::<String>().to_lowercase();
    for _ in 0..3 {
        let again = folded.nfkc().collect::<String>().to_lowercase();
        if again == folded {
            break;
        }
        folded = again;
    }
    folded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical_of(text: &str) -> String {
        EmailAddress::parse(text).expect(text).canonical().to_owned()
    }

    #[test]
    fn r1_spellings_of_one_address_are_one() {
        for spelling in ["a@ex.com", "A@Ex.com", "a@ex.COM", "ａ@ex.com", "A@ＥＸ.com"] {
            assert_eq!(canonical_of(spelling), "a@ex.com", "{spelling}");
        }
        for spelling in ["info@bücher.example", "info@BÜCHER.example", "info@xn--bcher-kva.example"] {
            assert_eq!(canonical_of(spelling), "info@xn--bcher-kva.example", "{spelling}");
        }
    }

    #[test]
    fn r1_tags_and_dots_are_significant() {
        let forms: std::collections::BTreeSet<_> =
            ["a.b@ex.com", "ab@ex.com", "a.b+x@ex.com"].into_iter().map(canonical_of).collect();
        assert_eq!(forms.len(), 3);
    }

    #[test]
    fn r1_the_given_spelling_is_kept() {
        assert_eq!(EmailAddress::parse("Ann@Ex.COM").unwrap().given(), "Ann@Ex.COM");
    }

    #[test]
    fn r1_letters_with_combining_marks_are_letters() {
        // The first is composed by normalisation; the others have no composed form.
        assert_eq!(canonical_of("rene\u{301}@ex.com"), canonical_of("ren\u{e9}@ex.com"));
        for address in [
            "q\u{301}@ex.com",
            "\u{939}\u{93f}\u{928}\u{94d}\u{926}\u{940}@ex.com",
            "\u{e44}\u{e17}\u{e22}\u{e4c}@ex.com",
        ] {
            assert!(EmailAddress::parse(address).is_ok(), "{address}");
        }
    }

    #[test]
    fn r1_a_letter_that_only_its_small_form_composes_is_one_letter() {
        for (apart, composed) in [("J\u{30c}@ex.com", "\u{1f0}@ex.com"), ("T\u{308}@ex.com", "\u{1e97}@ex.com")] {
            assert_eq!(canonical_of(apart), composed);
        }
    }

    #[test]
    fn r1_an_address_is_shown_and_compared_as_it_was_given() {
        let [ann, same, other] =
            ["Ann@ex.com", "Ann@ex.com", "ann@ex.com"].map(|text| EmailAddress::parse(text).unwrap());
        assert_eq!(ann, same);
        assert_eq!(ann, EmailAddress::from_stored("Ann@ex.com".to_owned()));
        assert_ne!(ann, other);
        assert_eq!(ann.into_given(), "Ann@ex.com");
    }

    #[test]
    fn r1_an_address_has_254_octets_at_most_in_its_canonical_form() {
        let local = "a".repeat(limits::EMAIL_LOCAL_MAX);
        let domain = format!("{}.{}.{}.com", "b".repeat(63), "c".repeat(63), "d".repeat(57));
        let longest = format!("{local}@{domain}");
        assert_eq!((longest.len(), canonical_of(&longest)), (limits::EMAIL_MAX, longest.clone()));
        assert!(EmailAddress::parse(&format!("{local}@d{domain}")).is_err());
        assert!(EmailAddress::parse(&format!("a{local}@ex.com")).is_err());
        // "üü" has 2 characters and, as "xn--tdaa", 8 octets.
        for (labels, octets) in [(20, Some(252)), (21, None)] {
            let address = EmailAddress::parse(&format!("{local}@{}example", "üü.".repeat(labels)));
            assert_eq!(address.ok().map(|address| address.canonical().len()), octets, "{labels} labels");
        }
    }

    #[test]
    fn r1_no_blank_or_control_character_is_part_of_an_address() {
        let folds_to_blank = |c: char| c.to_string().nfkc().any(char::is_whitespace);
        for c in ('\0'..='\u{ffff}').filter(|c| c.is_control() || c.is_whitespace() || folds_to_blank(*c)) {
            for at in 0..="ann@ex.com".len() {
                let (before, after) = "ann@ex.com".split_at(at);
                let text = format!("{before}{c}{after}");
                assert!(EmailAddress::parse(&text).is_err(), "{text:?} was taken for an address");
            }
        }
    }

    #[test]
    fn r1_what_is_not_an_address_is_refused() {
        let long_local = format!("{}@ex.com", "a".repeat(65));
        let long_domain = format!("a@{}.com", "a".repeat(64));
        let long_spelling = format!("a@e{}x.com", "\u{ad}".repeat(400));
        for bad in [
            "",
            "a",
            "@",
            "a@",
            "@ex.com",
            "a@ex",
            "a b@ex.com",
            "a@ex .com",
            "a@ex.com\n",
            "a\0@ex.com",
            "a@@ex.com",
            "Ann <a@ex.com>",
            "a@[127.0.0.1]",
            "a@1.2.3.4",
            "a@example.123",
            "\u{301}@ex.com",
            "a\u{200b}@ex.com",
            "a\u{fe0f}@ex.com",
            "a\u{3164}@ex.com",
            "\"a b\"@ex.com",
            "a@-ex.com",
            "a..b@ex.com",
            &long_local,
            &long_domain,
            &long_spelling,
        ] {
            assert!(EmailAddress::parse(bad).is_err(), "{bad:?} was taken for an address");
        }
    }

    proptest! {
        #[test]
        fn r1_the_canonical_form_of_a_canonical_form_is_itself(text in "[\\PC]{1,20}@[a-zA-Zä-ü]{1,10}\\.(com|example)") {
            if let Ok(address) = EmailAddress::parse(&text) {
                let again = EmailAddress::parse(address.canonical());
                prop_assert_eq!(again.map(|a| a.canonical().to_owned()), Ok(address.canonical().to_owned()));
            }
        }
    }
}
