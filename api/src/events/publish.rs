//! Publishes committed events. Any number of replicas may run it: they take turns.

use std::sync::Arc;
use std::time::Duration;

use persistence::{events, webhooks};

use super::fan_out::hand_on;
use crate::access::Permission;
use crate::app::{App, Call};
use crate::error::{Error, Result};

/// The pause between two rounds. Requests have priority, and a batch costs little more than a single event.
const PAUSE: Duration = Duration::from_millis(50);
/// How often it looks for events that another process has not published.
const LOOK: Duration = Duration::from_secs(2);

/// Publishes committed events, and again whenever there are more, until the task is aborted.
pub async fn run(app: Arc<App>) {
    loop {
        if let Err(error) = publish(&app).await {
            tracing::warn!(%error, "events could not be published");
        }
        tokio::time::sleep(PAUSE).await;
        let _ = tokio::time::timeout(LOOK, app.events_ready.notified()).await;
    }
}

/// Publishes committed events and queues their deliveries to webhooks.
pub async fn publish(app: &App) -> Result<()> {
    loop {
        let now = app.clock.now();
        let (queued, more) = app
            .database
            .write(move |tx| {
                let anybody_listens = webhooks::any_exists(tx)?;
                let batch = events::publish(tx, anybody_listens)?;
                if batch.events.is_empty() {
                    return Ok::<_, Error>((0, batch.more));
                }
                let listening = webhooks::listening(tx)?;
                let done = hand_on(tx, &listening, &batch.events, now)?;
                events::handed_on(tx, done.position)?;
                Ok((done.queued, batch.more || !done.all))
            })
            .await?;
        if queued > 0 {
            app.deliveries_ready.notify_one();
        }
        if !more {
            return Ok(());
        }
    }
}

/// Publishes what was committed before the request, so that its reader finds it.
pub async fn catch_up<P: Permission>(call: &Call<P>) -> Result<()> {
    let waiting = call.read(|tx, _| Ok(events::any_waiting(tx)?)).await?;
    if waiting {
        publish(&call.app).await?;
    }
    Ok(())
}
