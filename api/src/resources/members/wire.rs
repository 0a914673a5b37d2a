//! Members on the wire.

use chrono::{DateTime, Utc};
use domain::authority::Role;
use domain::member;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::operations;
use crate::error::Error;
use crate::http::{Field, Members, Unknown};
use crate::resources::accounts::wire::email;
use crate::views::account::DeliveryView;
use crate::views::role::{RoleView, parse_role};

/// Somebody who signs in to your account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Member {
    /// Its id.
    #[schema(example = "member_01h455vb4pex5vsknk084sn02q", max_length = 60)]
    pub id: String,
    /// The address that it signs in with.
    #[schema(example = "bea@contoso.example", format = "email", max_length = 254)]
    pub email: String,
    /// What it may do.
    pub role: RoleView,
    /// Whether it has joined.
    pub status: MemberStatus,
    /// Whether signing in takes a code of its second factor.
    #[schema(example = false)]
    pub second_factor: bool,
    /// How its invitation fares; `null` once it has joined.
    pub invitation: Option<MemberInvitation>,
    /// When it was invited.
    pub created_at: DateTime<Utc>,
    /// When it joined.
    pub joined_at: Option<DateTime<Utc>>,
}

/// Whether a member has joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemberStatus {
    /// It was invited and has not chosen a password.
    Invited,
    /// It can sign in.
    Active,
}

/// The latest invitation of a member who has not joined.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberInvitation {
    /// When the mail server took the e-mail.
    pub sent_at: Option<DateTime<Utc>>,
    /// Until when its link works.
    pub expires_at: DateTime<Utc>,
    /// How far the e-mail has come.
    pub delivery: DeliveryView,
}

impl From<member::Member> for Member {
    fn from(member: member::Member) -> Self {
        let member::Member { id, email, role, joined_at, second_factor_since, invitation, version: _, created_at } =
            member;
        let invitation = invitation.map(|member::Invitation { sent_at, expires_at, delivery }| MemberInvitation {
            sent_at,
            expires_at,
            delivery: delivery.into(),
        });
        Self {
            id: id.to_string(),
            email,
            role: role.into(),
            status: if joined_at.is_some() { MemberStatus::Active } else { MemberStatus::Invited },
            second_factor: second_factor_since.is_some(),
            invitation,
            created_at,
            joined_at,
        }
    }
}

/// A page of members.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberPage {
    /// The members of this page, in the list's order.
    #[schema(max_items = 200)]
    pub items: Vec<Member>,
    /// Give it as `cursor` to get the next page; `null` on the last one.
    #[schema(max_length = 60)]
    pub next_cursor: Option<String>,
}

/// A member to be invited.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct InviteMember {
    /// The address that the invitation goes to and the member signs in with. No other open account has it, and no other member.
    #[schema(value_type = String, required = true, example = "bea@contoso.example", format = "email", min_length = 3, max_length = 254)]
    #[serde(default)]
    email: Field<String>,
    /// What it may do.
    #[schema(value_type = RoleView, required = true)]
    #[serde(default)]
    role: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl InviteMember {
    /// The command, or everything that is wrong with it.
    pub fn command(self) -> Result<operations::InviteMember, Error> {
        let Self { email: e, role, unknown } = self;
        let mut members = Members::new(unknown);
        let (email, role) = (members.required("/email", e, email), members.required("/role", role, parse_role));
        members.finish(email.zip(role).map(|(email, role)| operations::InviteMember { email, role }))
    }
}

/// Changes of a member: a merge patch.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PatchMember {
    /// What it may do.
    #[schema(value_type = RoleView, required = true)]
    #[serde(default)]
    role: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl PatchMember {
    /// The role, or everything that is wrong with it.
    pub fn role(self) -> Result<Role, Error> {
        let mut members = Members::new(self.unknown);
        let role = members.required("/role", self.role, parse_role);
        members.finish(role)
    }
}
