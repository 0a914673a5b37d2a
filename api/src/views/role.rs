//! How requests and answers show roles.

use domain::authority::Role;
use serde::Serialize;
use utoipa::ToSchema;

/// What a member or an API client may do in its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Role)]
pub enum RoleView {
    /// Everything, and manages members and API clients.
    Owner,
    /// Creates and changes.
    Provisioner,
    /// Reads, and reads billing reports.
    Billing,
    /// Reads.
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
