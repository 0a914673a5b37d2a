//! Members: the people who sign in to an account (R9).

use crate::Timestamp;
use crate::authority::Role;
use crate::delivery::Delivery;
use crate::id::MemberId;
use crate::refusal::Refusal;

/// A member as the owners of its account see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// Its address in the given spelling.
    pub email: String,
    /// What it may do.
    pub role: Role,
    /// When it chose its password; it can't sign in before.
    pub joined_at: Option<Timestamp>,
    /// Since when it has a second factor.
    pub second_factor_since: Option<Timestamp>,
    /// Its invitation, until it joins.
    pub invitation: Option<Invitation>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was invited.
    pub created_at: Timestamp,
}

/// An invitation that was not taken up yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// When the mail server took it.
    pub sent_at: Option<Timestamp>,
    /// Until when its link works.
    pub expires_at: Timestamp,
    /// How far it has come.
    pub delivery: Delivery,
}

impl Member {
    /// Whether it manages the account now: an owner who was only invited can't.
    #[must_use]
    pub fn manages(&self) -> bool {
        self.role == Role::Owner && self.joined_at.is_some()
    }

    /// Whether it may cease to be an owner, when so many owners have joined.
    pub fn check_may_leave(&self, owners: usize) -> Result<(), Refusal> {
        if self.manages() && owners <= 1 { Err(Refusal::LastOwner) } else { Ok(()) }
    }

    /// Whether it can be invited again.
    pub fn check_invitable(&self) -> Result<(), Refusal> {
        if self.joined_at.is_some() { Err(Refusal::AlreadyJoined) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r9_the_last_owner_stays() {
        let member = |role, joined: bool| Member {
            id: MemberId::from_uuid(uuid::Uuid::nil()),
            email: "ann@contoso.example".to_owned(),
            role,
            joined_at: joined.then(Timestamp::default),
            second_factor_since: None,
            invitation: None,
            version: 1,
            created_at: Timestamp::default(),
        };
        for (role, joined, owners, may) in [
            (Role::Owner, true, 1, false),
            (Role::Owner, true, 2, true),
            (Role::Owner, false, 1, true),
            (Role::Viewer, true, 1, true),
            (Role::Provisioner, true, 1, true),
        ] {
            assert_eq!(member(role, joined).check_may_leave(owners).is_ok(), may, "{role:?} {joined} {owners}");
        }
        assert!(member(Role::Owner, true).check_invitable().is_err());
        assert!(member(Role::Owner, false).check_invitable().is_ok());
    }
}
