//! Users on the wire.

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::user;
use domain::user::{Assignment, Change, Settings};
use domain::values::text::{AuthenticationName, Tag};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::numbers::{GivenNumber, GivenNumbers};
use super::operations::WriteUser;
use crate::http::field::{self, Field, Nullable, Unknown};
use crate::http::page::{Listed, Page};
use crate::http::{Valid, nullable};
use crate::shown;

/// A user of an enterprise: a Teams user on a PBX or on a trunk. An enterprise that may not read SIP data
/// (`access_sip_data`) sees `null` in `sip_user` and `auth_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"teams_user": "anna@kiosk.example", "sip_user": "1001", "auth_id": null, "default_number": "+4930901820", "forwarded_numbers": ["+4930901821"], "voice_route": "emea", "tag": "Reception"}))]
pub struct User {
    /// Its id.
    #[schema(example = "user_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The enterprise.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q")]
    pub enterprise_id: String,
    /// The Teams user: its user principal name, in the spelling that was given.
    #[schema(value_type = shown::UserPrincipalName)]
    pub teams_user: String,
    /// The PBX that it is assigned to; `null` if to a trunk.
    #[schema(example = "pbx_01h455vb4pex5vsknk084sn02q")]
    pub pbx_id: Option<String>,
    /// The trunk that it is assigned to; `null` if to a PBX.
    #[schema(example = json!(null))]
    pub trunk_id: Option<String>,
    /// Who it is in the PBX's SIP domain; `null` on a trunk.
    #[schema(value_type = Option<shown::SipUser>)]
    pub sip_user: Option<String>,
    /// By what it proves that, if not by the same name.
    #[schema(value_type = Option<shown::AuthenticationName>)]
    pub auth_id: Option<String>,
    /// Whether it has a password.
    #[schema(example = true)]
    pub has_password: bool,
    /// The number that it calls from and is called by (E.164).
    #[schema(value_type = Option<shown::PhoneNumber>)]
    pub default_number: Option<String>,
    /// Further numbers by which it is called (E.164).
    #[schema(value_type = shown::ForwardedNumbers)]
    pub forwarded_numbers: Vec<String>,
    /// The SBC region whose route its calls take.
    #[schema(value_type = shown::RegionCode)]
    pub voice_route: String,
    /// Any words about it.
    #[schema(value_type = Option<shown::Reference>)]
    pub tag: Option<String>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl User {
    /// How it looks to somebody who sees SIP data, or does not.
    #[must_use]
    pub fn view(user: user::User, sees_sip_data: bool) -> Self {
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

/// A user to be added, on a PBX or on a trunk.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"teams_user": "anna@kiosk.example", "pbx_id": "pbx_01h455vb4pex5vsknk084sn02q", "sip_user": "1001", "auth_id": "kiosk-1001", "password": "s3cret-of-anna", "default_number": "+4930901820", "forwarded_numbers": ["+4930901821"], "voice_route": "emea", "tag": "Reception"}))]
pub struct CreateUser {
    /// The Teams user: its user principal name. No two users of an enterprise are the same one.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    teams_user: field::UserPrincipalName,
    /// The PBX that it is assigned to, one of the enterprise's. Every user has a PBX or a trunk.
    #[serde(default)]
    pbx_id: nullable::PbxId,
    /// The trunk that it is assigned to, one of the enterprise's.
    #[serde(default)]
    trunk_id: nullable::TrunkId,
    /// Who it is in the PBX's SIP domain: the user part of a SIP URI (RFC 3261). No other user in that domain is the same.
    /// Required on a PBX, refused on a trunk.
    #[serde(default)]
    sip_user: nullable::SipUser,
    /// By what it proves that, if not by the same name: 1–128 characters. Refused on a trunk.
    #[serde(default)]
    auth_id: nullable::AuthenticationName,
    /// Its SIP password: 1–128 characters. Stored encrypted and never shown. Refused on a trunk.
    #[serde(default)]
    password: nullable::SipPassword,
    /// The number that it calls from and is called by, in international form (E.164); stored without blanks. No other user
    /// has it. Required on a trunk; on a PBX only where `allow_external_numbers` is switched on.
    #[serde(default)]
    default_number: DefaultNumber,
    /// Further numbers by which it is called, likewise.
    #[serde(default)]
    forwarded_numbers: ForwardedNumbers,
    /// The SBC region whose route its calls take; that route is established.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    voice_route: field::RegionCode,
    /// Any words about it: 1–255 characters.
    #[serde(default)]
    tag: nullable::Tag,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
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
            unknown: _,
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

/// Changes of a user: a merge patch.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"teams_user": "anna@kiosk.example", "pbx_id": "pbx_01h455vb4pex5vsknk084sn02q", "sip_user": "1001", "auth_id": "kiosk-1001", "password": "s3cret-of-anna", "default_number": "+4930901820", "forwarded_numbers": ["+4930901821"], "voice_route": "emea", "tag": "Reception"}))]
pub struct PatchUser {
    /// The Teams user: its user principal name. No two users of an enterprise are the same one.
    #[serde(default)]
    teams_user: field::UserPrincipalName,
    /// The PBX that it is assigned to, one of the enterprise's. Every user has a PBX or a trunk.
    #[serde(default)]
    pbx_id: nullable::PbxId,
    /// The trunk that it is assigned to, one of the enterprise's.
    #[serde(default)]
    trunk_id: nullable::TrunkId,
    /// Who it is in the PBX's SIP domain: the user part of a SIP URI (RFC 3261). No other user in that domain is the same.
    /// Required on a PBX, refused on a trunk.
    #[serde(default)]
    sip_user: nullable::SipUser,
    /// By what it proves that, if not by the same name: 1–128 characters. Refused on a trunk.
    #[serde(default)]
    auth_id: nullable::AuthenticationName,
    /// Its SIP password: 1–128 characters. Stored encrypted and never shown. `null` removes it. Refused on a trunk.
    #[serde(default)]
    password: nullable::SipPassword,
    /// The number that it calls from and is called by, in international form (E.164); stored without blanks. No other user
    /// has it. Required on a trunk; on a PBX only where `allow_external_numbers` is switched on.
    #[serde(default)]
    default_number: DefaultNumber,
    /// Further numbers by which it is called, likewise.
    #[serde(default)]
    forwarded_numbers: ForwardedNumbers,
    /// The SBC region whose route its calls take; that route is established.
    #[serde(default)]
    voice_route: field::RegionCode,
    /// Any words about it: 1–255 characters.
    #[serde(default)]
    tag: nullable::Tag,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
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
            unknown: _,
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

/// A number that may be taken away.
type DefaultNumber = Nullable<GivenNumber>;
/// Numbers that are replaced as a whole.
type ForwardedNumbers = Field<GivenNumbers>;
