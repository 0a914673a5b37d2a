//! Batches the replies of a database thread to a server thread. The server thread is woken once for all replies of a
//! group; waking it for each reply would cost a system call every time.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::job::Job;

thread_local! {
    static OWN: RefCell<Option<Arc<ReplyBatch>>> = const { RefCell::new(None) };
}

/// The finished jobs that one server thread has queued, waiting for that thread to deliver their outcomes.
pub(crate) struct ReplyBatch {
    /// `None` once the server thread has stopped taking them.
    answered: Mutex<Option<Vec<Box<dyn Job>>>>,
    bell: Notify,
}

impl ReplyBatch {
    /// The batch of the current thread, if it runs [`hand_over`].
    pub(crate) fn own() -> Option<Arc<Self>> {
        OWN.with_borrow(Option::clone)
    }

    /// Adds a finished job. Returns the job if the batch has been closed.
    fn put(&self, job: Box<dyn Job>) -> Result<(), Box<dyn Job>> {
        match self.answered.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(answered) => {
                answered.push(job);
                Ok(())
            }
            None => Err(job),
        }
    }

    fn take(&self) -> Vec<Box<dyn Job>> {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.as_mut().map(std::mem::take).unwrap_or_default()
    }
}

/// Delivers the replies of database threads to the requests of the current thread, until the future is dropped. Spawn
/// it once on each server thread. Requests of threads without it get their replies one by one.
pub async fn hand_over() {
    struct Closing(Arc<ReplyBatch>);
    impl Drop for Closing {
        fn drop(&mut self) {
            OWN.with_borrow_mut(|own| own.take_if(|own| Arc::ptr_eq(own, &self.0)));
            let left = self.0.answered.lock().unwrap_or_else(PoisonError::into_inner).take();
            left.into_iter().flatten().for_each(Job::answer);
        }
    }
    let replies = Arc::new(ReplyBatch { answered: Mutex::new(Some(Vec::new())), bell: Notify::new() });
    OWN.set(Some(Arc::clone(&replies)));
    let Closing(replies) = &Closing(replies);
    loop {
        replies.bell.notified().await;
        replies.take().into_iter().for_each(Job::answer);
    }
}

/// Sends the outcomes of a group of finished jobs to the requests that wait for them.
pub(crate) fn give(group: Vec<Box<dyn Job>>) {
    let mut batches: Vec<Arc<ReplyBatch>> = Vec::new();
    for mut job in group {
        let Some(replies) = job.replies() else {
            job.answer();
            continue;
        };
        match replies.put(job) {
            Err(job) => job.answer(),
            Ok(()) if batches.iter().any(|known| Arc::ptr_eq(known, &replies)) => {}
            Ok(()) => batches.push(replies),
        }
    }
    for replies in batches {
        replies.bell.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot::error::TryRecvError;

    use super::*;
    use crate::store::connection::StoreConnection;
    use crate::store::error::Error;
    use crate::store::job::pack;

    #[test]
    fn s4_answers_to_a_thread_that_serves_wait_in_its_tray_and_those_to_others_do_not() {
        let read = || pack(None, |_: &mut StoreConnection, _| Ok::<_, Error>(()));
        let (elsewhere, mut answer_elsewhere) = read();
        let replies = Arc::new(ReplyBatch { answered: Mutex::new(Some(Vec::new())), bell: Notify::new() });
        OWN.set(Some(Arc::clone(&replies)));
        let (first, mut first_answer) = read();
        let (second, mut second_answer) = read();
        give(vec![first, elsewhere, second]);
        assert!(answer_elsewhere.try_recv().is_ok());
        assert_eq!(first_answer.try_recv().err(), Some(TryRecvError::Empty));
        let both = replies.take();
        assert_eq!(both.len(), 2);
        both.into_iter().for_each(Job::answer);
        assert!(first_answer.try_recv().is_ok() && second_answer.try_recv().is_ok());
    }
}
