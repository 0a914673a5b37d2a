//! Phone numbers in international form (E.164).

use crate::fault::Fault;
use crate::limits::NUMBER_DIGITS;

/// A phone number: `+`, the country code and the rest, digits only. Whether the number can exist is not checked here,
/// because that requires the numbering plans of all countries.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Parses a number in canonical form.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let digits = text.strip_prefix('+').unwrap_or_default();
        let plain = digits.bytes().all(|octet| octet.is_ascii_digit()) && !digits.starts_with('0');
        if plain && NUMBER_DIGITS.contains(&digits.len()) { Ok(Self(text.to_owned())) } else { Err(Self::fault()) }
    }

    /// The fault of a text that is not a phone number.
    #[must_use]
    pub fn fault() -> Fault {
        Fault::new("invalid_number", "Give a number that exists, in international form, such as \"+4930901820\".")
    }

    /// Its canonical form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r14_a_number_is_in_the_form_of_e_164() {
        for good in ["+4930901820", "+12025550100", "+12345", "+123456789012345"] {
            assert_eq!(PhoneNumber::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "+", "4930901820", "004930901820", "+0930901820", "+49 30 901820", "+1234", "+1234567890123456"]
        {
            assert!(PhoneNumber::parse(bad).is_err(), "{bad:?}");
        }
    }
}
