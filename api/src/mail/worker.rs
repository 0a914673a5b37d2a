//! The worker that sends the messages in the outbox. Any number of replicas may run it (S5).

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use domain::delivery::pause_after;
use futures_util::{StreamExt, stream};
use persistence::outbox::Message;
use persistence::{Database, outbox};
use tokio::sync::Notify;

use super::outbox::Outbox;
use super::transport::Mailer;
use crate::clock::Clock;
use crate::error::{Error, Result};

/// Messages that are leased together. All of them can time out before the lease ends.
const BATCH: i64 = 15;
/// Messages that are sent concurrently.
const AT_ONCE: usize = 5;
/// Time limit for sending one message.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The pause between two batches. Mail servers refuse clients that send faster, and requests have priority.
const PAUSE: Duration = Duration::from_millis(100);
/// How often the outbox is polled when nothing wakes the worker.
const LOOK: Duration = Duration::from_secs(5);

/// The worker and what it needs.
#[derive(Clone)]
pub struct MailWorker {
    /// The store.
    pub database: Database,
    /// The clock.
    pub clock: Clock,
    /// Opens the letters in the outbox.
    pub outbox: Arc<Outbox>,
    /// Sends them.
    pub mailer: Arc<Mailer>,
    /// Wakes the worker when a letter was queued.
    pub ready: Arc<Notify>,
}

impl MailWorker {
    /// Sends all due messages, and again whenever more are due, until the task is aborted.
    pub async fn run(self) {
        loop {
            match self.deliver_due().await {
                Ok(0) => {}
                Ok(_) => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Err(error) => tracing::warn!(%error, "the outbox could not be read"),
            }
            let _ = tokio::time::timeout(LOOK, self.ready.notified()).await;
        }
    }

    /// Sends one batch of due messages. Returns how many it leased.
    pub async fn deliver_due(&self) -> Result<usize> {
        let now = self.clock.now();
        let batch: Vec<Message> =
            self.database.write(move |tx| outbox::lease(tx, BATCH, now).map_err(Error::from)).await?;
        let taken = batch.len();
        if taken == 0 {
            return Ok(0);
        }
        let outcomes: Vec<_> = stream::iter(batch)
            .map(async |message| {
                let outcome = self.hand_over(&message).await;
                (message, outcome)
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let now = self.clock.now();
        self.database
            .write(move |tx| {
                for (message, outcome) in &outcomes {
                    match outcome {
                        Ok(()) => outbox::sent(tx, message.id, now)?,
                        Err(error) => {
                            let attempts = message.attempts + 1;
                            outbox::failed(tx, message.id, attempts, error, next(message, attempts, now))?;
                        }
                    }
                }
                Ok::<_, Error>(())
            })
            .await?;
        Ok(taken)
    }

    async fn hand_over(&self, message: &Message) -> Result<(), String> {
        let letter = self.outbox.open(message.id, &message.payload)?;
        let sending = tokio::time::timeout(TIMEOUT, self.mailer.send(message.id, &letter)).await;
        let sent = sending.unwrap_or_else(|_| Err("the mail server took too long".to_owned()));
        match &sent {
            Ok(()) => metrics::counter!("teammate_mail_total", "outcome" => "sent").increment(1),
            Err(error) => {
                metrics::counter!("teammate_mail_total", "outcome" => "failed").increment(1);
                tracing::warn!(message = %message.id.uuid(), error, "an e-mail could not be handed over");
            }
        }
        sent
    }
}

fn next(message: &Message, attempts: i32, now: Timestamp) -> Option<Timestamp> {
    let jitter = u16::try_from(message.id.uuid().as_u128() % 1000).unwrap_or(0);
    pause_after(attempts, jitter).map(|pause| now + pause)
}
