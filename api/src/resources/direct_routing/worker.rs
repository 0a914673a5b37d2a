//! The worker that takes due steps of routes through Microsoft Graph. Any number of replicas may run it: only one of
//! them leases a route at a time.

use std::sync::Arc;
use std::time::Duration;

use domain::account::{Scope, Tier};
use domain::direct_routing::{Outcome, Route, State, judge};
use domain::id::AccountId;
use domain::refusal::Refusal;
use futures_util::{StreamExt, stream};
use persistence::accounts::Lock;
use persistence::{accounts, direct_routing};

use super::operations::conclude;
use crate::access::Origin;
use crate::app::App;
use crate::error::{Error, Result};
use crate::graph::{Graph, steps};

/// Maximum number of routes leased in one batch. All of them can be attempted before the lease expires.
const BATCH: i64 = 15;
/// Maximum number of concurrent attempts.
const AT_ONCE: usize = 5;
/// Timeout of one attempt.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How often the worker polls for due routes if it is not notified.
const LOOK: Duration = Duration::from_secs(5);

/// Runs the worker until its task is cancelled: takes the due steps, then waits for a notification or the poll
/// interval.
pub async fn run(app: Arc<App>) {
    loop {
        match advance_due(&app).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => tracing::warn!(%error, "the routes could not be read"),
        }
        let _ = tokio::time::timeout(LOOK, app.routes_ready.notified()).await;
    }
}

/// Attempts the steps of one batch of due routes and returns the number of routes in it. Does nothing if Microsoft
/// Graph is not configured.
pub async fn advance_due(app: &App) -> Result<usize> {
    let Some(graph) = &app.graph else { return Ok(0) };
    let now = app.clock.now();
    // A pending enterprise has not yet proven its e-mail address, and so not its tenant. Its routes are included only
    // if Graph works in a single tenant.
    let also_pending = graph.has_one_tenant();
    let due =
        app.database.write(move |tx| direct_routing::lease(tx, also_pending, BATCH, now).map_err(Error::from)).await?;
    let taken = due.len();
    let attempts = due.into_iter().map(|(account, route)| advance(app, graph, account, route));
    let concluded: Vec<_> = stream::iter(attempts).buffer_unordered(AT_ONCE).collect().await;
    for outcome in concluded {
        outcome?;
    }
    Ok(taken)
}

async fn advance(app: &App, graph: &Graph, account: AccountId, route: Route) -> Result<()> {
    let State::Working { link, stage } = &route.state else { return Ok(()) };
    let attempt = tokio::time::timeout(TIMEOUT, steps::attempt(graph, link, stage, app.clock.now())).await;
    let outcome = attempt.unwrap_or_else(|_| Outcome::Trouble {
        detail: "Microsoft Graph took too long to answer.".to_owned(),
        retry_after: None,
    });
    let name = match &outcome {
        Outcome::Taken(_) => "taken",
        Outcome::NotYet(_) => "not_yet",
        Outcome::Trouble { .. } => "trouble",
        Outcome::Impossible { .. } => "impossible",
    };
    metrics::counter!("teammate_route_steps_total", "outcome" => name).increment(1);
    tracing::info!(
        domain = link.domain.as_str(),
        stage = stage.as_str(),
        outcome = name,
        "a step of a route was tried"
    );
    let jitter = u16::try_from(account.uuid().as_u128() % 1000).unwrap_or(0);
    let verdict = judge(stage, route.since, route.attempts, outcome, jitter, app.clock.now());
    app.write_as(Origin::system("microsoft_graph"), move |tx| {
        accounts::lock(tx, account, Lock::Exclusive)?;
        let account = accounts::by_id(tx, &Scope::Platform, Tier::Enterprise, account)?.ok_or(Refusal::NotFound)?;
        conclude(tx, &account, &route, verdict.clone())
    })
    .await
}
