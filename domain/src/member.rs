//! Members: the people who sign in to an account (R9).

use crate::Timestamp;
use crate::authority::Role;
use crate::delivery::Delivery;
use crate::id::MemberId;
use crate::refusal::Refusal;
use crate::values::email::EmailAddress;

/// A member, as shown to the owners of its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// Its e-mail address, as it was entered.
    pub email: EmailAddress,
    /// Its display name, if it has given one.
    pub name: Option<String>,
    /// Its role.
    pub role: Role,
    /// When it accepted the invitation and chose a password; `None` until then. It can't sign in before.
    pub joined_at: Option<Timestamp>,
    /// When it enabled its second factor; `None` if it has none.
    pub second_factor_since: Option<Timestamp>,
    /// Its pending invitation; `None` once it has joined.
    pub invitation: Option<Invitation>,
    /// Increases by one with every change.
    pub version: i64,
    /// When it was invited.
    pub created_at: Timestamp,
}

/// A pending invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// When the mail server accepted the e-mail.
    pub sent_at: Option<Timestamp>,
    /// When its link expires.
    pub expires_at: Timestamp,
    /// The delivery status of the e-mail.
    pub delivery: Delivery,
}

impl Member {
    /// Whether it is an owner who has joined. An owner whose invitation is pending can't manage the account yet.
    #[must_use]
    pub fn manages(&self) -> bool {
        self.role == Role::Owner && self.joined_at.is_some()
    }

    /// Checks that the member may be removed or lose its role, given the number of owners who have joined: the account
    /// must keep at least one.
    pub fn check_may_leave(&self, owners: usize) -> Result<(), Refusal> {
        if self.manages() && owners <= 1 { Err(Refusal::LastOwner) } else { Ok(()) }
    }

    /// Checks that the member can be invited again: only if it has not joined.
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
            email: EmailAddress::from_stored("ann@contoso.example".to_owned()),
            name: None,
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
