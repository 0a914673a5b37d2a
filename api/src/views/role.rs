//! Roles in responses.

use domain::authority::Role;
use serde::Serialize;
use utoipa::ToSchema;

/// The role of a member or API client, which decides what it may do in its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Role)]
pub enum RoleView {
    /// May do everything, including managing members, API clients and webhooks, and reading events.
    Owner,
    /// May read, create and change, except for billing reports and what only owners may do.
    Provisioner,
    /// May read, including billing reports, except what only owners may do.
    Billing,
    /// May read, except for billing reports and what only owners may do.
    Viewer,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Provisioner => Self::Provisioner,
            Role::Billing => Self::Billing,
            Role::Viewer => Self::Viewer,
        }
    }
}
