//! Requests that create something, which are carried out together with others of their kind (S4).

use std::collections::HashSet;

use chrono::TimeDelta;
use domain::Timestamp;
use domain::id::AccountId;
use domain::limits::CHANGE_WAITS_SECONDS;
use persistence::{Known, Member, Outcomes, StoreConnection, Wanted};

use super::call::Identity;
use super::tx::Tools;
use crate::access::{Actor, Create};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::http::Answer;
use crate::http::idempotency::{self, Caller, IdempotentRequest, ToKeep};

/// An operation that creates one thing, and can be carried out together with others of its kind.
pub trait SetOperation: Send + Sized + 'static {
    /// What it claims that nobody else may have, as far as the request says. Two operations that claim the same are
    /// decided one after the other. `None` if there is nothing, or if `carry_out` decides on several of them in order.
    fn claims(&self) -> Option<&str>;

    /// Carries out several operations that claim different things. Each is answered as if it were alone: what it was
    /// answered, and the account that this is about. Those that are refused have written nothing. Fails as a whole if
    /// somebody else has claimed the same at the same moment, or the store fails.
    fn carry_out(
        tx: &mut StoreConnection,
        tools: &Tools,
        asked: &[Asked<'_, Self>],
    ) -> Result<Vec<Result<(Answer, AccountId)>>>;
}

/// An operation that somebody asks for.
pub struct Asked<'a, O> {
    /// The operation.
    pub operation: &'a O,
    /// Who asks.
    pub actor: &'a Actor,
    /// When it was asked for.
    pub now: Timestamp,
}

/// A request for an operation, with its idempotency key.
pub(super) struct InSet<O> {
    pub(super) identity: Identity,
    pub(super) tools: Tools,
    pub(super) clock: Clock,
    pub(super) now: Timestamp,
    pub(super) key: IdempotentRequest,
    pub(super) operation: O,
}

impl<O: SetOperation> Member for InSet<O> {
    type Answer = Answer;
    type Error = Error;

    fn wanted(&self) -> Wanted {
        self.identity.wanted(None)
    }

    fn carry_out(set: &mut [&mut Self], tx: &mut StoreConnection, known: &mut Known) -> Result<Outcomes<Self>> {
        let wanted: Vec<Wanted> = set.iter().map(|request| request.wanted()).collect();
        persistence::signed_in::load(tx, known, &wanted)?;
        let mut outcomes: Vec<Option<Result<Answer>>> = Vec::new();
        let mut actors = Vec::new();
        for request in set.iter() {
            let late = request.clock.now() - request.now > TimeDelta::seconds(CHANGE_WAITS_SECONDS);
            let actor = if late {
                Err(persistence::Error::Busy.into())
            } else {
                request.identity.actor::<Create>(tx, known, request.now)
            };
            let (actor, refused) = actor.map_or_else(|error| (None, Some(Err(error))), |actor| (Some(actor), None));
            actors.push(actor);
            outcomes.push(refused);
        }
        let mut waiting: Vec<usize> = (0..set.len()).filter(|place| outcomes[*place].is_none()).collect();
        while !waiting.is_empty() {
            let round: Vec<(usize, &Self, &Actor)> =
                waiting.iter().filter_map(|place| Some((*place, &*set[*place], actors[*place].as_ref()?))).collect();
            let round = without_rivals(&round);
            for (place, outcome) in carry_out_round(tx, &round)? {
                outcomes[place] = Some(outcome);
            }
            waiting.retain(|place| outcomes[*place].is_none());
        }
        let closed = || Err(persistence::Error::Closed.into());
        Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(closed)).collect())
    }
}

type Request<'a, O> = (usize, &'a InSet<O>, &'a Actor);

/// Those of some requests that don't depend on how an earlier one is answered: they have neither its idempotency key nor
/// claim what it does.
fn without_rivals<'a, O: SetOperation>(requests: &[Request<'a, O>]) -> Vec<Request<'a, O>> {
    let (mut keys, mut claims) = (HashSet::new(), HashSet::new());
    let alone = |(_, request, actor): &&Request<'a, O>| {
        let has_own_key = request.key.key().is_none_or(|key| keys.insert((actor.principal(), key)));
        let has_own_claim = request.operation.claims().is_none_or(|claim| claims.insert(claim));
        has_own_key && has_own_claim
    };
    requests.iter().filter(alone).copied().collect()
}

fn carry_out_round<O: SetOperation>(
    tx: &mut StoreConnection,
    round: &[Request<'_, O>],
) -> Result<Vec<(usize, Result<Answer>)>> {
    let Some((_, first, _)) = round.first() else { return Ok(Vec::new()) };
    let InSet { tools, now, .. } = first;
    let keyed: Vec<_> = round.iter().map(|(_, request, actor)| (&request.key, Caller::Actor(actor))).collect();
    let kept = idempotency::kept_all(tx, &keyed, *now)?;
    let (mut outcomes, mut fresh) = (Vec::new(), Vec::new());
    for ((place, request, actor), kept) in round.iter().zip(kept) {
        match kept {
            Some(kept) => outcomes.push((*place, kept)),
            None => fresh.push((*place, *request, *actor)),
        }
    }
    let asked: Vec<_> = fresh
        .iter()
        .map(|(_, request, actor)| Asked { operation: &request.operation, actor, now: request.now })
        .collect();
    let done = if asked.is_empty() { Vec::new() } else { O::carry_out(tx, tools, &asked)? };
    let to_keep: Vec<_> = fresh
        .iter()
        .zip(&done)
        .filter_map(|((_, request, actor), done)| {
            let (answer, account) = done.as_ref().ok()?;
            let caller = Caller::Actor(actor);
            Some(ToKeep { request: &request.key, caller, answer, account: Some(*account), now: request.now })
        })
        .collect();
    idempotency::keep_all(tx, &to_keep)?;
    let answered = fresh.iter().zip(done).map(|((place, ..), done)| (*place, done.map(|(answer, _)| answer)));
    outcomes.extend(answered);
    Ok(outcomes)
}
