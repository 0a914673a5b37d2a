//! Request and response bodies of `/members`.

use chrono::{DateTime, Utc};
use domain::authority::Role;
use domain::member;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::operations;
use crate::http::Valid;
use crate::http::field;
use crate::http::page::{Listed, Page};
use crate::views::account::DeliveryView;
use crate::views::role::RoleView;

/// A person who signs in to your account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"email": "bea@contoso.example", "name": "Bea Example"}))]
pub struct Member {
    /// The member's id.
    #[schema(example = "member_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// The e-mail address that the member signs in with.
    #[schema(value_type = field::EmailAddress)]
    pub email: String,
    /// The member's display name; `null` if it has none.
    #[schema(value_type = Option<field::MemberName>)]
    pub name: Option<String>,
    /// The member's role, which decides what it may do.
    pub role: RoleView,
    /// Whether the member has accepted its invitation.
    pub status: MemberStatus,
    /// Whether the member has a second factor, so that signing in needs a code.
    #[schema(example = false)]
    pub second_factor: bool,
    /// The latest invitation and its delivery status; `null` once the member has joined.
    pub invitation: Option<MemberInvitation>,
    /// When the member was first invited.
    pub created_at: DateTime<Utc>,
    /// When the member joined; `null` while it is only invited.
    pub joined_at: Option<DateTime<Utc>>,
}

/// Whether a member has accepted its invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemberStatus {
    /// Invited; the member has not chosen a password yet.
    Invited,
    /// The member has joined and can sign in.
    Active,
}

/// The latest invitation of a member that has not joined yet.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberInvitation {
    /// When the mail server accepted the e-mail; `null` before that.
    pub sent_at: Option<DateTime<Utc>>,
    /// When the link expires.
    pub expires_at: DateTime<Utc>,
    /// Delivery status of the e-mail.
    pub delivery: DeliveryView,
}

impl From<member::Member> for Member {
    fn from(member: member::Member) -> Self {
        let member::Member {
            id,
            email,
            name,
            role,
            joined_at,
            second_factor_since,
            invitation,
            version: _,
            created_at,
        } = member;
        let invitation = invitation.map(|member::Invitation { sent_at, expires_at, delivery }| MemberInvitation {
            sent_at,
            expires_at,
            delivery: delivery.into(),
        });
        Self {
            id: id.to_string(),
            email: email.into_given(),
            name,
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

/// An invitation of a new member.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
#[schema(example = json!({"email": "bea@contoso.example"}))]
pub struct InviteMember {
    /// The e-mail address that the invitation is sent to and that the member signs in with. It must not be the address
    /// of another open account or of another member.
    #[schema(required = true)]
    #[validate(required)]
    email: field::EmailAddress,
    /// The member's role, which decides what it may do.
    #[schema(required = true)]
    #[validate(required)]
    role: field::Role,
}

impl From<Valid<InviteMember>> for operations::InviteMember {
    fn from(request: Valid<InviteMember>) -> Self {
        let InviteMember { email, role } = request.into_inner();
        Self { email: email.required(), role: role.required() }
    }
}

/// Changes to a member, as a merge patch.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[validate(nest_all_fields)]
pub struct PatchMember {
    /// The member's role, which decides what it may do.
    #[schema(required = true)]
    #[validate(required)]
    role: field::Role,
}

impl From<Valid<PatchMember>> for Role {
    fn from(request: Valid<PatchMember>) -> Self {
        let PatchMember { role } = request.into_inner();
        role.required()
    }
}
