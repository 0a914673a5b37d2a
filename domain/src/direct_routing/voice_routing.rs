//! Voice routing in Teams: the PSTN usage, voice route, voice routing policy and dial plan that lead calls of users to the
//! domain of a route. Microsoft Graph can't make them, so an administrator of the tenant runs a script (R11).

use crate::Timestamp;
use crate::values::route_domain::RouteDomain;
use crate::values::tenant::Tenant;

const SET_UP: &str = include_str!("voice_routing/set_up.ps1");
const REMOVE: &str = include_str!("voice_routing/remove.ps1");

/// What the names of all voice routing policies of this service begin with.
pub const POLICY_NAME_START: &str = "TeamMate ";

/// A voice routing policy that was found in Teams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoicePolicy {
    /// Its id at Microsoft.
    pub id: String,
    /// When it was found.
    pub found_at: Timestamp,
}

/// The name of the voice routing policy of a domain, and of its PSTN usage and voice route. Its dial plan has the name of the
/// domain: Teams takes at most 49 letters, digits, hyphens and dots there.
#[must_use]
pub fn policy_name(domain: &RouteDomain) -> String {
    format!("{POLICY_NAME_START}{}", domain.as_str())
}

/// The Teams PowerShell script that sets voice routing up in a tenant. It can be run again.
#[must_use]
pub fn set_up_script(domain: &RouteDomain, tenant: &Tenant) -> String {
    filled(SET_UP, domain, tenant)
}

/// The Teams PowerShell script that removes what [`set_up_script`] made. It can be run again.
#[must_use]
pub fn remove_script(domain: &RouteDomain, tenant: &Tenant) -> String {
    filled(REMOVE, domain, tenant)
}

/// Fills a script in. Domains and tenants have letters, digits, dots and hyphens, which are nothing special in quotes.
fn filled(script: &str, domain: &RouteDomain, tenant: &Tenant) -> String {
    script
        .replace("<NAME>", &policy_name(domain))
        .replace("<DOMAIN>", domain.as_str())
        .replace("<TENANT>", tenant.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fault::Fault;
    use crate::limits::ROUTE_DOMAIN_MAX;
    use crate::values::host_name::HostName;

    fn route(label: &str, tenant: &str) -> Result<(RouteDomain, Tenant), Fault> {
        let base = HostName::parse("emea.teammate.example").unwrap();
        Ok((RouteDomain::below(label, &base)?, Tenant::parse(tenant)?))
    }

    #[test]
    fn r11_the_scripts_are_those_of_the_golden_files() {
        let (domain, tenant) = route("kiosk", "kiosk.example").unwrap();
        assert_eq!(policy_name(&domain), "TeamMate kiosk.emea.teammate.example");
        assert_eq!(set_up_script(&domain, &tenant), include_str!("voice_routing/golden/set_up.ps1"));
        assert_eq!(remove_script(&domain, &tenant), include_str!("voice_routing/golden/remove.ps1"));
    }

    #[test]
    fn r11_a_domain_fits_as_the_name_of_a_dial_plan() {
        const { assert!(ROUTE_DOMAIN_MAX <= 49) }
    }

    proptest! {
        #[test]
        fn r11_no_label_and_no_tenant_gets_out_of_its_quotes(
            label in "[a-z0-9'$\"` -]{1,8}", tenant in "[a-z0-9'$\"` -]{1,8}\\.example",
        ) {
            let Ok((domain, tenant)) = route(&label, &tenant) else { return Ok(()) };
            for text in [policy_name(&domain), tenant.as_str().to_owned()] {
                prop_assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || " .-".contains(c)), "{}", text);
            }
            for script in [set_up_script(&domain, &tenant), remove_script(&domain, &tenant)] {
                prop_assert!(!script.contains('<') && !script.contains('>'));
            }
        }
    }
}
