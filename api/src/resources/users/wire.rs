//! JSON of users.

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::user::{self, Assignment, Change, Settings};
use domain::values::text::{AuthenticationName, Tag};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::numbers::{GivenNumber, GivenNumbers};
use super::operations::WriteUser;
use crate::http::field::{self, Field, Nullable};
use crate::http::page::{Listed, Page};
use crate::http::{Valid, nullable};
use crate::resources::teams::wire::UserInTeams;
use crate::shown;

/// A user of an enterprise: a Teams user that is assigned to a PBX or a trunk. `sip_user` and `auth_id` are `null` for
/// an enterprise that may not read SIP data (`access_sip_data`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"teams_user": "anna@kiosk.example", "sip_user": "1001", "auth_id": null, "default_number": "+4930901820", "forwarded_numbers": ["+4930901821"], "voice_route": "emea", "tag": "Reception"}))]
pub struct User {
    /// Its id.
    #[schema(example = "user_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// Id of its enterprise.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q")]
    pub enterprise_id: String,
    /// The user principal name of the Teams user, spelled as it was given.
    #[schema(value_type = shown::UserPrincipalName)]
    pub teams_user: String,
    /// Id of the PBX that it is assigned to; `null` if it is assigned to a trunk.
    #[schema(example = "pbx_01h455vb4pex5vsknk084sn02q")]
    pub pbx_id: Option<String>,
    /// Id of the trunk that it is assigned to; `null` if it is assigned to a PBX.
    #[schema(example = json!(null))]
    pub trunk_id: Option<String>,
    /// The user part of its SIP address, unique in the SIP domain; `null` on a trunk.
    #[schema(value_type = Option<shown::SipUser>)]
    pub sip_user: Option<String>,
    /// SIP authentication ID, if it differs from `sip_user`; otherwise `null`.
    #[schema(value_type = Option<shown::AuthenticationName>)]
    pub auth_id: Option<String>,
    /// Whether a password is stored for it.
    #[schema(example = true)]
    pub has_password: bool,
    /// Its main phone number, for outgoing and incoming calls (E.164); `null` if it has none.
    #[schema(value_type = Option<shown::PhoneNumber>)]
    pub default_number: Option<String>,
    /// Additional phone numbers on which it can be called (E.164).
    #[schema(value_type = shown::ForwardedNumbers)]
    pub forwarded_numbers: Vec<String>,
    /// The code of the SBC region whose route its calls use.
    #[schema(value_type = shown::RegionCode)]
    pub voice_route: String,
    /// A free-text label; `null` if it has none.
    #[schema(value_type = Option<shown::Reference>)]
    pub tag: Option<String>,
    /// What it has in Teams: its number and voice routing policy there, how far they have come, and what comes next.
    pub teams: UserInTeams,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl User {
    /// The JSON of a user, without `sip_user` and `auth_id` if the caller may not see SIP data.
    #[must_use]
    pub fn view(user: user::User, teams: UserInTeams, sees_sip_data: bool) -> Self {
        let user::User { id, account, settings, has_password, version: _, created_at, updated_at } = user;
        let Settings { teams_user, assignment, default_number, forwarded_numbers, voice_route, tag } = settings;
        let (pbx_id, trunk_id, sip_user, auth_id) = match assignment {
            Assignment::Pbx { pbx, sip_user, auth_id } => (Some(pbx), None, Some(sip_user), auth_id),
            Assignment::Trunk(trunk) => (None, Some(trunk), None, None),
        };
        Self {
            id: id.to_string(),
            enterprise_id: Tier::Enterprise.format_id(account),
            teams_user: teams_user.given().to_owned(),
            pbx_id: pbx_id.map(|id| id.to_string()),
            trunk_id: trunk_id.map(|id| id.to_string()),
            sip_user: sip_user.filter(|_| sees_sip_data).map(|user| user.as_str().to_owned()),
            auth_id: auth_id.filter(|_| sees_sip_data).map(AuthenticationName::into_string),
            has_password,
            default_number: default_number.map(|number| number.as_str().to_owned()),
            forwarded_numbers: forwarded_numbers.iter().map(|number| number.as_str().to_owned()).collect(),
            voice_route: voice_route.as_str().to_owned(),
            tag: tag.map(Tag::into_string),
            teams,
            created_at,
            updated_at,
        }
    }
}

impl Listed for User {
    const PLURAL: &str = "users";
}

/// A page of users.
pub type UserPage = Page<User>;

/// The data of a new user on a PBX or a trunk.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"teams_user": "anna@kiosk.example", "pbx_id": "pbx_01h455vb4pex5vsknk084sn02q", "sip_user": "1001", "auth_id": "kiosk-1001", "password": "s3cret-of-anna", "default_number": "+4930901820", "forwarded_numbers": ["+4930901821"], "voice_route": "emea", "tag": "Reception"}))]
pub struct CreateUser {
    /// The user principal name of the Teams user, unique within the enterprise.
    #[schema(required = true)]
    #[validate(required)]
    teams_user: field::UserPrincipalName,
    /// Id of one of the enterprise's PBXs, to assign the user to it. Every user has either a PBX or a trunk.
    pbx_id: nullable::PbxId,
    /// Id of one of the enterprise's trunks, to assign the user to it. Every user has either a PBX or a trunk.
    trunk_id: nullable::TrunkId,
    /// The user part of its SIP address (RFC 3261), unique in the SIP domain. Answers show its canonical form, in which
    /// only reserved characters are escaped: `%61nna` and `anna` are the same user. Required on a PBX, not allowed on a
    /// trunk.
    sip_user: nullable::SipUser,
    /// SIP authentication ID, if it differs from `sip_user`: 1–128 characters. Not allowed on a trunk.
    auth_id: nullable::AuthenticationName,
    /// Its SIP password: 1–128 characters. Stored encrypted and never shown. Not allowed on a trunk.
    password: nullable::SipPassword,
    /// Its main phone number, for outgoing and incoming calls, in international format (E.164). Spaces,
    /// hyphens, dots and brackets between the digits are removed; anything else is a fault. A number can belong to only one user. Required on a trunk. Allowed on a PBX only if the
    /// enterprise's `allow_external_numbers` is set.
    default_number: DefaultNumber,
    /// Additional phone numbers on which it can be called, in international format (E.164). A number can belong to only
    /// one user. Allowed on a PBX only if the enterprise's `allow_external_numbers` is set.
    forwarded_numbers: ForwardedNumbers,
    /// The code of the SBC region whose route its calls use. That route must be established.
    #[schema(required = true)]
    #[validate(required)]
    voice_route: field::RegionCode,
    /// A free-text label: 1–255 characters.
    tag: nullable::Tag,
}

impl From<Valid<CreateUser>> for WriteUser {
    fn from(request: Valid<CreateUser>) -> Self {
        let CreateUser {
            teams_user,
            pbx_id,
            trunk_id,
            sip_user,
            auth_id,
            password,
            default_number,
            forwarded_numbers,
            voice_route,
            tag,
        } = request.into_inner();
        let change = Change {
            teams_user: Some(teams_user.required()),
            pbx: pbx_id.change(),
            trunk: trunk_id.change(),
            sip_user: sip_user.change(),
            auth_id: auth_id.change(),
            default_number: default_number.change().map(|number| number.map(|GivenNumber(number)| number)),
            forwarded_numbers: forwarded_numbers.given().map(|GivenNumbers(numbers)| numbers),
            voice_route: Some(voice_route.required()),
            tag: tag.change(),
        };
        Self { change, password: password.change() }
    }
}

/// A merge patch of a user (RFC 7396): absent fields keep their values.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"teams_user": "anna@kiosk.example", "pbx_id": "pbx_01h455vb4pex5vsknk084sn02q", "sip_user": "1001", "auth_id": "kiosk-1001", "password": "s3cret-of-anna", "default_number": "+4930901820", "forwarded_numbers": ["+4930901821"], "voice_route": "emea", "tag": "Reception"}))]
pub struct PatchUser {
    /// The user principal name of the Teams user, unique within the enterprise.
    teams_user: field::UserPrincipalName,
    /// Id of one of the enterprise's PBXs, to assign the user to it. Every user has either a PBX or a trunk.
    pbx_id: nullable::PbxId,
    /// Id of one of the enterprise's trunks, to assign the user to it. Every user has either a PBX or a trunk.
    trunk_id: nullable::TrunkId,
    /// The user part of its SIP address (RFC 3261), unique in the SIP domain. Answers show its canonical form, in which
    /// only reserved characters are escaped: `%61nna` and `anna` are the same user. Required on a PBX, not allowed on a
    /// trunk.
    sip_user: nullable::SipUser,
    /// SIP authentication ID, if it differs from `sip_user`: 1–128 characters. Not allowed on a trunk.
    auth_id: nullable::AuthenticationName,
    /// Its SIP password: 1–128 characters. Stored encrypted and never shown. `null` removes it. Not allowed on a trunk.
    password: nullable::SipPassword,
    /// Its main phone number, for outgoing and incoming calls, in international format (E.164). Spaces,
    /// hyphens, dots and brackets between the digits are removed; anything else is a fault. A number can belong to only one user. Required on a trunk. Allowed on a PBX only if the
    /// enterprise's `allow_external_numbers` is set.
    default_number: DefaultNumber,
    /// Additional phone numbers on which it can be called, in international format (E.164). A number can belong to only
    /// one user. Allowed on a PBX only if the enterprise's `allow_external_numbers` is set.
    forwarded_numbers: ForwardedNumbers,
    /// The code of the SBC region whose route its calls use. That route must be established.
    voice_route: field::RegionCode,
    /// A free-text label: 1–255 characters.
    tag: nullable::Tag,
}

impl From<Valid<PatchUser>> for WriteUser {
    fn from(request: Valid<PatchUser>) -> Self {
        let PatchUser {
            teams_user,
            pbx_id,
            trunk_id,
            sip_user,
            auth_id,
            password,
            default_number,
            forwarded_numbers,
            voice_route,
            tag,
        } = request.into_inner();
        let change = Change {
            teams_user: teams_user.given(),
            pbx: pbx_id.change(),
            trunk: trunk_id.change(),
            sip_user: sip_user.change(),
            auth_id: auth_id.change(),
            default_number: default_number.change().map(|number| number.map(|GivenNumber(number)| number)),
            forwarded_numbers: forwarded_numbers.given().map(|GivenNumbers(numbers)| numbers),
            voice_route: voice_route.given(),
            tag: tag.change(),
        };
        Self { change, password: password.change() }
    }
}

/// A phone number that `null` removes.
type DefaultNumber = Nullable<GivenNumber>;
/// Phone numbers, replaced as a whole.
type ForwardedNumbers = Field<GivenNumbers>;
