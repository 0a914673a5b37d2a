//! The worker that gives users their numbers and policies in Teams, takes them back, and looks after them. Any number of
//! replicas may run it. Enterprises are served in turn, a few users at a time, and no two at once in one tenant, so that a
//! large one holds no other up and no tenant gets more than a few requests at a time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::Timestamp;
use domain::account::{Account, Scope, Tier};
use domain::id::UserId;
use domain::refusal::Refusal;
use domain::status::Status;
use domain::teams::{Missing, Outcome, State, TeamsUser, Wanted};
use domain::user::User;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use persistence::accounts::Lock;
use persistence::teams_users::{Namesake, Turn};
use persistence::{StoreConnection, accounts, direct_routing, teams_users, users};

use super::operations::{conclude, wanted};
use crate::access::Origin;
use crate::app::App;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::graph::teams_users::{Attempt, attempt};

/// How many enterprises are served at once.
const LANES: usize = 4;
/// How many users are served in one turn. All of them can be attempted before the turn is over.
const USERS_IN_TURN: i64 = 12;
/// How many requests go to one tenant at once.
const AT_ONCE: usize = 4;
/// Timeout of the attempt at one user.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long a user of a suspended enterprise waits until it is looked at again.
const SUSPENDED_PAUSE: TimeDelta = TimeDelta::hours(1);
/// How often the worker looks for due users if it is not notified.
const LOOK: Duration = Duration::from_secs(5);

/// Runs the worker until its task is cancelled.
pub async fn run(app: Arc<App>) {
    join_all((0..LANES).map(|_| lane(&app))).await;
}

async fn lane(app: &App) {
    loop {
        match serve_next(app).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the users in Teams could not be served"),
        }
        let _ = tokio::time::timeout(LOOK, app.teams_ready.notified()).await;
    }
}

/// A user whose turn it is.
struct Due {
    user: TeamsUser,
    /// What it is to have; `None` if it was deleted or has no route.
    wanted: Option<Wanted>,
    is_deleted: bool,
    /// Whether another user has its name in the tenant by now.
    is_followed: bool,
    /// Whether another user still has something under its name.
    has_to_wait: bool,
}

/// Serves the enterprise whose turn it is. Returns whether there was one.
pub async fn serve_next(app: &App) -> Result<bool> {
    let Some(graph) = &app.graph else { return Ok(false) };
    let (now, one_tenant) = (app.clock.now(), graph.has_one_tenant());
    let turn = app.database.write(move |tx| load(tx, one_tenant, now)).await?;
    let Some((turn, account, due)) = turn else { return Ok(false) };
    let acts = account.status == Status::Active || (one_tenant && account.status == Status::Pending);
    let attempts = due.into_iter().map(|due| serve(graph, due, acts, app.clock.now()));
    let served: Vec<(Due, TeamsUser, Option<TimeDelta>)> =
        stream::iter(attempts).buffer_unordered(AT_ONCE).collect().await;
    let now = app.clock.now();
    let not_before = served.iter().filter_map(|(.., pause)| *pause).max().map(|pause| now + pause);
    app.write_as(Origin::system("microsoft_graph"), move |tx| {
        accounts::lock(tx, turn.account, Lock::Exclusive)?;
        let account = accounts::by_id(tx, &Scope::Platform, Tier::Enterprise, turn.account)?;
        let account = account.ok_or(Refusal::NotFound)?;
        for (due, after, _) in &served {
            conclude(tx, &account, &due.user, after.clone(), due.is_deleted)?;
        }
        Ok(teams_users::end_turn(tx, &turn, not_before, now)?)
    })
    .await?;
    Ok(true)
}

/// The next turn: the enterprise and its users that have something due.
fn load(tx: &mut StoreConnection, one_tenant: bool, now: Timestamp) -> Result<Option<(Turn, Account, Vec<Due>)>> {
    let Some(turn) = teams_users::next_turn(tx, one_tenant, now)? else { return Ok(None) };
    let account = accounts::by_id(tx, &Scope::Platform, Tier::Enterprise, turn.account)?.ok_or(Refusal::NotFound)?;
    let due = teams_users::due(tx, turn.account, USERS_IN_TURN, now)?;
    let ids: Vec<UserId> = due.iter().map(|user| user.user).collect();
    let known: HashMap<UserId, User> =
        users::by_ids(tx, turn.account, &ids)?.into_iter().map(|user| (user.id, user)).collect();
    let routing = direct_routing::load(tx, turn.account)?;
    let wants: Vec<(TeamsUser, Option<Wanted>)> = due
        .into_iter()
        .map(|user| {
            let wanted = known.get(&user.user).and_then(|known| wanted(&routing, known));
            (user, wanted)
        })
        .collect();
    let names = wants.iter().flat_map(|(user, wanted)| {
        let wanted = wanted.as_ref().map(|wanted| wanted.teams_user.canonical());
        wanted.into_iter().chain([user.teams_user.canonical()])
    });
    let namesakes = teams_users::namesakes(tx, turn.account, &names.collect::<Vec<_>>())?;
    let due = wants.iter().map(|(user, wanted)| {
        let others = |name: &str| {
            let name = name.to_owned();
            namesakes.iter().filter(move |other| other.user != user.user && other.name == name)
        };
        let is_there = |other: &Namesake| !matches!(other.state, State::Releasing | State::Released);
        Due {
            is_deleted: !known.contains_key(&user.user),
            is_followed: others(user.teams_user.canonical()).any(is_there),
            has_to_wait: wanted
                .as_ref()
                .is_some_and(|wanted| others(wanted.teams_user.canonical()).any(|other| other.holds_something)),
            user: user.clone(),
            wanted: wanted.clone(),
        }
    });
    Ok(Some((turn, account, due.collect())))
}

async fn serve(graph: &Graph, due: Due, acts: bool, now: Timestamp) -> (Due, TeamsUser, Option<TimeDelta>) {
    let user = due.user.clone();
    let jitter = u16::try_from(user.user.uuid().as_u128() % 1000).unwrap_or(0);
    if !acts && user.state != State::Releasing {
        return (due, TeamsUser { due_at: now + SUSPENDED_PAUSE, ..user }, None);
    }
    let moves = due.wanted.as_ref().is_some_and(|wanted| user.has_moved(wanted));
    if due.has_to_wait && user.state == State::Pending && !moves {
        let after = user.after(Outcome::Waits(Missing::Effect, None), jitter, now);
        return (due, after, None);
    }
    let attempt = attempt(graph, user.clone(), due.wanted.as_ref(), due.is_followed, now);
    let Ok(Attempt { user: got, outcome, pause }) = tokio::time::timeout(TIMEOUT, attempt).await else {
        let outcome = Outcome::Trouble("Microsoft Graph took too long to answer.".to_owned());
        return (due, user.after(outcome, jitter, now), None);
    };
    let name = match &outcome {
        None => "throttled",
        Some(Outcome::Advanced) => "advanced",
        Some(Outcome::Done) => "done",
        Some(Outcome::Drifted(_)) => "drifted",
        Some(Outcome::Waits(..)) => "waits",
        Some(Outcome::Impossible(_)) => "impossible",
        Some(Outcome::Trouble(_)) => "trouble",
    };
    metrics::counter!("teammate_users_in_teams_total", "outcome" => name).increment(1);
    let after = match outcome {
        Some(outcome) => got.after(outcome, jitter, now),
        None => got,
    };
    (due, after, pause)
}

/// Serves enterprises until none has anything due.
pub async fn serve_all(app: &App) -> Result<(), Error> {
    while serve_next(app).await? {}
    Ok(())
}
