//! What a connection and the request that is carried out on it know of each other.

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

/// Maximum number of answers that wait to be sent before the next request of the same connection is carried out.
const UNSENT_MAX: u32 = 16;
/// Octets that are read at once of a body whose length is not known.
const UNKNOWN_AT_ONCE: usize = 512;

/// The length of a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyLength {
    /// There is none.
    None,
    /// This number of octets.
    Known(u64),
    /// It comes in chunks.
    Unknown,
}

/// How far a body was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Progress {
    /// There is none, or it was read to its end.
    #[default]
    Complete,
    /// The handler reads it.
    Reading,
    /// The handler does not read the rest of it.
    Dropped,
}

/// The state of a connection, shared by its socket and by the outermost middleware.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// Number of requests that have begun.
    pub(super) begun: Cell<u64>,
    /// Whether a request is being carried out.
    pub(super) is_running: Cell<bool>,
    /// How far the body of the request that is being carried out was read.
    body: Cell<Progress>,
    /// Octets of the body that were not read yet; `None` if its length is not known.
    body_left: Cell<Option<u64>>,
    /// Whether what follows belongs to a body that was answered before it had arrived.
    is_draining: Cell<bool>,
    /// Number of answers since everything was sent.
    unsent: Cell<u32>,
    /// Whether a request waits until answers were sent.
    is_waiting: Cell<bool>,
}

impl Traffic {
    /// Whether octets from the socket are of use now. Later requests stay in the socket until the current one is
    /// answered.
    pub(super) fn wants_octets(&self) -> bool {
        !self.is_running.get() || (self.body.get() == Progress::Reading && self.body_left.get() != Some(0))
    }

    /// How many octets of the body to read at once, at most `most`.
    pub(super) fn body_part(&self, most: usize) -> usize {
        match self.body_left.get() {
            Some(left) => usize::try_from(left).unwrap_or(most).min(most),
            // Further requests may follow within these octets.
            None => UNKNOWN_AT_ONCE,
        }
    }

    /// Notes octets of the body. After the last one, nothing more of it follows that had to be discarded.
    pub(super) fn read_body(&self, count: usize) {
        let left = self.body_left.get().map(|left| left.saturating_sub(count as u64));
        self.body_left.set(left);
        if left == Some(0) {
            self.is_draining.set(false);
        }
    }

    /// Notes that everything was sent. Returns whether a request waited for this.
    pub(super) fn sent(&self) -> bool {
        self.unsent.set(0);
        self.is_waiting.take()
    }

    /// Whether what follows belongs to a body that was answered before it had arrived. Actix discards it.
    pub(super) fn is_draining(&self) -> bool {
        self.is_draining.get()
    }

    /// Notes that the whole body of the current request was read.
    pub(crate) fn body_is_complete(&self) {
        self.body.set(Progress::Complete);
    }

    /// Notes that the rest of the body of the current request will not be read.
    pub(crate) fn body_is_dropped(&self) {
        if self.body.get() == Progress::Reading {
            self.body.set(Progress::Dropped);
        }
    }
}

/// A request that is being carried out. It ends when this is dropped.
pub(crate) struct Turn(Rc<Traffic>);

impl Turn {
    /// Begins a request, once few enough answers of its connection wait to be sent.
    pub(crate) async fn begin(traffic: &Rc<Traffic>, body: BodyLength) -> Self {
        traffic.begun.set(traffic.begun.get().wrapping_add(1));
        traffic.is_running.set(true);
        let has_body = body != BodyLength::None;
        traffic.body.set(if has_body { Progress::Reading } else { Progress::Complete });
        traffic.is_draining.set(false);
        traffic.body_left.set(if let BodyLength::Known(length) = body { Some(length) } else { None });
        let turn = Self(Rc::clone(traffic));
        poll_fn(|_| {
            // The connection wakes this task, which is its own, once everything was sent.
            let waits = traffic.unsent.get() >= UNSENT_MAX;
            traffic.is_waiting.set(waits);
            if waits { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.is_running.set(false);
        let is_complete = self.0.body.get() == Progress::Complete || self.0.body_left.get() == Some(0);
        self.0.is_draining.set(!is_complete);
        self.0.unsent.set(self.0.unsent.get() + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_that_nobody_wants_is_discarded_to_its_end_and_no_further() {
        let traffic = Rc::new(Traffic::default());
        let turn = Turn::begin(&traffic, BodyLength::Known(100)).await;
        traffic.body_is_dropped();
        drop(turn);
        assert!(traffic.is_draining());
        assert_eq!(traffic.body_part(1_000), 100);
        traffic.read_body(60);
        assert!(traffic.is_draining());
        assert_eq!(traffic.body_part(1_000), 40);
        // Otherwise the connection would ask again and again for a body of which nothing is left.
        traffic.read_body(40);
        assert!(!traffic.is_draining());
        assert!(traffic.wants_octets(), "the next head");
    }

    #[tokio::test]
    async fn a_body_without_a_known_length_is_discarded_until_the_next_request() {
        let traffic = Rc::new(Traffic::default());
        let turn = Turn::begin(&traffic, BodyLength::Unknown).await;
        traffic.body_is_dropped();
        drop(turn);
        traffic.read_body(10_000);
        assert!(traffic.is_draining());
        let _turn = Turn::begin(&traffic, BodyLength::None).await;
        assert!(!traffic.is_draining());
    }
}
