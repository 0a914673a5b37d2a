//! JSON of the permissions that the service needs in a tenant.

use serde::Serialize;
use utoipa::ToSchema;

use crate::graph::consent::{PERMISSIONS, Permission};
use crate::shown;

/// A permission that the service needs in the enterprise's tenant. A Global Administrator grants all of them at once: see
/// `POST /enterprises/{enterprise_id}/direct-routing/consent-links`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"permission": "Domain.ReadWrite.All", "needed_for": "Adding, verifying and removing the domains of routes.", "granted": true}))]
pub struct PermissionConsent {
    /// Its name at Microsoft.
    #[schema(value_type = shown::PermissionName)]
    pub permission: &'static str,
    /// What the service needs it for.
    #[schema(value_type = shown::Detail)]
    pub needed_for: &'static str,
    /// Whether the tenant has granted it; `null` as long as the service does not know.
    pub granted: Option<bool>,
}

impl PermissionConsent {
    /// All permissions, with what the tenant has granted.
    #[must_use]
    pub fn all(granted: Option<&Vec<String>>) -> Vec<Self> {
        let of = |permission: Permission| Self {
            permission: permission.name,
            needed_for: permission.needed_for,
            granted: granted.map(|granted| granted.iter().any(|name| name == permission.name)),
        };
        PERMISSIONS.into_iter().map(of).collect()
    }
}
