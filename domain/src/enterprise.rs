//! What only an enterprise has: its country, the regions of its SBCs, its user limit and its switches (R10).

use std::collections::BTreeSet;

use crate::fault::{Fault, ItemFaults};
use crate::limits::{SBC_REGION_CODE_MAX, USER_LIMIT_MAX};

/// What only an enterprise has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enterprise {
    /// Where it is.
    pub country: Country,
    /// The regions whose SBCs connect it.
    pub sbc_regions: SbcRegions,
    /// Most users that it may have; `None` is as many as it likes.
    pub user_limit: Option<UserLimit>,
    /// What is switched on for it.
    pub switches: Switches,
}

/// What can be switched on for an enterprise.
#[expect(clippy::struct_excessive_bools, reason = "five independent switches are five bools")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Switches {
    /// Its PBX plays the music on hold, not Teams.
    pub pbx_music_on_hold: bool,
    /// It may read the SIP data of its PBXs, trunks and users.
    pub access_sip_data: bool,
    /// It is asked to let its reseller manage its Microsoft 365 tenant's Direct Routing.
    pub request_management_consent: bool,
    /// It may add extensions itself.
    pub can_add_extensions: bool,
    /// Its users may have numbers that are not from its own PBX or trunk.
    pub allow_external_numbers: bool,
}

/// New values of what only an enterprise has; `None` leaves one as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnterpriseChange {
    /// Its country.
    pub country: Option<Country>,
    /// Its SBC regions.
    pub sbc_regions: Option<SbcRegions>,
    /// Its user limit; `Some(None)` removes it.
    pub user_limit: Option<Option<UserLimit>>,
    /// Its PBX plays the music on hold.
    pub pbx_music_on_hold: Option<bool>,
    /// It may read its SIP data.
    pub access_sip_data: Option<bool>,
    /// It is asked for consent to management.
    pub request_management_consent: Option<bool>,
    /// It may add extensions.
    pub can_add_extensions: Option<bool>,
    /// Its users may have external numbers.
    pub allow_external_numbers: Option<bool>,
}

impl EnterpriseChange {
    /// What the enterprise has after it.
    #[must_use]
    pub fn apply(&self, before: &Enterprise) -> Enterprise {
        let Self {
            country,
            sbc_regions,
            user_limit,
            pbx_music_on_hold,
            access_sip_data,
            request_management_consent,
            can_add_extensions,
            allow_external_numbers,
        } = self;
        let switches = before.switches;
        Enterprise {
            country: country.unwrap_or(before.country),
            sbc_regions: sbc_regions.as_ref().unwrap_or(&before.sbc_regions).clone(),
            user_limit: user_limit.unwrap_or(before.user_limit),
            switches: Switches {
                pbx_music_on_hold: pbx_music_on_hold.unwrap_or(switches.pbx_music_on_hold),
                access_sip_data: access_sip_data.unwrap_or(switches.access_sip_data),
                request_management_consent: request_management_consent.unwrap_or(switches.request_management_consent),
                can_add_extensions: can_add_extensions.unwrap_or(switches.can_add_extensions),
                allow_external_numbers: allow_external_numbers.unwrap_or(switches.allow_external_numbers),
            },
        }
    }
}

/// A country by its ISO 3166-1 alpha-2 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Country(&'static str);

impl Country {
    /// The country of a code in capital letters.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        rust_iso3166::from_alpha2(text).map(|country| Self(country.alpha2)).ok_or_else(|| {
            Fault::new("unknown_country", "Use a code of two capital letters from ISO 3166-1, such as \"DE\".")
        })
    }

    /// The code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// Most users of an enterprise: 0–1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserLimit(i32);

impl UserLimit {
    /// Takes a number that is within the limits.
    pub fn parse(number: i64) -> Result<Self, Fault> {
        let limit = i32::try_from(number).ok().filter(|limit| (0..=USER_LIMIT_MAX).contains(limit));
        let fault = || Fault::new("out_of_range", format!("Give a number from 0 to {USER_LIMIT_MAX}, or null."));
        limit.map(Self).ok_or_else(fault)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}

/// The code of an SBC region: 1–20 lower-case letters, digits and hyphens, a letter first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SbcRegionCode(String);

impl SbcRegionCode {
    /// Takes a text that has the form of a code.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=SBC_REGION_CODE_MAX).contains(&text.len());
        let starts = text.bytes().next().is_some_and(|octet| octet.is_ascii_lowercase());
        let rest = text.bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-');
        (fits && starts && rest).then(|| Self(text.to_owned()))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The codes of SBC regions as they were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionCodes(Vec<String>);

impl RegionCodes {
    /// Takes any texts.
    #[must_use]
    pub fn new(codes: &[String]) -> Self {
        Self(codes.to_vec())
    }

    /// The regions that they name, of those that are on offer. Faults carry the index of the code that they are about, `None`
    /// when about the whole.
    pub fn among(&self, offered: &[SbcRegionCode]) -> Result<SbcRegions, ItemFaults> {
        SbcRegions::parse(&self.0, offered)
    }
}

/// The regions of codes that were found to be on offer.
impl From<RegionCodes> for SbcRegions {
    fn from(RegionCodes(codes): RegionCodes) -> Self {
        Self(codes.iter().filter_map(|code| SbcRegionCode::parse(code)).collect())
    }
}

/// A non-empty set of SBC regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SbcRegions(BTreeSet<SbcRegionCode>);

impl SbcRegions {
    /// The set of these; `None` when it would be empty.
    #[must_use]
    pub fn from_codes(codes: impl IntoIterator<Item = SbcRegionCode>) -> Option<Self> {
        let codes: BTreeSet<_> = codes.into_iter().collect();
        if codes.is_empty() { None } else { Some(Self(codes)) }
    }

    /// Reads a selection of those that are on offer. Faults carry the index of the code that they are about, `None`
    /// when about the whole.
    pub fn parse(codes: &[String], offered: &[SbcRegionCode]) -> Result<Self, ItemFaults> {
        let (mut chosen, mut faults) = (BTreeSet::new(), Vec::new());
        for (index, code) in codes.iter().enumerate() {
            match offered.iter().find(|offered| offered.as_str() == code) {
                Some(region) if chosen.insert(region.clone()) => {}
                Some(_) => faults.push((Some(index), Fault::new("duplicate", "Name each region once."))),
                None => {
                    let detail = "Use the code of a region that `GET /sbc-regions` lists.";
                    faults.push((Some(index), Fault::new("unknown_sbc_region", detail)));
                }
            }
        }
        match Self::from_codes(chosen) {
            Some(regions) if faults.is_empty() => Ok(regions),
            None if faults.is_empty() => Err(vec![(None, Fault::new("too_short", "Name at least one region."))]),
            _ => Err(faults),
        }
    }

    /// The regions of this set that `other` lacks.
    pub fn beyond<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a SbcRegionCode> {
        self.0.difference(&other.0)
    }

    /// The codes, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &SbcRegionCode> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r10_a_country_is_one_of_iso_3166_1() {
        for good in ["DE", "US", "GB", "CH"] {
            assert_eq!(Country::parse(good).map(Country::as_str), Ok(good));
        }
        // Kosovo's XK is not a code of the standard, only one that the standard leaves free for use.
        for bad in ["", "XK", "de", "D", "DEU", "ZZ", "UK", "D\0"] {
            assert_eq!(Country::parse(bad).map_err(|fault| fault.code), Err("unknown_country"), "{bad:?}");
        }
    }

    #[test]
    fn r10_a_user_limit_is_a_number_within_its_limits() {
        for (number, expected) in [(0, true), (10, true), (1_000_000, true), (-1, false), (1_000_001, false)] {
            assert_eq!(UserLimit::parse(number).is_ok(), expected, "{number}");
        }
        assert_eq!(UserLimit::parse(i64::MAX).map_err(|fault| fault.code), Err("out_of_range"));
    }

    #[test]
    fn r10_sbc_regions_are_a_non_empty_set_of_those_on_offer() {
        let offered: Vec<_> = ["emea", "noam"].into_iter().filter_map(SbcRegionCode::parse).collect();
        let parse = |codes: &[&str]| {
            let codes: Vec<_> = codes.iter().map(ToString::to_string).collect();
            SbcRegions::parse(&codes, &offered)
                .map(|regions| regions.iter().map(|code| code.as_str().to_owned()).collect::<Vec<_>>())
                .map_err(|faults| faults.into_iter().map(|(index, fault)| (index, fault.code)).collect::<Vec<_>>())
        };
        assert_eq!(parse(&["noam", "emea"]), Ok(vec!["emea".to_owned(), "noam".to_owned()]));
        assert_eq!(parse(&[]), Err(vec![(None, "too_short")]));
        let faults = vec![(Some(1), "unknown_sbc_region"), (Some(2), "duplicate")];
        assert_eq!(parse(&["emea", "mars", "emea"]), Err(faults));
    }

    #[test]
    fn r10_a_region_code_is_short_and_plain() {
        for (text, good) in
            [("emea", true), ("eu-west-1", true), ("", false), ("1eu", false), ("EU", false), ("e u", false)]
        {
            assert_eq!(SbcRegionCode::parse(text).is_some(), good, "{text:?}");
        }
        assert!(SbcRegionCode::parse(&"e".repeat(SBC_REGION_CODE_MAX + 1)).is_none());
    }
}
