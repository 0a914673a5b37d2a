//! JSON of the users of a tenant.

use chrono::{DateTime, Utc};
use domain::directory::Directory;
use persistence::directories::{Counts, Visible};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::page::{Listed, Page};
use crate::shown;

/// A user of the enterprise's Microsoft 365 tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"id": "5c802b19-3600-43f1-9767-7b9edc7f38ab", "user_principal_name": "anna@kiosk.example", "display_name": "Anna Kiosk", "licensed": true, "user_id": "user_01h455vb4pex5vsknk084sn02q"}))]
pub struct TeamsDirectoryUser {
    /// Its object id in the tenant's directory.
    #[schema(value_type = shown::Uuid)]
    pub id: Uuid,
    /// Its user principal name, to be used as `teams_user`.
    #[schema(value_type = shown::UserPrincipalName)]
    pub user_principal_name: String,
    /// Its display name; `null` if it has none.
    #[schema(value_type = Option<shown::Name>)]
    pub display_name: Option<String>,
    /// Whether it has a licence with Teams Phone, without which it can't get a number.
    pub licensed: bool,
    /// The id of the user of this enterprise that it is; `null` if it is none yet.
    #[schema(example = "user_01h455vb4pex5vsknk084sn02q")]
    pub user_id: Option<String>,
}

impl From<Visible> for TeamsDirectoryUser {
    fn from(user: Visible) -> Self {
        let Visible { person, name, display_name, is_licensed, user } = user;
        Self {
            id: person,
            user_principal_name: name,
            display_name,
            licensed: is_licensed,
            user_id: user.map(|user| user.to_string()),
        }
    }
}

impl Listed for TeamsDirectoryUser {
    const PLURAL: &str = "Teams users";
}

/// A page of users of a tenant.
pub type TeamsDirectoryUserPage = Page<TeamsDirectoryUser>;

/// How far the users of a tenant have been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TeamsUsersSyncState {
    /// Nobody has asked for it.
    Never,
    /// They are being read. Until they were read once to the end, the list is not complete.
    Reading,
    /// They were read to the end. What changes is read once a day, and whenever somebody asks for it.
    Current,
}

/// Users that are left out of the list, because they can't have a phone here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"guests": 4, "disabled": 12, "unusable_names": 0, "other_domains": 0}))]
pub struct TeamsUsersLeftOut {
    /// Guests from other tenants.
    #[schema(value_type = shown::Counted)]
    pub guests: i64,
    /// Users that can't sign in.
    #[schema(value_type = shown::Counted)]
    pub disabled: i64,
    /// Users whose sign-in name this service does not accept as `teams_user`.
    #[schema(value_type = shown::Counted)]
    pub unusable_names: i64,
    /// Users whose sign-in name is in another domain than the enterprise's e-mail address, where several enterprises share
    /// a tenant.
    #[schema(value_type = shown::Counted)]
    pub other_domains: i64,
}

/// When the users of a tenant were read, and how many there were then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"state": "current", "error": null, "users": 360, "licensed": 358, "left_out": {"guests": 4, "disabled": 12, "unusable_names": 0, "other_domains": 0}}))]
pub struct TeamsUsersSync {
    /// How far they have been read.
    pub state: TeamsUsersSyncState,
    /// When they were last read to the end; `null` if they never were.
    pub last_synced_at: Option<DateTime<Utc>>,
    /// When the service reads on; `null` if nobody has asked for it.
    pub next_sync_at: Option<DateTime<Utc>>,
    /// What went wrong last, in plain English; `null` if nothing did.
    #[schema(value_type = Option<shown::RouteError>)]
    pub error: Option<String>,
    /// How many users the list has.
    #[schema(value_type = shown::Counted)]
    pub users: i64,
    /// How many of them have a licence with Teams Phone.
    #[schema(value_type = shown::Counted)]
    pub licensed: i64,
    /// How many users were left out, by the reason.
    pub left_out: TeamsUsersLeftOut,
}

impl TeamsUsersSync {
    /// The JSON of a directory with these counts.
    #[must_use]
    pub fn view(directory: Option<&Directory>, counts: Counts) -> Self {
        let Counts { users, licensed, guests, disabled, unusable_names, other_domains } = counts;
        let state = match directory {
            None => TeamsUsersSyncState::Never,
            Some(directory) if directory.is_reading => TeamsUsersSyncState::Reading,
            Some(_) => TeamsUsersSyncState::Current,
        };
        Self {
            state,
            last_synced_at: directory.and_then(|directory| directory.synced_at),
            next_sync_at: directory.map(|directory| directory.due_at),
            error: directory.and_then(|directory| directory.error.clone()),
            users,
            licensed,
            left_out: TeamsUsersLeftOut { guests, disabled, unusable_names, other_domains },
        }
    }
}
