//! The threads of the store, and the queues from which they take operations.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use super::error::Error;
use super::health::Health;
use super::job::Job;

/// How long the threads have to carry out what is queued when the store is closed. A server that is frozen never
/// answers.
const STOP_TIME: Duration = Duration::from_secs(40);
const STOP_POLL: Duration = Duration::from_millis(2);

/// The queues, at the ends from which operations are taken.
pub(crate) struct Queues {
    pub(crate) reads: Receiver<Box<dyn Job>>,
    pub(crate) lists: Receiver<Box<dyn Job>>,
    pub(crate) long_reads: Receiver<Box<dyn Job>>,
    pub(crate) writes: Receiver<Box<dyn Job>>,
}

/// Starts a thread.
pub(crate) fn spawn(
    name: &str,
    health: &Arc<Health>,
    work: impl FnOnce(&Health) + Send + 'static,
) -> Result<JoinHandle<()>, Error> {
    let health = Arc::clone(health);
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || work(&health))
        .map_err(|error| Error::Unavailable(format!("no thread could be started: {error}")))
}

/// Waits until the threads have ended, whose queues are closed.
pub(crate) fn stop(threads: Vec<JoinHandle<()>>) {
    let until = Instant::now() + STOP_TIME;
    for thread in threads {
        while !thread.is_finished() && Instant::now() < until {
            std::thread::sleep(STOP_POLL);
        }
        if !thread.is_finished() {
            tracing::error!("a database thread still waits for the database, and is left behind");
        } else if thread.join().is_err() {
            tracing::error!("a database thread panicked");
        }
    }
}
