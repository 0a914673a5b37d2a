//! Publishes events once they are committed. Any number of replicas may run it: they take turns.

use std::time::Duration;

use persistence::events;

use crate::http::Error;
use crate::service::Service;

/// The pause between two rounds: requests come first, and a batch costs little more than one event.
const PAUSE: Duration = Duration::from_millis(50);
/// How often it looks for events that another process left behind.
const LOOK: Duration = Duration::from_secs(2);

/// Publishes whatever is committed, now and whenever more is, until the task is ended.
pub async fn run(service: &Service) {
    loop {
        if let Err(error) = publish(service).await {
            tracing::warn!(%error, "events could not be published");
        }
        tokio::time::sleep(PAUSE).await;
        let _ = tokio::time::timeout(LOOK, service.events_ready.notified()).await;
    }
}

/// Publishes what is committed.
pub async fn publish(service: &Service) -> Result<(), Error> {
    while service.database.write(|tx| events::publish(tx).map_err(Error::from)).await?.more {}
    Ok(())
}

/// Sees to it that a reader finds whatever was committed before it asked.
pub async fn catch_up(service: &Service) -> Result<(), Error> {
    if service.database.read(|tx| events::any_waiting(tx).map_err(Error::from)).await? {
        publish(service).await?;
    }
    Ok(())
}
