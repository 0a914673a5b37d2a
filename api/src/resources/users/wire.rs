//! Users on the wire.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use domain::account::Tier;
use domain::enterprise::SbcRegionCode;
use domain::fault::Fault;
use domain::id::{PbxId, TrunkId};
use domain::user;
use domain::user::{Assignment, Change, Settings, parse_numbers};
use domain::values::phone_number::PhoneNumber;
use domain::values::sip::{SipPassword, SipUser};
use domain::values::text::{AuthenticationName, Tag};
use domain::values::user_principal_name::UserPrincipalName;
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::numbers;
use super::operations::WriteUser;
use crate::error::Error;
use crate::http::body::{needing, refuse_empty};
use crate::http::{Field, Members, Unknown};

/// A user of an enterprise: a Teams user on a PBX or on a trunk. An enterprise that may not read SIP data
/// (`access_sip_data`) sees `null` in `sip_user` and `auth_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct User {
    /// Its id.
    #[schema(example = "user_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub id: String,
    /// The enterprise.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub enterprise_id: String,
    /// The Teams user: its user principal name, in the spelling that was given.
    #[schema(example = "anna@kiosk.example", max_length = 113)]
    pub teams_user: String,
    /// The PBX that it is assigned to; `null` if to a trunk.
    #[schema(example = "pbx_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub pbx_id: Option<String>,
    /// The trunk that it is assigned to; `null` if to a PBX.
    #[schema(example = json!(null), max_length = 60)]
    pub trunk_id: Option<String>,
    /// Who it is in the PBX's SIP domain; `null` on a trunk.
    #[schema(example = "1001", max_length = 64)]
    pub sip_user: Option<String>,
    /// By what it proves that, if not by the same name.
    #[schema(example = json!(null), max_length = 128)]
    pub auth_id: Option<String>,
    /// Whether it has a password.
    #[schema(example = true)]
    pub has_password: bool,
    /// The number that it calls from and is called by (E.164).
    #[schema(example = "+4930901820", max_length = 16, pattern = "^\\+[1-9][0-9]{4,14}$")]
    pub default_number: Option<String>,
    /// Further numbers by which it is called (E.164).
    #[schema(max_items = 50, example = json!(["+4930901821"]))]
    pub forwarded_numbers: Vec<String>,
    /// The SBC region whose route its calls take.
    #[schema(example = "emea", max_length = 20)]
    pub voice_route: String,
    /// Any words about it.
    #[schema(example = "Reception", max_length = 255)]
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

/// A page of users.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserPage {
    /// The users of this page, in the list's order.
    #[schema(max_items = 200)]
    pub items: Vec<User>,
    /// Give it as `cursor` to get the next page; `null` on the last one.
    #[schema(max_length = 60)]
    pub next_cursor: Option<String>,
}

/// Changes of a user: a merge patch.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PatchUser {
    /// The Teams user: its user principal name. No two users of an enterprise are the same one.
    #[schema(value_type = String, required = false, example = "anna@kiosk.example", min_length = 5, max_length = 113)]
    #[serde(default)]
    teams_user: Field<String>,
    /// The PBX that it is assigned to, one of the enterprise's. Every user has a PBX or a trunk.
    #[schema(value_type = Option<String>, example = "pbx_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    #[serde(default)]
    pbx_id: Field<String>,
    /// The trunk that it is assigned to, one of the enterprise's.
    #[schema(value_type = Option<String>, max_length = 60)]
    #[serde(default)]
    trunk_id: Field<String>,
    /// Who it is in the PBX's SIP domain: the user part of a SIP URI (RFC 3261). No other user in that domain is the same.
    /// Required on a PBX, refused on a trunk.
    #[schema(value_type = Option<String>, example = "1001", min_length = 1, max_length = 64)]
    #[serde(default)]
    sip_user: Field<String>,
    /// By what it proves that, if not by the same name: 1–128 characters. Refused on a trunk.
    #[schema(value_type = Option<String>, example = "kiosk-1001", min_length = 1, max_length = 128)]
    #[serde(default)]
    auth_id: Field<String>,
    /// Its SIP password: 1–128 characters. Stored encrypted and never shown. `null` removes it. Refused on a trunk.
    #[schema(value_type = Option<String>, format = "password", example = "s3cret-of-anna", min_length = 1, max_length = 128, write_only)]
    #[serde(default)]
    password: Field<String>,
    /// The number that it calls from and is called by, in international form (E.164); stored without blanks. No other user
    /// has it. Required on a trunk; on a PBX only where `allow_external_numbers` is switched on.
    #[schema(value_type = Option<String>, example = "+4930901820", min_length = 6, max_length = 40)]
    #[serde(default)]
    default_number: Field<String>,
    /// Further numbers by which it is called, likewise.
    #[schema(value_type = Vec<String>, required = false, max_items = 50, example = json!(["+4930901821"]))]
    #[serde(default)]
    forwarded_numbers: Field<Vec<String>>,
    /// The SBC region whose route its calls take; that route is established.
    #[schema(value_type = String, required = false, example = "emea", min_length = 1, max_length = 20)]
    #[serde(default)]
    voice_route: Field<String>,
    /// Any words about it: 1–255 characters.
    #[schema(value_type = Option<String>, example = "Reception", min_length = 1, max_length = 255)]
    #[serde(default)]
    tag: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl PatchUser {
    /// The command, or everything that is wrong with it.
    pub fn command(self) -> Result<WriteUser, Error> {
        let command = self.read(false)?;
        refuse_empty(command.change == Change::default() && command.password.is_none())?;
        Ok(command)
    }

    fn read(self, creates: bool) -> Result<WriteUser, Error> {
        let mut members = Members::new(self.unknown);
        let region = |text: &str| {
            let fault = || Fault::new("unknown_sbc_region", "Use the code of one of the enterprise's SBC regions.");
            SbcRegionCode::parse(text).ok_or_else(fault)
        };
        let pbx =
            |text: &str| PbxId::parse(text).ok_or_else(|| Fault::new("unknown_pbx", "The enterprise has no such PBX."));
        let trunk = |text: &str| {
            TrunkId::parse(text).ok_or_else(|| Fault::new("unknown_trunk", "The enterprise has no such trunk."))
        };
        let further = |texts: &[String]| -> Result<Vec<PhoneNumber>, _> { parse_numbers(texts, numbers::parse) };
        let change = Change {
            teams_user: members.needed(creates, "/teams_user", self.teams_user, UserPrincipalName::parse),
            pbx: members.nullable("/pbx_id", self.pbx_id, pbx),
            trunk: members.nullable("/trunk_id", self.trunk_id, trunk),
            sip_user: members.nullable("/sip_user", self.sip_user, SipUser::parse),
            auth_id: members.nullable("/auth_id", self.auth_id, AuthenticationName::parse),
            default_number: members.nullable("/default_number", self.default_number, numbers::parse),
            forwarded_numbers: members.list("/forwarded_numbers", self.forwarded_numbers, further),
            voice_route: members.needed(creates, "/voice_route", self.voice_route, region),
            tag: members.nullable("/tag", self.tag, Tag::parse),
        };
        let password = members.nullable("/password", self.password, SipPassword::parse);
        members.finish(Some(WriteUser { change, password }))
    }
}

/// A user to be added.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct CreateUser(PatchUser);

impl PartialSchema for CreateUser {
    fn schema() -> RefOr<Schema> {
        needing(PatchUser::schema(), &["teams_user", "voice_route"], "A user to be added, on a PBX or on a trunk.")
    }
}

impl ToSchema for CreateUser {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("CreateUser")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        PatchUser::schemas(schemas);
    }
}

impl CreateUser {
    /// The command, or everything that is wrong with it.
    pub fn command(self) -> Result<WriteUser, Error> {
        self.0.read(true)
    }
}
