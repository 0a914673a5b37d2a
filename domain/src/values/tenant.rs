//! Microsoft 365 tenants.

use uuid::Uuid;

use super::host_name::HostName;
use crate::fault::Fault;

/// A Microsoft 365 tenant, by its id or by one of its verified domains. Microsoft's sign-in accepts both.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tenant(String);

impl Tenant {
    /// Parses a tenant id or a domain.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        // `Uuid` also accepts spellings that Microsoft does not.
        if text.len() == 36
            && let Ok(id) = Uuid::try_parse(text)
        {
            return Ok(Self(id.to_string()));
        }
        HostName::parse(text).map(|domain| Self(domain.as_str().to_owned())).map_err(|_| {
            let detail = "Give the id of the Microsoft 365 tenant or one of its domains, like contoso.onmicrosoft.com.";
            Fault::new("invalid_tenant", detail)
        })
    }

    /// The tenant that an e-mail address probably belongs to, named by the domain of the address.
    pub fn of_address(address: &str) -> Result<Self, Fault> {
        Self::parse(address.rsplit_once('@').map_or("", |(_, domain)| domain))
    }

    /// The tenant id or domain.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r11_a_tenant_is_an_id_or_a_domain() {
        let parse = |text: &str| Tenant::parse(text).map(|tenant| tenant.as_str().to_owned()).ok();
        let id = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
        assert_eq!(parse(&id.to_uppercase()).as_deref(), Some(id));
        assert_eq!(parse("Contoso.onmicrosoft.com").as_deref(), Some("contoso.onmicrosoft.com"));
        assert_eq!(Tenant::of_address("admin@Kiosk.example").unwrap().as_str(), "kiosk.example");
        for bad in
            ["", "contoso", "a/b.example", "../common", "3fa85f6457174562b3fc2c963f66afa6", "contoso.example?x=1"]
        {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
        assert!(Tenant::of_address("admin").is_err());
    }
}
