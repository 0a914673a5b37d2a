//! Members on the wire.

use chrono::{DateTime, Utc};
use domain::authority::Role;
use domain::member;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::operations;
use crate::http::Valid;
use crate::http::field::{self, Unknown};
use crate::http::page::{Listed, Page};
use crate::views::account::DeliveryView;
use crate::views::role::RoleView;

/// Somebody who signs in to your account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"email": "bea@contoso.example"}))]
pub struct Member {
    /// Its id.
    #[schema(example = "member_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The address that it signs in with.
    #[schema(value_type = field::EmailAddress)]
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

impl Listed for Member {
    const PLURAL: &str = "members";
}

/// A page of members.
pub type MemberPage = Page<Member>;

/// A member to be invited.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
#[schema(example = json!({"email": "bea@contoso.example"}))]
pub struct InviteMember {
    /// The address that the invitation goes to and the member signs in with. No other open account has it, and no other member.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    email: field::EmailAddress,
    /// What it may do.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    role: field::Role,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<InviteMember>> for operations::InviteMember {
    fn from(request: Valid<InviteMember>) -> Self {
        let InviteMember { email, role, unknown: _ } = request.into_inner();
        Self { email: email.required(), role: role.required() }
    }
}

/// Changes of a member: a merge patch.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[validate(nest_all_fields)]
pub struct PatchMember {
    /// What it may do.
    #[serde(default)]
    #[schema(required = true)]
    #[validate(required)]
    role: field::Role,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl From<Valid<PatchMember>> for Role {
    fn from(request: Valid<PatchMember>) -> Self {
        let PatchMember { role, unknown: _ } = request.into_inner();
        role.required()
    }
}
