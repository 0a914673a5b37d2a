//! Takes messages from the outbox and hands them over. Any number of replicas may run it (S5).

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use domain::delivery::pause_after;
use futures_util::StreamExt;
use futures_util::stream;
use persistence::outbox::Message;
use persistence::{Database, outbox};
use tokio::sync::Notify;

use super::outbox::Outbox;
use super::transport::Mailer;
use crate::clock::Clock;
use crate::error::Error;

/// Messages that are taken at once: all of them have their time before the lease is over.
const BATCH: i64 = 15;
/// Messages that are handed over at the same time: a slow server holds back these and no more.
const AT_ONCE: usize = 5;
/// How long one message may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The pause between two batches: mail servers turn away who comes faster, and requests come first.
const PAUSE: Duration = Duration::from_millis(100);
/// How often the outbox is looked at when nothing calls.
const LOOK: Duration = Duration::from_secs(5);

/// What the worker uses.
#[derive(Clone)]
pub struct MailWorker {
    /// The store.
    pub database: Database,
    /// The time.
    pub clock: Clock,
    /// Opens the letters that wait.
    pub outbox: Arc<Outbox>,
    /// Hands them over.
    pub mailer: Arc<Mailer>,
    /// Wakes the worker.
    pub ready: Arc<Notify>,
}

impl MailWorker {
    /// Hands over whatever is due, now and whenever more is, until the task is ended.
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

    /// Hands over one batch of due messages, and says how many it took on.
    pub async fn deliver_due(&self) -> Result<usize, Error> {
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
