//! The worker that gives users their numbers and policies in Teams, takes them back, and looks after them. Any number of
//! replicas may run it. Enterprises are served in turn, a few users at a time, and no two at once in one tenant, so that a
//! large one holds no other up and no tenant gets more than a few requests at a time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::Timestamp;
use domain::account::{Scope, Tier};
use domain::id::{AccountId, UserId};
use domain::refusal::Refusal;
use domain::teams::{Failure, FailureCode, Missing, Outcome, State, TeamsUser, Wanted};
use domain::user::User;
use domain::values::tenant::Tenant;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use persistence::accounts::Lock;
use persistence::teams_users::Namesake;
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
/// How long a user of an enterprise that does not operate waits until it is looked at again.
const SUSPENDED_PAUSE: TimeDelta = TimeDelta::hours(1);
/// How long an enterprise whose users can't be read has no turn.
const TROUBLE_PAUSE: TimeDelta = TimeDelta::minutes(1);
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
    /// The user.
    user: TeamsUser,
    /// What it is to have; `None` if it was deleted.
    wanted: Option<Wanted>,
    /// Whether another user still has something under its name.
    has_to_wait: bool,
    /// Whether its name is in a domain of somebody else, in a tenant that several enterprises share.
    is_elsewhere: bool,
}

/// Serves the enterprise whose turn it is. Returns whether there was one.
pub async fn serve_next(app: &App) -> Result<bool> {
    let Some(graph) = &app.graph else { return Ok(false) };
    let (now, one_tenant) = (app.clock.now(), graph.has_one_tenant());
    let turn = app.database.write(move |tx| teams_users::next_turn(tx, one_tenant, now).map_err(Error::from)).await?;
    let Some(turn) = turn else { return Ok(false) };
    let account = turn.account;
    let loaded = app.database.read(move |tx| load(tx, account, one_tenant, now)).await;
    let (operates, due) = match loaded {
        Ok(loaded) => loaded,
        Err(error) => {
            // The others have their turns all the same.
            let not_before = Some(now + TROUBLE_PAUSE);
            let end = move |tx: &mut StoreConnection| teams_users::end_turn(tx, &turn, not_before, now);
            app.database.write(move |tx| end(tx).map_err(Error::from)).await?;
            return Err(error);
        }
    };
    let attempts = due.into_iter().map(|due| serve(graph, due, operates, app.clock.now()));
    let served: Vec<(TeamsUser, TeamsUser, Option<TimeDelta>)> =
        stream::iter(attempts).buffer_unordered(AT_ONCE).collect().await;
    let now = app.clock.now();
    let not_before = served.iter().filter_map(|(.., pause)| *pause).max().map(|pause| now + pause);
    app.write_as(Origin::system("microsoft_graph"), move |tx| {
        accounts::lock(tx, turn.account, Lock::Exclusive)?;
        let account = accounts::by_id(tx, &Scope::Platform, Tier::Enterprise, turn.account)?;
        let account = account.ok_or(Refusal::NotFound)?;
        for (tried, after, _) in &served {
            conclude(tx, &account, tried, after.clone())?;
        }
        Ok(teams_users::end_turn(tx, &turn, not_before, now)?)
    })
    .await?;
    Ok(true)
}

/// The users of an enterprise that have something due, and whether the enterprise operates (R7).
fn load(tx: &mut StoreConnection, account: AccountId, one_tenant: bool, now: Timestamp) -> Result<(bool, Vec<Due>)> {
    let account = accounts::by_id(tx, &Scope::Platform, Tier::Enterprise, account)?.ok_or(Refusal::NotFound)?;
    let due = teams_users::due(tx, account.id, USERS_IN_TURN, now)?;
    let ids: Vec<UserId> = due.iter().map(|user| user.user).collect();
    let known: HashMap<UserId, User> =
        users::by_ids(tx, account.id, &ids)?.into_iter().map(|user| (user.id, user)).collect();
    let routing = direct_routing::load(tx, account.id)?;
    let wants: Vec<(TeamsUser, Option<Wanted>)> = due
        .into_iter()
        .map(|user| {
            let wanted = known.get(&user.user).and_then(|known| wanted(&routing, known));
            (user, wanted)
        })
        .collect();
    let names = wants.iter().filter_map(|(_, wanted)| Some(wanted.as_ref()?.teams_user.canonical()));
    let namesakes = teams_users::namesakes(tx, account.id, &names.collect::<Vec<_>>())?;
    // Where enterprises share a tenant, none may touch the users of another one's domain.
    let domain = Tenant::of_address(account.email.canonical()).ok().filter(|_| one_tenant);
    let due = wants.into_iter().map(|(user, wanted)| {
        let name = wanted.as_ref().map(|wanted| wanted.teams_user.canonical().to_owned());
        let is_other = |other: &&Namesake| other.user != user.user && Some(&other.name) == name.as_ref();
        let is_elsewhere = |domain: &Tenant| {
            name.as_ref().is_some_and(|name| name.rsplit_once('@').is_none_or(|(_, own)| own != domain.as_str()))
        };
        Due {
            has_to_wait: namesakes.iter().filter(is_other).any(|other| other.holds_something),
            is_elsewhere: domain.as_ref().is_some_and(is_elsewhere),
            user,
            wanted,
        }
    });
    Ok((account.operates(), due.collect()))
}

/// Serves one user. Returns it as it was, as it is then, and for how long its tenant wants to be left alone.
async fn serve(graph: &Graph, due: Due, operates: bool, now: Timestamp) -> (TeamsUser, TeamsUser, Option<TimeDelta>) {
    let Due { user, wanted, has_to_wait, is_elsewhere } = due;
    let jitter = u16::try_from(user.user.uuid().as_u128() % 1000).unwrap_or(0);
    if !operates && user.state != State::Releasing {
        let after = TeamsUser { due_at: now + SUSPENDED_PAUSE, ..user.clone() };
        return (user, after, None);
    }
    if is_elsewhere && user.state == State::Pending {
        let detail = "The sign-in name is in another domain than the e-mail address of the enterprise.".to_owned();
        let failure = Failure { code: FailureCode::OtherDomain, detail, request_id: None };
        let after = user.clone().after(Outcome::Impossible(failure), jitter, now);
        return (user, after, None);
    }
    let moves = wanted.as_ref().is_some_and(|wanted| user.has_moved(wanted));
    if has_to_wait && user.state == State::Pending && !moves {
        let after = user.clone().after(Outcome::Waits(Missing::Effect, None), jitter, now);
        return (user, after, None);
    }
    let attempt = attempt(graph, user.clone(), wanted.as_ref(), now);
    let Ok(Attempt { user: got, outcome, pause }) = tokio::time::timeout(TIMEOUT, attempt).await else {
        let outcome = Outcome::Trouble("Microsoft Graph took too long to answer.".to_owned());
        let after = user.clone().after(outcome, jitter, now);
        return (user, after, None);
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
    (user, after, pause)
}
