//! User principal names, by which Microsoft 365 identifies users.

use super::host_name::HostName;
use crate::fault::Fault;
use crate::limits::USER_PRINCIPAL_NAME_MAX;

/// A user principal name `name@domain`, within the limits of Microsoft Entra: before the `@`, up to 64 letters, digits
/// and `'.-_!#^~`, without a dot at the start or end; after it, a domain of at most 48 characters. The given spelling
/// is kept; comparisons ignore case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPrincipalName {
    given: String,
    canonical: String,
}

impl UserPrincipalName {
    /// Parses a user principal name.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let fault = || {
            let detail = format!(
                "Give the user principal name, such as \"anna@contoso.example\", of at most {USER_PRINCIPAL_NAME_MAX} characters."
            );
            Fault::new("invalid_user_principal_name", detail)
        };
        let (name, domain) = text.rsplit_once('@').ok_or_else(fault)?;
        let allowed = |octet: u8| octet.is_ascii_alphanumeric() || b"'.-_!#^~".contains(&octet);
        let plain = (1..=64).contains(&name.len()) && name.bytes().all(allowed);
        let domain = HostName::parse(domain).map_err(|_| fault())?;
        // Characters that the ASCII form of the domain drops count as well.
        let fits = text.chars().count() <= USER_PRINCIPAL_NAME_MAX;
        if !plain || !fits || name.starts_with('.') || name.ends_with('.') || domain.as_str().len() > 48 {
            return Err(fault());
        }
        let canonical = format!("{}@{}", name.to_ascii_lowercase(), domain.as_str());
        Ok(Self { given: text.to_owned(), canonical })
    }

    /// The name as given.
    #[must_use]
    pub fn given(&self) -> &str {
        &self.given
    }

    /// The name in lower case, for comparisons.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r14_a_teams_user_is_a_user_principal_name() {
        let canonical = |text: &str| UserPrincipalName::parse(text).map(|name| name.canonical().to_owned()).ok();
        assert_eq!(canonical("Anna.Schmidt@Contoso.Example").as_deref(), Some("anna.schmidt@contoso.example"));
        assert!(canonical("o'neil_1-2!#^~@contoso.onmicrosoft.com").is_some());
        assert_eq!(UserPrincipalName::parse("Anna@Contoso.Example").unwrap().given(), "Anna@Contoso.Example");
        let longest = format!("{}@{}.example", "a".repeat(64), "b".repeat(40));
        assert_eq!((longest.len(), canonical(&longest)), (USER_PRINCIPAL_NAME_MAX, Some(longest.clone())));
        let long = format!("{}@contoso.example", "a".repeat(65));
        let hidden = format!("a@con{}toso.example", "\u{ad}".repeat(USER_PRINCIPAL_NAME_MAX));
        let wide = format!("a@{}.example", "a".repeat(41));
        for bad in [
            "",
            "anna",
            "@contoso.example",
            "anna@",
            "anna@contoso",
            ".a@b.example",
            "a.@b.example",
            "a b@c.example",
            "ä@b.example",
            "a@b@c.example",
            &long,
            &hidden,
            &wide,
        ] {
            assert_eq!(canonical(bad), None, "{bad:?}");
        }
    }
}
