//! Jobs: operations in the form in which they are queued for a database thread.

use std::any::{Any, TypeId};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::connection::StoreConnection;
use super::error::{Error, Failure};
use super::known::{Known, Wanted};
use super::reply_batch::ReplyBatch;

/// What to do with the changes of an operation after it has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Commit them.
    Keep,
    /// Roll them back: a rule refused the request.
    Refuse,
    /// Roll them back: a query failed or the operation panicked.
    Discard,
    /// Roll them back and run the operation again in a new transaction.
    Retry,
    /// Roll them back, and don't use this connection again.
    Disconnected,
}

/// An operation with its types erased, so that one queue can contain the operations of all requests.
pub(crate) trait Job: Send {
    /// Runs the operation on a connection with an open transaction and stores the outcome. The operation may use
    /// `known` and add to it.
    fn run(&mut self, connection: &mut StoreConnection, known: &mut Known) -> Verdict;
    /// The kind of set in which it can be carried out together with others; `None` if it can't.
    fn set(&self) -> Option<TypeId> {
        None
    }
    /// Carries out the set of this job and of others of the same kind. If the verdict says that the changes have to be
    /// rolled back, each job of the set has to run alone.
    fn run_set(&mut self, _: &mut [Box<dyn Job>], connection: &mut StoreConnection, known: &mut Known) -> Verdict {
        self.run(connection, known)
    }
    /// The job itself, to be recognised by others of its set.
    fn as_any(&mut self) -> &mut dyn Any;
    /// What the operation is going to read, as far as that is known.
    fn wanted(&self) -> Option<Wanted>;
    /// The key under which the outcome may be shared with other jobs on the same snapshot; `None` if it may not be
    /// shared.
    fn question(&self) -> Option<&str> {
        None
    }
    /// A copy of the outcome of the last run, to be passed to [`Job::adopt`]. `None` if the job can't be shared or has
    /// not run.
    fn share(&self) -> Option<Box<dyn Any>> {
        None
    }
    /// Uses the outcome shared by another job instead of running. Returns `false` if the outcome has a different type.
    fn adopt(&mut self, _outcome: &dyn Any) -> bool {
        false
    }
    /// The failure of the store in the last run, if it had one.
    fn failure(&self) -> Option<&Error>;
    /// Takes the reply batch of the thread that queued the job, if that thread has one. Later calls return `None`.
    fn replies(&mut self) -> Option<Arc<ReplyBatch>>;
    /// Sends the outcome of the last run to the waiting request.
    fn answer(self: Box<Self>);
    /// Sends a failure of the store to the waiting request instead of the outcome.
    fn fail(self: Box<Self>, error: Error);
}

/// What to do with the changes of an operation with this outcome.
pub(crate) fn verdict_on<T, E: Failure>(outcome: &Result<T, E>) -> Verdict {
    match outcome.as_ref().map_err(Failure::store_error) {
        Ok(_) => Verdict::Keep,
        Err(Some(error)) if error.is_retryable() => Verdict::Retry,
        Err(Some(error)) if error.is_disconnect() => Verdict::Disconnected,
        Err(Some(_)) => Verdict::Discard,
        Err(None) => Verdict::Refuse,
    }
}

/// A function that clones an outcome.
type Copy<T, E> = fn(&Result<T, E>) -> Result<T, E>;

struct Operation<F, T, E> {
    run: F,
    wanted: Option<Wanted>,
    question: Option<String>,
    /// Clones the outcome; `None` if it may not be shared.
    copy: Option<Copy<T, E>>,
    outcome: Option<Result<T, E>>,
    replies: Option<Arc<ReplyBatch>>,
    reply: oneshot::Sender<Result<T, E>>,
}

/// Makes a job of an operation, and the receiver on which its outcome will arrive.
pub(crate) fn pack<F, T, E>(wanted: Option<Wanted>, operation: F) -> (Box<dyn Job>, oneshot::Receiver<Result<T, E>>)
where
    F: FnMut(&mut StoreConnection, &mut Known) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: Failure + Send + 'static,
{
    let (reply, outcome) = oneshot::channel();
    let replies = ReplyBatch::own();
    (Box::new(Operation { run: operation, wanted, question: None, copy: None, outcome: None, replies, reply }), outcome)
}

/// Like [`pack`], for an operation that may share its outcome with other jobs that have the same question.
pub(crate) fn pack_question<F, T, E>(
    wanted: Wanted,
    question: String,
    operation: F,
) -> (Box<dyn Job>, oneshot::Receiver<Result<T, E>>)
where
    F: FnMut(&mut StoreConnection, &mut Known) -> Result<T, E> + Send + 'static,
    T: Clone + Send + 'static,
    E: Failure + Clone + Send + 'static,
{
    let (reply, outcome) = oneshot::channel();
    let (question, copy, replies) = (Some(question), Some(Result::clone as Copy<T, E>), ReplyBatch::own());
    (
        Box::new(Operation { run: operation, wanted: Some(wanted), question, copy, outcome: None, replies, reply }),
        outcome,
    )
}

impl<F, T, E> Job for Operation<F, T, E>
where
    F: FnMut(&mut StoreConnection, &mut Known) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: Failure + Send + 'static,
{
    fn as_any(&mut self) -> &mut dyn Any {
        self
    }

    fn wanted(&self) -> Option<Wanted> {
        self.wanted
    }

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

    fn run(&mut self, connection: &mut StoreConnection, known: &mut Known) -> Verdict {
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.run)(connection, known)))
            .unwrap_or_else(|_| Err(E::from(Error::Panicked)));
        let verdict = verdict_on(&outcome);
        self.outcome = Some(outcome);
        verdict
    }

    fn failure(&self) -> Option<&Error> {
        self.outcome.as_ref()?.as_ref().err()?.store_error()
    }

    fn replies(&mut self) -> Option<Arc<ReplyBatch>> {
        self.replies.take()
    }

    fn answer(self: Box<Self>) {
        let outcome = self.outcome.unwrap_or_else(|| Err(E::from(Error::Closed)));
        // Sending fails if the client has disconnected. What was committed stays committed.
        let _ = self.reply.send(outcome);
    }

    fn fail(self: Box<Self>, error: Error) {
        let _ = self.reply.send(Err(E::from(error)));
    }
}
