//! One operation of one request on its way through a database thread.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::caller_cache::CallerCache;
use super::connection::StoreConnection;
use super::error::{Error, Failure};
use super::reply_batch::ReplyBatch;

/// What is to become of the work that an operation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Commit it.
    Keep,
    /// Undo it: a rule refused.
    Refuse,
    /// Undo it: a query failed or the operation panicked.
    Discard,
    /// Undo it and run it again in a new transaction.
    Retry,
    /// Undo it, and don't use this connection again.
    Disconnected,
}

/// An operation whose types are hidden, so that a queue can hold those of all requests.
pub(crate) trait Job: Send {
    /// Runs it on a connection with an open transaction, and keeps the outcome to itself.
    /// What is known of the snapshot it may use and add to.
    fn run(&mut self, connection: &mut StoreConnection, callers: &mut CallerCache) -> Verdict;
    /// What it asks, if others that ask the same on the same snapshot may have its outcome.
    fn question(&self) -> Option<&str>;
    /// A copy of the outcome of the last run, for [`Job::adopt`].
    fn share(&self) -> Option<Box<dyn Any>>;
    /// Takes over what another job shared. `false` if it was of another kind.
    fn adopt(&mut self, outcome: &dyn Any) -> bool;
    /// Where to put it when it is done, if whoever waits has such a place. Gives it once.
    fn replies(&mut self) -> Option<Arc<ReplyBatch>>;
    /// Gives the outcome of the last run to whoever waits for it.
    fn answer(self: Box<Self>);
    /// Gives a failure of the store instead.
    fn fail(self: Box<Self>, error: Error);
}

/// Copies an outcome.
type Copy<T, E> = fn(&Result<T, E>) -> Result<T, E>;

struct Operation<F, T, E> {
    run: F,
    question: Option<String>,
    /// How an outcome is copied, where it may be shared.
    copy: Option<Copy<T, E>>,
    outcome: Option<Result<T, E>>,
    replies: Option<Arc<ReplyBatch>>,
    reply: oneshot::Sender<Result<T, E>>,
}

/// Packs an operation, and gives the other end on which its outcome will arrive.
pub(crate) fn pack<F, T, E>(operation: F) -> (Box<dyn Job>, oneshot::Receiver<Result<T, E>>)
where
    F: FnMut(&mut StoreConnection, &mut CallerCache) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: Failure + Send + 'static,
{
    let (reply, outcome) = oneshot::channel();
    let replies = ReplyBatch::own();
    (Box::new(Operation { run: operation, question: None, copy: None, outcome: None, replies, reply }), outcome)
}

/// The same for an operation that may have the outcome of another with the same question.
pub(crate) fn pack_question<F, T, E>(question: String, operation: F) -> (Box<dyn Job>, oneshot::Receiver<Result<T, E>>)
where
    F: FnMut(&mut StoreConnection, &mut CallerCache) -> Result<T, E> + Send + 'static,
    T: Clone + Send + 'static,
    E: Failure + Clone + Send + 'static,
{
    let (reply, outcome) = oneshot::channel();
    let (question, copy, replies) = (Some(question), Some(Result::clone as Copy<T, E>), ReplyBatch::own());
    (Box::new(Operation { run: operation, question, copy, outcome: None, replies, reply }), outcome)
}

impl<F, T, E> Job for Operation<F, T, E>
where
    F: FnMut(&mut StoreConnection, &mut CallerCache) -> Result<T, E> + Send,
    T: Send + 'static,
    E: Failure + Send + 'static,
{
    fn question(&self) -> Option<&str> {
        self.question.as_deref()
    }

    fn share(&self) -> Option<Box<dyn Any>> {
        let (copy, outcome) = (self.copy?, self.outcome.as_ref()?);
        Some(Box::new(copy(outcome)))
    }

    fn adopt(&mut self, outcome: &dyn Any) -> bool {
        let (Some(copy), Some(outcome)) = (self.copy, outcome.downcast_ref()) else { return false };
        self.outcome = Some(copy(outcome));
        true
    }

    fn run(&mut self, connection: &mut StoreConnection, callers: &mut CallerCache) -> Verdict {
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.run)(connection, callers)))
            .unwrap_or_else(|_| Err(E::from(Error::Panicked)));
        let verdict = match outcome.as_ref().map_err(Failure::store_error) {
            Ok(_) => Verdict::Keep,
            Err(Some(error)) if error.is_retryable() => Verdict::Retry,
            Err(Some(error)) if error.is_disconnect() => Verdict::Disconnected,
            Err(Some(_)) => Verdict::Discard,
            Err(None) => Verdict::Refuse,
        };
        self.outcome = Some(outcome);
        verdict
    }

    fn replies(&mut self) -> Option<Arc<ReplyBatch>> {
        self.replies.take()
    }

    fn answer(self: Box<Self>) {
        let outcome = self.outcome.unwrap_or_else(|| Err(E::from(Error::Closed)));
        // Nobody waits when the client has hung up; what was committed stays committed.
        let _ = self.reply.send(outcome);
    }

    fn fail(self: Box<Self>, error: Error) {
        let _ = self.reply.send(Err(E::from(error)));
    }
}
