//! How requests about an account are carried out, whatever its tier.

use std::sync::Arc;

use domain::account::{Account, Tier};
use domain::authority::Target;
use persistence::accounts;
use persistence::blockers;
use serde::Serialize;

use super::list::ListRequest;
use super::{change, life_cycle};
use crate::access::{Actor, Change, Read};
use crate::app::App;
use crate::error::{BlockersView, Error};
use crate::http::idempotency::IdempotentRequest;
use crate::http::{Answer, Caller, Conditions, Parsed};

/// What differs between tiers: the tier, its path, and how its accounts look.
pub trait View: Serialize + From<Account> {
    /// Its tier.
    const TIER: Tier;
    /// Where its accounts are.
    const PATH: &'static str;

    /// The answer with an account.
    fn answer(account: Account) -> Result<Answer, Error> {
        let version = account.version;
        Answer::resource(&Self::from(account), version)
    }

    /// The answer to the creation of an account.
    fn created(account: Account) -> Result<Answer, Error> {
        let location = format!("{}/{}", Self::PATH, account.id_text());
        Ok(Self::answer(account)?.created(location))
    }
}

/// A step in the life of an account that somebody asks for by `POST …/suspend` and the like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Suspend it.
    Suspend,
    /// Resume it.
    Resume,
    /// Send its activation e-mail again.
    ResendActivation,
}

/// The account with an id.
pub fn get<V: View>(
    app: &App,
    caller: Caller<Read>,
    id: String,
    conditions: Conditions,
) -> impl Future<Output = Result<Answer, Error>> {
    let answer = app.read(caller, move |tx, actor, _| V::answer(actor.load_account(tx, V::TIER, &id)?));
    async move { Ok(conditions.answer(answer.await?)) }
}

/// A page of the accounts of a tier.
pub async fn list<V: View>(app: &App, caller: Caller<Read>, query: String) -> Result<Answer, Error> {
    let question = format!("GET {}?{query}", V::PATH);
    app.read_question(caller, &question, move |tx, actor, _| {
        actor.may(Target::Accounts(V::TIER))?;
        let request = ListRequest::read(V::TIER, V::PATH, &query)?;
        let caller = actor.name();
        let rows = accounts::list(tx, &actor.scope(), &request.filter(&caller)?)?;
        request.paging.answer(&caller, rows, |account| account.id.uuid(), V::from)
    })
    .await
}

/// Changes an account by a merge patch that was parsed already, well or not: the caller's authority comes first.
pub async fn patch<V: View>(
    app: &App,
    caller: Caller<Change>,
    id: String,
    conditions: Conditions,
    change: Parsed<accounts::Change>,
) -> Result<Answer, Error> {
    let outbox = Arc::clone(&app.outbox);
    app.write(caller, move |tx, actor, now| {
        let account = actor.load_account(tx, V::TIER, &id)?;
        let change = change.get()?.clone();
        conditions.check_version(account.version)?;
        V::answer(change::update(tx, actor, account, change, now, &outbox)?)
    })
    .await
}

/// Takes an account a step further.
pub async fn step<V: View>(
    app: &App,
    caller: Caller<Change>,
    id: String,
    conditions: Conditions,
    key: IdempotentRequest,
    step: Step,
) -> Result<Answer, Error> {
    let outbox = Arc::clone(&app.outbox);
    app.write_once(caller, key, move |tx, actor: &Actor, now| {
        let account = actor.load_account(tx, V::TIER, &id)?;
        conditions.check_version(account.version)?;
        V::answer(match step {
            Step::Suspend => life_cycle::suspend(tx, actor, &account, now)?,
            Step::Resume => life_cycle::resume(tx, actor, &account, now)?,
            Step::ResendActivation => life_cycle::resend_activation(tx, actor, &account, now, &outbox)?,
        })
    })
    .await
}

/// Closes an account.
pub async fn close<V: View>(
    app: &App,
    caller: Caller<Change>,
    id: String,
    conditions: Conditions,
) -> Result<Answer, Error> {
    app.write(caller, move |tx, actor, now| {
        let account = actor.load_account(tx, V::TIER, &id)?;
        conditions.check_version(account.version)?;
        life_cycle::close(tx, actor, &account, now)?;
        Ok(Answer::no_content())
    })
    .await
}

/// What keeps an account from closing.
pub async fn closing_blockers<V: View>(app: &App, caller: Caller<Read>, id: String) -> Result<Answer, Error> {
    app.read(caller, move |tx, actor, _| {
        let account = actor.load_account(tx, V::TIER, &id)?;
        Answer::ok(&BlockersView::from(blockers::open_descendants(tx, &account)?))
    })
    .await
}
