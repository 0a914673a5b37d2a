//! The anchor user of a route. Microsoft activates a domain once the tenant has a licensed user whose sign-in name is in
//! it.

use uuid::Uuid;

use super::{Next, Party};
use crate::next_step::NextStep;
use crate::values::route_domain::RouteDomain;

/// The local part of the sign-in name.
const NAME: &str = "teammate";

/// An anchor user that the service found or made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// Its object id in the directory of the tenant.
    pub id: Uuid,
    /// The product (SKU) of the licence that the service gives it, or gave it and has not taken back. It is stored before
    /// the licence is given.
    pub licence: Option<Uuid>,
    /// How far it has got.
    pub state: AnchorState,
}

/// How far an anchor user has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnchorState {
    /// It is in the directory, without a licence.
    Created,
    /// It has a licence, and Teams has to take notice of it.
    Licensed,
    /// Teams knows it: the domain is activated.
    Known,
}

impl Anchor {
    /// Whether it has a licence that the service gave it.
    #[must_use]
    pub fn holds_licence(self) -> bool {
        self.licence.is_some() && self.state != AnchorState::Created
    }

    /// The next step of an anchor user that is needed, and who has to do it; `None` once Teams knows the user.
    #[must_use]
    pub fn next(anchor: Option<Self>) -> Option<Next> {
        match anchor.map(|anchor| anchor.state) {
            None | Some(AnchorState::Created) => Some(Next { step: NextStep::ProvideLicence, by: Party::Enterprise }),
            Some(AnchorState::Licensed) => Some(Next { step: NextStep::Wait, by: Party::Microsoft }),
            Some(AnchorState::Known) => None,
        }
    }
}

impl AnchorState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Created, Self::Licensed, Self::Known];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Licensed => "licensed",
            Self::Known => "known",
        }
    }

    /// The state with this name; `None` if there is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// The sign-in name of the anchor user of a domain.
#[must_use]
pub fn anchor_name(domain: &RouteDomain) -> String {
    format!("{NAME}@{}", domain.as_str())
}

/// The mail alias of the anchor user of a domain.
#[must_use]
pub fn anchor_nickname(domain: &RouteDomain) -> String {
    format!("{NAME}-{}", domain.as_str().replace('.', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r11_a_state_has_one_name() {
        for state in AnchorState::ALL {
            assert_eq!(AnchorState::parse(state.as_str()), Some(state));
        }
        assert_eq!(AnchorState::ALL.map(AnchorState::as_str), ["created", "licensed", "known"]);
        assert_eq!(AnchorState::parse("gone"), None);
    }

    #[test]
    fn r11_an_anchor_user_says_what_comes_next() {
        let (id, licence) = (Uuid::nil(), Some(Uuid::nil()));
        let next = |anchor| Anchor::next(anchor).map(|next| next.step);
        assert_eq!(next(None), Some(NextStep::ProvideLicence));
        for (state, step, holds) in [
            (AnchorState::Created, Some(NextStep::ProvideLicence), false),
            (AnchorState::Licensed, Some(NextStep::Wait), true),
            (AnchorState::Known, None, true),
        ] {
            let anchor = Anchor { id, licence, state };
            assert_eq!((next(Some(anchor)), anchor.holds_licence()), (step, holds));
            assert!(!Anchor { licence: None, ..anchor }.holds_licence());
        }
    }
}
