//! The worker that sends due deliveries. Any number of replicas may run it (S5). Each webhook is served by a task of
//! its own, so that a slow or unreachable receiver delays no other webhook.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::id::WebhookId;
use domain::webhook::{DisabledReason, gives_up, next_attempt};
use futures_util::{StreamExt, stream};
use persistence::webhooks::{Conclusion, Leased, Work};
use persistence::{members, webhooks};
use secrecy::zeroize::Zeroizing;
use serde_json::json;

use crate::access::Origin;
use crate::app::{App, Tx};
use crate::error::{Error, Result};
use crate::events::record::record_for;
use crate::mail::{Letter, News};
use crate::webhook_client::send::{Outcome, send};

/// How many deliveries a task leases in one go, and how many of them it sends concurrently.
const BATCH: i64 = 96;
const AT_ONCE: usize = 12;
/// The lower limits for a failing webhook, which is only probed.
const BATCH_FAILING: i64 = 8;
const AT_ONCE_FAILING: usize = 2;
/// How many webhooks are served concurrently, and how many of these may be failing ones.
const WEBHOOKS_AT_ONCE: usize = 256;
const FAILING_AT_ONCE: usize = 64;
/// The interval for polling for due deliveries.
const LOOK: Duration = Duration::from_millis(500);

/// Sends due deliveries until the task is aborted.
pub async fn run(app: Arc<App>) {
    let busy: Arc<Mutex<HashMap<WebhookId, bool>>> = Arc::default();
    for turn in 0_usize.. {
        match due(&app).await {
            Ok(mut due) => {
                // Start at a different webhook each time, so that all of them get their turn when there are too many.
                let first = turn % due.len().max(1);
                due.rotate_left(first);
                for (webhook, failing) in due {
                    let mut held = busy.lock().unwrap_or_else(PoisonError::into_inner);
                    let failing_held = held.values().filter(|failing| **failing).count();
                    let full = held.len() >= WEBHOOKS_AT_ONCE || (failing && failing_held >= FAILING_AT_ONCE);
                    if full || held.contains_key(&webhook) {
                        continue;
                    }
                    held.insert(webhook, failing);
                    let (app, busy) = (Arc::clone(&app), Arc::clone(&busy));
                    tokio::spawn(async move {
                        if let Err(error) = deliver_to(&app, webhook).await {
                            tracing::warn!(%webhook, %error, "a webhook could not be delivered to");
                        }
                        busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&webhook);
                        app.deliveries_ready.notify_one();
                    });
                }
            }
            Err(error) => tracing::warn!(%error, "deliveries could not be looked for"),
        }
        let _ = tokio::time::timeout(LOOK, app.deliveries_ready.notified()).await;
    }
}

/// The webhooks with due deliveries, each with whether it is failing.
pub async fn due(app: &App) -> Result<Vec<(WebhookId, bool)>> {
    let now = app.clock.now();
    app.database.read(move |tx| webhooks::due(tx, now).map_err(Error::from)).await
}

/// Sends one batch of due deliveries to a webhook and returns the number of attempts. One batch only, so that other
/// webhooks get their turn.
pub async fn deliver_to(app: &Arc<App>, webhook: WebhookId) -> Result<usize> {
    let now = app.clock.now();
    let leased = app
        .database
        .write(move |tx| webhooks::lease(tx, webhook, BATCH, BATCH_FAILING, now).map_err(Error::from))
        .await?;
    let Some(work) = leased.filter(|work| !work.deliveries.is_empty()) else { return Ok(0) };
    let attempts = work.deliveries.len();
    deliver(app, webhook, work).await?;
    Ok(attempts)
}

async fn deliver(app: &Arc<App>, webhook: WebhookId, work: Work) -> Result<()> {
    let Work { url, failing, secrets, deliveries } = work;
    let opened: Result<Vec<_>, _> =
        secrets.iter().map(|(id, sealed)| app.tools.seal.unseal(*id, sealed).map(Zeroizing::new)).collect();
    let secrets = opened?;
    let at_once = if failing { AT_ONCE_FAILING } else { AT_ONCE };
    let outcomes: Vec<(Leased, Outcome)> = stream::iter(deliveries)
        .map(async |delivery| {
            let _held = app.webhook_attempts.acquire().await;
            let now = app.clock.now();
            let sending =
                send(&app.webhook_client, app.webhook_guard, &url, &secrets, delivery.event, &delivery.payload, now);
            let outcome = sending.await;
            let name = if outcome.taken { "taken" } else { "failed" };
            metrics::counter!("teammate_webhook_attempts_total", "outcome" => name).increment(1);
            (delivery, outcome)
        })
        .buffer_unordered(at_once)
        .collect()
        .await;
    app.write_as(Origin::system("webhook_delivery"), move |tx| {
        outcomes.iter().try_for_each(|(delivery, outcome)| conclude(tx, webhook, delivery, outcome))
    })
    .await
}

fn conclude(tx: &mut Tx<'_>, webhook: WebhookId, delivery: &Leased, outcome: &Outcome) -> Result<()> {
    let now = tx.now;
    let jitter = u16::try_from(delivery.id.uuid().as_u128() % 1000).unwrap_or(0);
    let conclusion = if outcome.taken {
        Conclusion::Delivered
    } else if outcome.gone {
        Conclusion::GivenUp
    } else {
        next_attempt(delivery.attempts + 1, jitter, outcome.retry_after, now)
            .map_or(Conclusion::GivenUp, Conclusion::Again)
    };
    let failing_since = webhooks::conclude(tx, webhook, delivery.id, &outcome.attempt, conclusion, now)?;
    if outcome.gone {
        disable(tx, webhook, DisabledReason::Gone)?;
    } else if failing_since.is_some_and(|since| gives_up(since, now)) {
        disable(tx, webhook, DisabledReason::Failing)?;
    }
    Ok(())
}

/// Disables a webhook, records the event and notifies the owners of its account by e-mail.
fn disable(tx: &mut Tx<'_>, webhook: WebhookId, reason: DisabledReason) -> Result<()> {
    let now = tx.now;
    if !webhooks::disable(tx, webhook, reason, now)? {
        return Ok(());
    }
    let Some((account, url)) = webhooks::owner(tx, webhook)? else { return Ok(()) };
    let after = json!({"enabled": false, "disabled_reason": reason.as_str()});
    record_for(tx, &account, webhook, "disabled", (json!({"enabled": true}), after))?;
    for to in members::owners(tx, account.id)? {
        let news = News::WebhookDisabled { url: url.clone(), gone: reason == DisabledReason::Gone };
        tx.send(account.id, &Letter::new(&to, &account.name, news))?;
    }
    Ok(())
}
