//! The configured list of SBC regions.

use std::collections::BTreeSet;
use std::str::FromStr;

use domain::enterprise::SbcRegionCode;
use domain::limits::{ROUTE_DOMAIN_MAX, SBC_REGIONS_MAX, SBCS_MAX};
use domain::values::host_name::HostName;
use domain::values::route_domain::is_below_onmicrosoft;
use domain::values::text::AccountName;
use serde::Deserialize;

/// The default list. Its domain names are reserved for examples, so a real service needs its own list.
pub const DEFAULT: &str = r#"[
    {"code": "emea", "name": "Europe, Middle East, Africa", "base_domain": "emea.teammate.example",
     "sbcs": ["sbc1.emea.teammate.example", "sbc2.emea.teammate.example"]},
    {"code": "noam", "name": "North America", "base_domain": "noam.teammate.example",
     "sbcs": ["sbc1.noam.teammate.example", "sbc2.noam.teammate.example"]},
    {"code": "apac", "name": "Asia, Pacific", "base_domain": "apac.teammate.example",
     "sbcs": ["sbc1.apac.teammate.example", "sbc2.apac.teammate.example"]}
]"#;

/// An SBC region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SbcRegion {
    /// The code that requests use.
    pub code: SbcRegionCode,
    /// The display name.
    pub name: String,
    /// The domain below which the domains of routes are created (R11).
    pub base_domain: HostName,
    /// The host names of its session border controllers.
    pub sbcs: Vec<HostName>,
}

/// All available regions; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SbcRegionList {
    regions: Vec<SbcRegion>,
    codes: Vec<SbcRegionCode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    code: String,
    name: String,
    base_domain: String,
    sbcs: Vec<String>,
}

impl SbcRegionList {
    /// The regions, in the order of the configuration.
    #[must_use]
    pub fn regions(&self) -> &[SbcRegion] {
        &self.regions
    }

    /// The codes of the regions, in the order of the configuration.
    #[must_use]
    pub fn codes(&self) -> &[SbcRegionCode] {
        &self.codes
    }
}

impl FromStr for SbcRegionList {
    type Err = String;

    /// Parses a JSON list of `{code, name, base_domain, sbcs}`.
    fn from_str(text: &str) -> Result<Self, String> {
        let given: Vec<Given> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let regions = given.into_iter().map(region).collect::<Result<Vec<_>, _>>()?;
        let codes: Vec<_> = regions.iter().map(|region| region.code.clone()).collect();
        if !(1..=SBC_REGIONS_MAX).contains(&codes.len()) {
            return Err(format!("give 1–{SBC_REGIONS_MAX} regions"));
        }
        if codes.iter().collect::<BTreeSet<_>>().len() < codes.len() {
            return Err("two regions have the same code".to_owned());
        }
        Ok(Self { regions, codes })
    }
}

fn region(Given { code, name, base_domain, sbcs }: Given) -> Result<SbcRegion, String> {
    let wrong = |what: &str, why: &str| format!("region {code:?}: {what}: {why}");
    let host = |what: &str, text: &str| HostName::parse(text).map_err(|fault| wrong(what, &fault.detail));
    let base = host("base_domain", &base_domain)?;
    // A route's domain has at least one character and a dot before the base domain.
    if base.as_str().len() + 2 > ROUTE_DOMAIN_MAX {
        return Err(wrong("base_domain", &format!("names below it must fit into {ROUTE_DOMAIN_MAX} characters")));
    }
    if is_below_onmicrosoft(&base) {
        return Err(wrong("base_domain", "nothing below onmicrosoft.com can be verified"));
    }
    if !(1..=SBCS_MAX).contains(&sbcs.len()) {
        return Err(wrong("sbcs", &format!("give 1–{SBCS_MAX} session border controllers")));
    }
    Ok(SbcRegion {
        code: SbcRegionCode::parse(&code).ok_or_else(|| wrong("code", "use lower-case letters, digits and hyphens"))?,
        name: AccountName::parse(&name).map_err(|fault| wrong("name", &fault.detail))?.into_string(),
        sbcs: sbcs.iter().map(|sbc| host("sbcs", sbc)).collect::<Result<_, _>>()?,
        base_domain: base,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_list_can_be_read() {
        let list: SbcRegionList = DEFAULT.parse().unwrap();
        let codes: Vec<_> = list.codes.iter().map(|code| code.as_str().to_owned()).collect();
        assert_eq!(codes, ["emea", "noam", "apac"]);
    }

    #[test]
    fn a_list_that_could_not_work_is_refused_at_the_start() {
        let region = |code: &str, base: &str, sbcs: &str| {
            format!(r#"{{"code": "{code}", "name": "A", "base_domain": "{base}", "sbcs": [{sbcs}]}}"#)
        };
        let good = region("emea", "emea.example", r#""sbc.emea.example""#);
        assert!(format!("[{good}]").parse::<SbcRegionList>().is_ok());
        for bad in [
            "[]".to_owned(),
            "x".to_owned(),
            format!("[{good}, {good}]"),
            format!("[{}]", region("EMEA", "emea.example", r#""sbc.emea.example""#)),
            format!("[{}]", region("emea", "contoso.onmicrosoft.com", r#""sbc.emea.example""#)),
            format!("[{}]", region("emea", "emea", r#""sbc.emea.example""#)),
            format!("[{}]", region("emea", &format!("{}.example", "a".repeat(40)), r#""sbc.emea.example""#)),
            format!("[{}]", region("emea", "emea.example", "")),
            format!("[{}]", region("emea", "emea.example", &[r#""sbc.example.net""#; SBCS_MAX + 1].join(","))),
            format!("[{}]", region("emea", "emea.example", r#""192.0.2.1""#)),
        ] {
            assert!(bad.parse::<SbcRegionList>().is_err(), "{bad}");
        }
    }
}
