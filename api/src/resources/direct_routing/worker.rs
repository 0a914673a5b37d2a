//! The worker that takes due steps of routes through Microsoft Graph, looks after established ones, and takes back the
//! licences and domains of those that are no longer set up. Any number of replicas may run it: only one of them leases a route at a time.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::Timestamp;
use domain::account::{Account, Scope, Tier};
use domain::delivery::pause_after;
use domain::direct_routing::{Outcome, Route, State, judge, judge_check};
use domain::limits::DELIVERY_ATTEMPTS;
use domain::refusal::Refusal;
use futures_util::{StreamExt, stream};
use persistence::accounts::Lock;
use persistence::left_domains::LeftDomain;
use persistence::lent_licences::LentLicence;
use persistence::{StoreConnection, accounts, direct_routing, left_domains, lent_licences};

use serde_json::{Value, json};

use super::operations::conclude;
use crate::access::Origin;
use crate::app::App;
use crate::error::{Error, Result};
use crate::graph::client::Unanswered;
use crate::graph::steps::{self, Attempt, Task};
use crate::graph::{Graph, anchor, clean_up};
use crate::resources::accounts::routing::note;

/// Maximum number of routes, and of licences, leased in one batch. All of them can be attempted before the lease expires.
const BATCH: i64 = 15;
/// Maximum number of concurrent attempts.
const AT_ONCE: usize = 5;
/// Timeout of one attempt.
const TIMEOUT: Duration = Duration::from_secs(30);
/// For how long the worker tries to take a licence back, or to remove a domain.
const PATIENCE: TimeDelta = TimeDelta::days(30);
/// For how long it tries to remove a domain without the right to do so.
const PATIENCE_WITHOUT_RIGHTS: TimeDelta = TimeDelta::days(1);
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
    let due = app.database.write(move |tx| lease(tx, also_pending, now)).await?;
    let taken = due.len();
    let attempts = due.into_iter().map(|(account, route)| advance(app, graph, account, route));
    let concluded: Vec<_> = stream::iter(attempts).buffer_unordered(AT_ONCE).collect().await;
    let taken_back = take_licences_back(app, graph).await? + remove_domains(app, graph).await?;
    for outcome in concluded {
        outcome?;
    }
    Ok(taken + taken_back)
}

/// Takes back one batch of licences and returns the number of licences in it.
async fn take_licences_back(app: &App, graph: &Graph) -> Result<usize> {
    let now = app.clock.now();
    let lent = app.database.write(move |tx| lent_licences::lease(tx, BATCH, now).map_err(Error::from)).await?;
    let taken = lent.len();
    let attempts = lent.into_iter().map(|lent| take_licence_back(app, graph, lent));
    let settled: Vec<_> = stream::iter(attempts).buffer_unordered(AT_ONCE).collect().await;
    for outcome in settled {
        outcome?;
    }
    Ok(taken)
}

async fn take_licence_back(app: &App, graph: &Graph, lent: LentLicence) -> Result<()> {
    let LentLicence { id, tenant, user, licence, since, attempts } = lent;
    let attempt = anchor::take_back(graph, &tenant, (user, licence), app.clock.now());
    let is_done = tokio::time::timeout(TIMEOUT, attempt).await.is_ok_and(|done| done.is_ok());
    let now = app.clock.now();
    let has_given_up = !is_done && now - since >= PATIENCE;
    if has_given_up {
        tracing::warn!(tenant = tenant.as_str(), %user, %licence, "a licence could not be taken back");
    }
    let attempts = attempts.saturating_add(1).min(DELIVERY_ATTEMPTS - 1);
    let pause = pause_after(attempts, 0).unwrap_or(TimeDelta::hours(1));
    let settle = move |tx: &mut StoreConnection| {
        if is_done || has_given_up {
            return lent_licences::settle(tx, id);
        }
        lent_licences::postpone(tx, id, attempts, now + pause)
    };
    app.database.write(move |tx| settle(tx).map_err(Error::from)).await
}

/// Removes one batch of domains from their tenants and returns the number of domains in it.
async fn remove_domains(app: &App, graph: &Graph) -> Result<usize> {
    let now = app.clock.now();
    let left = app.database.write(move |tx| left_domains::lease(tx, BATCH, now).map_err(Error::from)).await?;
    let taken = left.len();
    let attempts = left.into_iter().map(|left| remove_domain(app, graph, left));
    let settled: Vec<_> = stream::iter(attempts).buffer_unordered(AT_ONCE).collect().await;
    for outcome in settled {
        outcome?;
    }
    Ok(taken)
}

async fn remove_domain(app: &App, graph: &Graph, left: LeftDomain) -> Result<()> {
    let LeftDomain { link, account, since, attempts } = left;
    let attempt = tokio::time::timeout(TIMEOUT, clean_up::remove_domain(graph, &link, app.clock.now())).await;
    let now = app.clock.now();
    let (error, patience) = match attempt {
        Ok(Ok(())) => (None, PATIENCE),
        // Whoever takes the service's rights away does not want it to do anything more.
        Ok(Err(Unanswered::Refused { status: 403, detail, .. })) => (Some(detail), PATIENCE_WITHOUT_RIGHTS),
        Ok(Err(Unanswered::Refused { detail, .. } | Unanswered::Trouble { detail, .. })) => (Some(detail), PATIENCE),
        Err(_) => (Some("Microsoft Graph took too long to answer.".to_owned()), PATIENCE),
    };
    let attempts = attempts.saturating_add(1).min(DELIVERY_ATTEMPTS - 1);
    let pause = pause_after(attempts, 0).unwrap_or(TimeDelta::hours(1));
    app.write_as(Origin::system("microsoft_graph"), move |tx| {
        if error.is_some() && now - since < patience {
            return Ok(left_domains::postpone(tx, &link, attempts, now + pause)?);
        }
        left_domains::forget(tx, &link)?;
        let account = accounts::by_id(tx, &Scope::Platform, Tier::Enterprise, account)?.ok_or(Refusal::NotFound)?;
        let before = json!({"domain": link.domain.as_str(), "tenant": link.tenant.as_str()});
        match &error {
            None => note(tx, &account, "domain_removed", (before, Value::Null)),
            Some(error) => note(tx, &account, "domain_left", (before, json!({"last_error": error}))),
        }
    })
    .await
}

/// Leases due routes, each with its enterprise.
fn lease(tx: &mut StoreConnection, also_pending: bool, now: Timestamp) -> Result<Vec<(Account, Route)>> {
    let due = direct_routing::lease(tx, also_pending, BATCH, now)?;
    let with_account = |(account, route)| -> Result<_> {
        let account = accounts::by_id(tx, &Scope::Platform, Tier::Enterprise, account)?.ok_or(Refusal::NotFound)?;
        Ok((account, route))
    };
    due.into_iter().map(with_account).collect()
}

async fn advance(app: &App, graph: &Graph, account: Account, route: Route) -> Result<()> {
    let stage = match &route.state {
        State::Working { stage, .. } => Some(stage),
        State::Established { .. } => None,
        State::NotStarted | State::Failed { .. } => return Ok(()),
    };
    let (Some(link), Some(enterprise)) = (route.state.link(), &account.enterprise) else { return Ok(()) };
    let voice_policy = route.voice_policy.as_ref().map(|policy| policy.id.as_str());
    let task = Task { link, stage, anchor: route.anchor, voice_policy, country: &enterprise.country };
    let attempt = tokio::time::timeout(TIMEOUT, steps::attempt(graph, task, app.clock.now())).await;
    let Attempt { outcome, anchor, voice_policy } = attempt.unwrap_or_else(|_| Attempt {
        outcome: Outcome::Trouble { detail: "Microsoft Graph took too long to answer.".to_owned(), retry_after: None },
        anchor: route.anchor,
        voice_policy: voice_policy.map(str::to_owned),
    });
    let name = match &outcome {
        Outcome::Taken(_) | Outcome::Noted => "taken",
        Outcome::NotYet(_) => "not_yet",
        Outcome::Trouble { .. } => "trouble",
        Outcome::Impossible { .. } => "impossible",
    };
    metrics::counter!("teammate_route_steps_total", "outcome" => name).increment(1);
    tracing::info!(
        domain = link.domain.as_str(),
        stage = route.state.as_str(),
        outcome = name,
        "a step of a route was tried"
    );
    let permissions = graph.permissions(&link.tenant).await;
    let account = account.id;
    let jitter = u16::try_from(account.uuid().as_u128() % 1000).unwrap_or(0);
    let concluded_at = app.clock.now();
    let verdict = if let Some(stage) = stage {
        judge(stage, route.since, route.attempts, outcome, jitter, concluded_at)
    } else {
        judge_check(route.since, route.attempts, outcome, voice_policy.is_none(), jitter, concluded_at)
    };
    app.write_as(Origin::system("microsoft_graph"), move |tx| {
        accounts::lock(tx, account, Lock::Exclusive)?;
        let account = accounts::by_id(tx, &Scope::Platform, Tier::Enterprise, account)?.ok_or(Refusal::NotFound)?;
        conclude(tx, &account, &route, (anchor, voice_policy.clone()), permissions.clone(), verdict.clone())
    })
    .await?;
    // Users may have waited for a policy.
    app.teams_ready.notify_one();
    Ok(())
}
