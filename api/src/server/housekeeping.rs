//! Background tasks: reloading keys, deleting expired rows, updating the search index, and updating metrics.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::limits::{DELIVERIES_KEPT_DAYS, IDEMPOTENCY_HOURS};
use persistence::{housekeeping, search};

use crate::app::App;
use crate::error::{Error, Result};
use crate::resources::health::routes::recorder;

/// How often expired rows are deleted.
const KEEP_HOUSE: Duration = Duration::from_secs(15);
/// How often new accounts are added to the search index.
const KEEP_SEARCH: Duration = Duration::from_secs(1);
const KEEP_SEARCH_FULL: Duration = Duration::from_millis(100);
/// Accounts that are indexed in one transaction. Other writes wait for a few milliseconds.
const SEARCH_BATCH: i32 = 1_000;
/// How often keys are reloaded.
pub const READ_KEYS: Duration = Duration::from_secs(15);
/// How often recorded times are aggregated.
const COUNT_TIMES: Duration = Duration::from_secs(1);

/// Aggregates recorded times. The recorder keeps every single value until then.
pub(super) async fn keep_metrics() {
    let mut turn = tokio::time::interval(COUNT_TIMES);
    loop {
        turn.tick().await;
        recorder().run_upkeep();
    }
}

/// Reloads keys, in a task of its own so that nothing delays it: other processes rely on new keys being loaded in time.
pub(super) async fn keep_keys(app: Arc<App>) {
    let mut turn = tokio::time::interval(READ_KEYS);
    loop {
        turn.tick().await;
        if let Err(error) = app.access_tokens.reload() {
            tracing::error!(%error, "the signing keys could not be reloaded");
        }
        if let Err(error) = app.tools.seal.reload() {
            tracing::error!(%error, "the sealing keys could not be reloaded");
        }
    }
}

/// Adds new accounts to SQLite's search index. PostgreSQL maintains its index by itself.
pub(super) async fn keep_search(app: Arc<App>) {
    loop {
        let indexed = app.database.write(|tx| search::index_waiting(tx, SEARCH_BATCH)).await;
        let pause = match indexed {
            Ok(indexed) if usize::try_from(SEARCH_BATCH) == Ok(indexed) => KEEP_SEARCH_FULL,
            Ok(_) => KEEP_SEARCH,
            Err(error) => {
                tracing::warn!(%error, "new accounts could not be added to the search index");
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
            Err(error) => tracing::warn!(%error, "expired rows could not be deleted"),
        }
        if let Err(error) = sweep_deliveries(&app).await {
            tracing::warn!(%error, "old deliveries could not be deleted");
        }
    }
}

/// Deletes old deliveries in batches, so that other writes hardly wait.
async fn sweep_deliveries(app: &App) -> Result<()> {
    let queued_before = app.clock.now() - TimeDelta::days(DELIVERIES_KEPT_DAYS);
    let sweep = move |tx: &mut _| housekeeping::sweep_deliveries(tx, queued_before).map_err(Error::from);
    while app.database.write(sweep).await? {
        tokio::time::sleep(KEEP_SEARCH_FULL).await;
    }
    Ok(())
}
