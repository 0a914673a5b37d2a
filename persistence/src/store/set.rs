//! Operations that are carried out together with others of their kind (S4): what they need is looked up once for all of
//! them, and what they create is written with one statement for each table.

use std::any::{Any, TypeId};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::connection::StoreConnection;
use super::error::{Error, Failure};
use super::job::{Job, Verdict, verdict_on};
use super::known::{Known, Wanted};
use super::reply_batch::ReplyBatch;

/// What a member of a set is answered.
pub type Outcomes<M> = Vec<Result<<M as Member>::Answer, <M as Member>::Error>>;

/// One operation of a set.
pub trait Member: Send + Sized + 'static {
    /// What it answers.
    type Answer: Send;
    /// Why it was refused, or failed.
    type Error: Failure + Send;

    /// Who asks.
    fn wanted(&self) -> Wanted;

    /// Carries out a set, in one transaction, and returns an outcome for each member, in order. A member that is refused
    /// must have written nothing. Fails as a whole if something was written that has to be rolled back; each member is
    /// then carried out as a set of one.
    fn carry_out(
        set: &mut [&mut Self],
        tx: &mut StoreConnection,
        known: &mut Known,
    ) -> Result<Outcomes<Self>, Self::Error>;
}

struct MemberJob<M: Member> {
    member: M,
    outcome: Option<Result<M::Answer, M::Error>>,
    replies: Option<Arc<ReplyBatch>>,
    reply: oneshot::Sender<Result<M::Answer, M::Error>>,
}

type Reply<M> = oneshot::Receiver<Result<<M as Member>::Answer, <M as Member>::Error>>;

/// Makes a job of a member of a set, and the receiver on which its outcome will arrive.
pub(crate) fn pack_member<M: Member>(member: M) -> (Box<dyn Job>, Reply<M>) {
    let (reply, outcome) = oneshot::channel();
    (Box::new(MemberJob { member, outcome: None, replies: ReplyBatch::own(), reply }), outcome)
}

impl<M: Member> Job for MemberJob<M> {
    fn run(&mut self, connection: &mut StoreConnection, known: &mut Known) -> Verdict {
        self.run_set(&mut [], connection, known)
    }

    fn set(&self) -> Option<TypeId> {
        Some(TypeId::of::<M>())
    }

    fn run_set(&mut self, others: &mut [Box<dyn Job>], connection: &mut StoreConnection, known: &mut Known) -> Verdict {
        let others = others.iter_mut().filter_map(|job| job.as_any().downcast_mut::<Self>());
        let (mut set, mut outcomes): (Vec<&mut M>, Vec<&mut Option<_>>) =
            std::iter::once(self).chain(others).map(|job| (&mut job.member, &mut job.outcome)).unzip();
        let carried = catch_unwind(AssertUnwindSafe(|| M::carry_out(&mut set, connection, known)));
        match carried.unwrap_or_else(|_| Err(M::Error::from(Error::Panicked))) {
            Ok(given) => {
                // If one member met a failure of the store, nothing of the set is committed.
                let has_failed = |outcome: &&Result<M::Answer, M::Error>| {
                    let error = outcome.as_ref().err().and_then(Failure::store_error);
                    error.is_some_and(|error| !matches!(error, Error::Busy))
                };
                let verdict = given.iter().find(has_failed).map(verdict_on);
                outcomes.iter_mut().zip(given).for_each(|(outcome, given)| **outcome = Some(given));
                verdict.unwrap_or(Verdict::Keep)
            }
            Err(error) => {
                let failed = Err(error);
                let verdict = verdict_on(&failed);
                *outcomes[0] = Some(failed);
                verdict
            }
        }
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }

    fn wanted(&self) -> Option<Wanted> {
        Some(self.member.wanted())
    }

    fn failure(&self) -> Option<&Error> {
        self.outcome.as_ref()?.as_ref().err()?.store_error()
    }

    fn replies(&mut self) -> Option<Arc<ReplyBatch>> {
        self.replies.take()
    }

    fn answer(self: Box<Self>) {
        let outcome = self.outcome.unwrap_or_else(|| Err(M::Error::from(Error::Closed)));
        // Sending fails if the client has disconnected. What was committed stays committed.
        let _ = self.reply.send(outcome);
    }

    fn fail(self: Box<Self>, error: Error) {
        let _ = self.reply.send(Err(M::Error::from(error)));
    }
}
