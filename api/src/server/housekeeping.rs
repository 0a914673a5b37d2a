//! What a service that runs does for itself: keys are read again, what has served its time is swept away, measured times are counted.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::limits::{DELIVERIES_KEPT_DAYS, IDEMPOTENCY_HOURS};
use persistence::{housekeeping, search};

use crate::app::App;
use crate::error::Error;
use crate::resources::health::routes::recorder;

/// How often what has served its time is swept away.
const KEEP_HOUSE: Duration = Duration::from_secs(15);
/// How often new accounts are taken into the index of the search, and how often when there are more than a batch.
const KEEP_SEARCH: Duration = Duration::from_secs(1);
const KEEP_SEARCH_FULL: Duration = Duration::from_millis(100);
/// How many of them at a time: others wait for some milliseconds.
const SEARCH_BATCH: i32 = 1_000;
/// How often keys are read again.
pub const READ_KEYS: Duration = Duration::from_secs(15);
/// How often measured times are counted.
const COUNT_TIMES: Duration = Duration::from_secs(1);

/// The recorder holds on to every single time until it is told to count it.
pub(super) async fn keep_metrics() {
    let mut turn = tokio::time::interval(COUNT_TIMES);
    loop {
        turn.tick().await;
        recorder().run_upkeep();
    }
}

/// By itself, so that nothing else holds it up: other processes count on keys being taken up in time.
pub(super) async fn keep_keys(app: Arc<App>) {
    let mut turn = tokio::time::interval(READ_KEYS);
    loop {
        turn.tick().await;
        if let Err(error) = app.access_tokens.reload() {
            tracing::error!(%error, "the signing keys could not be read again");
        }
        if let Err(error) = app.seal.reload() {
            tracing::error!(%error, "the sealing keys could not be read again");
        }
    }
}

/// Takes new accounts into SQLite's index of the search; on PostgreSQL that is the database's own doing.
pub(super) async fn keep_search(app: Arc<App>) {
    loop {
        let indexed = app.database.write(|tx| search::index_waiting(tx, SEARCH_BATCH)).await;
        let pause = match indexed {
            Ok(indexed) if usize::try_from(SEARCH_BATCH) == Ok(indexed) => KEEP_SEARCH_FULL,
            Ok(_) => KEEP_SEARCH,
            Err(error) => {
                tracing::warn!(%error, "new accounts could not be taken into the index of the search");
                KEEP_SEARCH
            }
        };
        tokio::time::sleep(pause).await;
    }
}

pub(super) async fn keep_house(app: Arc<App>) {
    let mut turn = tokio::time::interval(KEEP_HOUSE);
    loop {
        turn.tick().await;
        if let Some(limits) = &app.rate_limits {
            limits.forget_quiet();
        }
        let now = app.clock.now();
        let kept_since = now - TimeDelta::hours(IDEMPOTENCY_HOURS);
        let swept = app.database.write(move |tx| housekeeping::sweep(tx, now, kept_since).map_err(Error::from)).await;
        match swept {
            Ok(0) => {}
            Ok(rows) => tracing::debug!(rows, "swept"),
            Err(error) => tracing::warn!(%error, "what has served its time could not be swept away"),
        }
        if let Err(error) = sweep_deliveries(&app).await {
            tracing::warn!(%error, "old deliveries could not be swept away");
        }
    }
}

/// Batch by batch, so that others hardly wait, until none is old.
async fn sweep_deliveries(app: &App) -> Result<(), Error> {
    let queued_before = app.clock.now() - TimeDelta::days(DELIVERIES_KEPT_DAYS);
    let sweep = move |tx: &mut _| housekeeping::sweep_deliveries(tx, queued_before).map_err(Error::from);
    while app.database.write(sweep).await? {
        tokio::time::sleep(KEEP_SEARCH_FULL).await;
    }
    Ok(())
}
