//! Parsing phone numbers as people write them. They are validated against the numbering plans of all countries.

use domain::fault::{Fault, ItemFaults};
use domain::limited::{Limited, Limits, whole};
use domain::limits::{FORWARDED_NUMBERS_MAX, NUMBER_LENGTH};
use domain::user::parse_numbers;
use domain::values::phone_number::PhoneNumber;
use phonenumber::Mode;

/// A phone number in a request.
#[derive(Debug)]
pub struct GivenNumber(pub PhoneNumber);

impl Limited for GivenNumber {
    type Given = str;
    const LIMITS: Limits = Limits::text(*NUMBER_LENGTH.start(), *NUMBER_LENGTH.end());
    fn read(given: &str) -> Result<Self, ItemFaults> {
        parse(given).map(Self).map_err(whole)
    }
}

/// The forwarded numbers in a request, without duplicates.
#[derive(Debug)]
pub struct GivenNumbers(pub Vec<PhoneNumber>);

impl Limited for GivenNumbers {
    type Given = [String];
    const LIMITS: Limits = Limits::list(0, FORWARDED_NUMBERS_MAX);
    fn read(given: &[String]) -> Result<Self, ItemFaults> {
        parse_numbers(given, parse).map(Self)
    }
}

/// Parses a phone number in international format, written as usual: with spaces, hyphens, dots and brackets between the
/// digits. Every digit counts; nothing is repaired.
pub fn parse(text: &str) -> Result<PhoneNumber, Fault> {
    let written = text.len() <= *NUMBER_LENGTH.end() && is_written_as_usual(text);
    let number = written.then(|| phonenumber::parse(None, text).ok()).flatten();
    let number = number.filter(|number| phonenumber::is_valid(number) && number.extension().is_none());
    let canonical = number.ok_or_else(PhoneNumber::fault)?.format().mode(Mode::E164).to_string();
    // The library drops digits that are not dialled after a country code, such as `(0)`.
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    if digits(text) != digits(&canonical) {
        return Err(PhoneNumber::fault());
    }
    PhoneNumber::parse(&canonical)
}

/// Whether a text is a `+`, and digits with separators between them and brackets around some of them (E.123).
fn is_written_as_usual(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('+') else { return false };
    // Digits since the bracket was opened.
    let mut in_bracket: Option<u32> = None;
    for c in rest.chars() {
        match (c, in_bracket) {
            ('0'..='9', Some(digits)) => in_bracket = Some(digits + 1),
            ('(', None) => in_bracket = Some(0),
            (')', Some(1..)) => in_bracket = None,
            ('0'..='9', None) | (' ' | '-' | '.', _) => {}
            _ => return false,
        }
    }
    let starts = rest.starts_with(|c: char| c.is_ascii_digit());
    starts && in_bracket.is_none() && rest.ends_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r14_a_number_is_one_that_somebody_can_have() {
        let read = |text: &str| parse(text).map(|number| number.as_str().to_owned()).ok();
        for (given, stored) in [
            ("+4930901820", "+4930901820"),
            ("+49 (30) 90 18-20", "+4930901820"),
            ("+1 202-555-0100", "+12025550100"),
            ("+1 (202) 555.0100", "+12025550100"),
            ("+442079460000", "+442079460000"),
            ("+41446681800", "+41446681800"),
        ] {
            assert_eq!(read(given).as_deref(), Some(stored), "{given}");
        }
        let long = format!("+49{}", "0".repeat(40));
        for bad in [
            "",
            "030901820",
            "4930901820",
            "+49",
            "+4930901820 ext. 7",
            "+999123456789",
            "+1 202 555",
            "tel:+4930901820",
            "+49301234a",
            "+49 30 CALL NOW",
            "++4930901820",
            "+49+30901820",
            "+49 (0)30 901820",
            "+49 30 / 901820",
            "+49 (30 901820",
            "+49 30) 901820",
            "+49 ((30)) 901820",
            "+49 () 30 901820",
            "+(49) 30 901820",
            "+49 30 901820 -",
            "+49\u{a0}30 901820",
            "+49 30 90١820",
            "+49;ext=7",
            &long,
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
