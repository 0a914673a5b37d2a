//! Who calls and what for. A handler's signature says which kind of authority it asks for: `caller: Caller<Change>`.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::Timestamp;
use domain::account::{Account, Scope, Tier};
use domain::api_client::Terms;
use domain::authority::{self, Action, Role, Target};
use domain::id::AccountId;
use domain::principal::Principal;
use domain::refusal::Refusal;
use persistence::accounts::{self, Hold};
use persistence::signed_in::{Known, SignedIn};
use persistence::{StoreConnection, events};

use super::context::{Context, Origin};
use super::error::Error;
use crate::security::access_token::Claims;

/// A kind of authority.
pub trait Permission: 'static {
    /// What it allows to ask for.
    const ACTION: Action;
    /// Whether a member without a second factor is refused where the account asks for one.
    const NEEDS_SECOND_FACTOR: bool = true;
}

/// The authority to see.
#[derive(Debug)]
pub struct Read;
/// The authority to make something new.
#[derive(Debug)]
pub struct Create;
/// The authority to change what is there.
#[derive(Debug)]
pub struct Change;
/// The authority to see oneself, without a second factor as well.
#[derive(Debug)]
pub struct ReadMyself;
/// The authority to change how oneself signs in, without a second factor as well: that is how one gets one.
#[derive(Debug)]
pub struct ChangeMyself;

impl Permission for Read {
    const ACTION: Action = Action::Read;
}
impl Permission for Create {
    const ACTION: Action = Action::Create;
}
impl Permission for Change {
    const ACTION: Action = Action::Change;
}
impl Permission for ReadMyself {
    const ACTION: Action = Action::Read;
    const NEEDS_SECOND_FACTOR: bool = false;
}
impl Permission for ChangeMyself {
    const ACTION: Action = Action::Change;
    const NEEDS_SECOND_FACTOR: bool = false;
}

/// A request with a good access token. Whether its session still lasts, and what its member or client may do, is told by
/// [`Caller::actor`] as the request's own transaction sees it.
#[derive(Debug)]
pub struct Caller<P> {
    claims: Claims,
    request_id: Arc<str>,
    address: IpAddr,
    permission: PhantomData<fn() -> P>,
}

impl<P: Permission> Caller<P> {
    /// Who this is at this moment. Refuses sessions that are over, accounts that don't operate (R7), and members without a second
    /// factor of accounts that ask for one.
    pub fn actor(&self, tx: &mut StoreConnection, known: &mut Known, now: Timestamp) -> Result<Actor, Error> {
        let Claims { principal, session, .. } = self.claims;
        let signed_in = known.signed_in(tx, principal, session, now)?.ok_or(Refusal::NotSignedIn)?;
        if !signed_in.may_call_from(self.address) {
            return Err(Refusal::AddressNotAllowed.into());
        }
        if !signed_in.operates {
            return Err(Refusal::NotOperating.into());
        }
        if signed_in.lacks_second_factor && P::NEEDS_SECOND_FACTOR {
            return Err(Refusal::SecondFactorMissing.into());
        }
        let origin = Origin {
            actor: events::Actor::Principal(signed_in.principal, signed_in.tier),
            request_id: Arc::clone(&self.request_id),
            address: Some(self.address),
        };
        Ok(Actor { signed_in, action: P::ACTION, origin })
    }

    /// The same caller once more, for a request that is carried out in several transactions.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            claims: self.claims,
            request_id: Arc::clone(&self.request_id),
            address: self.address,
            permission: PhantomData,
        }
    }

    /// What it asks, with all of itself that [`Caller::actor`] judges by: only who has the same may have the same answer.
    #[must_use]
    pub fn question(&self, asked: &str) -> String {
        format!("{} {} {asked}", self.claims.session.uuid(), self.address)
    }

    /// The claims of its token.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }
}

impl<P: Permission> FromRequest for Caller<P> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        let Some(context) = extensions.get::<Context>() else { return ready(Err(Refusal::NotSignedIn.into())) };
        ready(context.claims.clone().map_err(Error::from).map(|claims| Self {
            claims,
            request_id: Arc::clone(&context.request_id),
            address: context.address,
            permission: PhantomData,
        }))
    }
}

/// A member or API client at work in one transaction.
#[derive(Debug, Clone)]
pub struct Actor {
    signed_in: SignedIn,
    action: Action,
    origin: Origin,
}

impl Actor {
    /// Who it is.
    #[must_use]
    pub fn principal(&self) -> Principal {
        self.signed_in.principal
    }

    /// What cursors and idempotency keys are bound to.
    #[must_use]
    pub fn name(&self) -> String {
        self.signed_in.principal.to_string()
    }

    /// What it may do in its account.
    #[must_use]
    pub fn role(&self) -> Role {
        self.signed_in.role
    }

    /// Within what limits it acts, if it is an API client.
    #[must_use]
    pub fn terms(&self) -> Option<&Terms> {
        self.signed_in.terms.as_ref()
    }

    /// The account that it signed in to.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.signed_in.account
    }

    /// The same as it stands in the tree now. A change holds it, so that no other one decides on it at the same time.
    pub fn own_account(&self, tx: &mut StoreConnection) -> Result<Account, Error> {
        if self.action != Action::Read {
            accounts::lock(tx, self.signed_in.account, Hold::Alone)?;
        }
        Ok(accounts::by_id(tx, &self.scope(), self.signed_in.tier, self.signed_in.account)?
            .ok_or(Refusal::NotSignedIn)?)
    }

    /// What it asks to do, as the handler's signature says.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// The same, asking to change what is there.
    #[must_use]
    pub fn changing(&self) -> Self {
        Self { action: Action::Change, ..self.clone() }
    }

    /// The tier of the account that it signed in to.
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.signed_in.tier
    }

    /// What it and its request are called in events.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The accounts that it sees (R8).
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope::of(self.signed_in.tier, self.signed_in.account)
    }

    /// Whether it may do what the handler's signature says, to something that is not one account.
    pub fn may(&self, target: Target) -> Result<(), Error> {
        Ok(authority::decide(
            self.signed_in.principal.kind(),
            self.signed_in.tier,
            self.signed_in.role,
            self.action,
            target,
        )?)
    }

    /// The account with this id: not found when it lies outside the subtree, refused when it is seen but not this
    /// member's to act on.
    pub fn reach(&self, tx: &mut StoreConnection, tier: Tier, id: &str) -> Result<Account, Error> {
        let id = tier.parse_id(id).ok_or(Refusal::NotFound)?;
        let target = if id == self.signed_in.account { Target::OwnAccount } else { Target::AccountBelow };
        self.reach_id(tx, tier, id, target)
    }

    /// The enterprise with this id, to see or change what it has.
    pub fn reach_telephony(&self, tx: &mut StoreConnection, id: &str) -> Result<Account, Error> {
        self.reach_for(tx, Tier::Enterprise, id, Target::Telephony)
    }

    /// The enterprise to which something that was asked for by its own id belongs.
    pub fn reach_owner(&self, tx: &mut StoreConnection, owner: Option<AccountId>) -> Result<Account, Error> {
        self.reach_id(tx, Tier::Enterprise, owner.ok_or(Refusal::NotFound)?, Target::Telephony)
    }

    /// Whether it may read how an enterprise's PBXs, trunks and users speak SIP: the enterprise itself only where that is
    /// switched on (R10).
    #[must_use]
    pub fn sees_sip_data(&self, enterprise: &Account) -> bool {
        let switched_on = || enterprise.enterprise.as_ref().is_some_and(|own| own.switches.access_sip_data);
        self.tier() != Tier::Enterprise || switched_on()
    }

    /// The account with this id, for what the target says.
    pub fn reach_for(&self, tx: &mut StoreConnection, tier: Tier, id: &str, target: Target) -> Result<Account, Error> {
        self.reach_id(tx, tier, tier.parse_id(id).ok_or(Refusal::NotFound)?, target)
    }

    fn reach_id(&self, tx: &mut StoreConnection, tier: Tier, id: AccountId, target: Target) -> Result<Account, Error> {
        let account = accounts::by_id(tx, &self.scope(), tier, id)?.ok_or(Refusal::NotFound)?;
        self.may(target)?;
        // Only who may change it can hold it up for others.
        if self.action != Action::Read && accounts::lock(tx, id, Hold::Alone)? {
            return Ok(accounts::by_id(tx, &self.scope(), tier, id)?.ok_or(Refusal::NotFound)?);
        }
        Ok(account)
    }
}
