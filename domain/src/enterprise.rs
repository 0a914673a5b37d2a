//! The settings that only enterprises have: country, SBC regions, user limit and switches (R10).

use std::collections::BTreeSet;

use crate::fault::{Fault, ItemFaults};
use crate::limits::{SBC_REGION_CODE_MAX, SBC_REGIONS_MAX, USER_LIMIT_MAX};

/// The settings that only enterprises have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enterprise {
    /// Its country.
    pub country: Country,
    /// The SBC regions that it can have routes in.
    pub sbc_regions: SbcRegions,
    /// Most users that it may have; `None` means unlimited.
    pub user_limit: Option<UserLimit>,
    /// The features that are switched on or off for it.
    pub switches: Switches,
}

/// Features that can be switched on for an enterprise. All are off by default.
#[expect(clippy::struct_excessive_bools, reason = "five independent switches are five bools")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Switches {
    /// Music on hold is played by its PBX instead of Teams.
    pub pbx_music_on_hold: bool,
    /// It may read the SIP data of its PBXs, trunks and users.
    pub access_sip_data: bool,
    /// It is asked to consent to its reseller managing the Direct Routing of its Microsoft 365 tenant.
    pub request_management_consent: bool,
    /// It may add users itself.
    pub can_add_extensions: bool,
    /// Its users may have phone numbers that do not belong to its own PBX or trunk.
    pub allow_external_numbers: bool,
}

/// A change of the settings that only enterprises have; `None` leaves a setting as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnterpriseChange {
    /// Its country.
    pub country: Option<Country>,
    /// Its SBC regions.
    pub sbc_regions: Option<SbcRegions>,
    /// Its user limit; `Some(None)` removes it.
    pub user_limit: Option<Option<UserLimit>>,
    /// Whether music on hold is played by its PBX.
    pub pbx_music_on_hold: Option<bool>,
    /// Whether it may read the SIP data of its PBXs, trunks and users.
    pub access_sip_data: Option<bool>,
    /// Whether it is asked to consent to management by its reseller.
    pub request_management_consent: Option<bool>,
    /// Whether it may add users itself.
    pub can_add_extensions: Option<bool>,
    /// Whether its users may have external phone numbers.
    pub allow_external_numbers: Option<bool>,
}

impl EnterpriseChange {
    /// The settings after this change.
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

/// A country, by its ISO 3166-1 alpha-2 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Country(&'static str);

impl Country {
    /// Parses a country code in capital letters.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        rust_iso3166::from_alpha2(text).map(|country| Self(country.alpha2)).ok_or_else(|| {
            Fault::new("unknown_country", "Use a code of two capital letters from ISO 3166-1, such as \"DE\".")
        })
    }

    /// The country code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// A limit for the number of users of an enterprise: 0–1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserLimit(i32);

impl UserLimit {
    /// Accepts numbers within the limits.
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
    /// Parses a region code; `None` if the text does not have the form of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=SBC_REGION_CODE_MAX).contains(&text.len());
        let starts = text.bytes().next().is_some_and(|octet| octet.is_ascii_lowercase());
        let rest = text.bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-');
        (fits && starts && rest).then(|| Self(text.to_owned()))
    }

    /// The region code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// SBC region codes as given by the caller, not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionCodes(Vec<String>);

impl RegionCodes {
    /// Takes at most [`SBC_REGIONS_MAX`] texts.
    pub fn parse(codes: &[String]) -> Result<Self, ItemFaults> {
        if codes.len() > SBC_REGIONS_MAX {
            let detail = format!("Give at most {SBC_REGIONS_MAX} regions.");
            return Err(vec![(None, Fault::new("too_long", detail))]);
        }
        Ok(Self(codes.to_vec()))
    }

    /// Checks the codes against the regions on offer. Each fault has the index of the code it is about, or `None` if it
    /// is about the whole list.
    pub fn among(&self, offered: &[SbcRegionCode]) -> Result<SbcRegions, ItemFaults> {
        SbcRegions::parse(&self.0, offered)
    }
}

/// Converts codes that were already checked. Texts that do not have the form of a code are dropped.
impl From<RegionCodes> for SbcRegions {
    fn from(RegionCodes(codes): RegionCodes) -> Self {
        Self(codes.iter().filter_map(|code| SbcRegionCode::parse(code)).collect())
    }
}

/// A non-empty set of SBC regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SbcRegions(BTreeSet<SbcRegionCode>);

impl SbcRegions {
    /// The set of these codes; `None` if it would be empty.
    #[must_use]
    pub fn from_codes(codes: impl IntoIterator<Item = SbcRegionCode>) -> Option<Self> {
        let codes: BTreeSet<_> = codes.into_iter().collect();
        if codes.is_empty() { None } else { Some(Self(codes)) }
    }

    /// Parses a selection of the regions on offer: at least one, none twice. Each fault has the index of the code it is
    /// about, or `None` if it is about the whole list.
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

    /// The regions of this set that are not in `other`.
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
        // Kosovo's XK is not an ISO 3166-1 code, but one that the standard reserves for users.
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
        assert_eq!(parse(&["mars"]), Err(vec![(Some(0), "unknown_sbc_region")]));
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

    #[test]
    fn r10_a_hundred_regions_can_be_asked_for_at_once() {
        let parse = |count: usize| {
            let codes: Vec<_> = (1..=count).map(|number| format!("r{number}")).collect();
            RegionCodes::parse(&codes)
                .map(|codes| SbcRegions::from(codes).iter().count())
                .map_err(|faults| faults.into_iter().map(|(index, fault)| (index, fault.code)).collect::<Vec<_>>())
        };
        assert_eq!([1, 100, 101].map(parse), [Ok(1), Ok(100), Err(vec![(None, "too_long")])]);
    }

    #[test]
    fn r10_the_regions_that_another_set_lacks_are_those_beyond_it() {
        let set = |codes: &[&str]| {
            SbcRegions::from_codes(codes.iter().filter_map(|code| SbcRegionCode::parse(code))).unwrap()
        };
        for (own, other, beyond) in [
            (&["emea", "noam"][..], &["emea"][..], &["noam"][..]),
            (&["emea", "noam"], &["apac"], &["emea", "noam"]),
            (&["emea"], &["emea", "noam"], &[]),
        ] {
            let (own, other) = (set(own), set(other));
            assert_eq!(own.beyond(&other).map(SbcRegionCode::as_str).collect::<Vec<_>>(), beyond);
        }
    }
}
