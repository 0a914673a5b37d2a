//! Handling of requests for accounts of any tier.

use std::marker::PhantomData;

use domain::account::{Account, Tier};
use domain::authority::Target;
use domain::id::AccountId;
use domain::refusal::Refusal;
use persistence::{StoreConnection, accounts, blockers};
use serde::Serialize;

use super::create::CreateAccount;
use super::list::ListRequest;
use super::{change, create, life_cycle};
use crate::access::{Actor, Change, Create, Read};
use crate::app::{Asked, Call, SetOperation, Tools, Tx};
use crate::error::{BlockersView, Error, Result};
use crate::http::idempotency::IdempotentRequest;
use crate::http::query::is_search;
use crate::http::{Answer, Conditions, Parsed};

/// What differs between tiers: the tier, its path and the JSON of its accounts.
pub trait View: Serialize + From<Account> + 'static {
    /// The tier of these accounts.
    const TIER: Tier;
    /// The path of their collection, such as `/resellers`.
    const PATH: &'static str;

    /// The response that shows an account, with its `ETag`.
    fn answer(account: Account) -> Result<Answer> {
        let version = account.version;
        Answer::resource(&Self::from(account), version)
    }

    /// The 201 response for a new account, with its `Location`.
    fn created(account: Account) -> Result<Answer> {
        let location = format!("{}/{}", Self::PATH, account.id_text());
        Ok(Self::answer(account)?.created(location))
    }
}

/// An action on an account, requested by `POST …/suspend`, `…/resume` or `…/resend-activation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Suspend the account.
    Suspend,
    /// Resume the suspended account.
    Resume,
    /// Send a new activation e-mail to the pending account.
    ResendActivation,
}

/// Creates an account, together with others of its tier that are being created at the same time.
pub async fn create<V: View>(
    call: Call<Create>,
    key: IdempotentRequest,
    command: Parsed<CreateAccount>,
) -> Result<Answer> {
    call.create(key, Creation::<V> { command, view: PhantomData }).await
}

/// The creation of an account that is shown as a `V`.
struct Creation<V> {
    command: Parsed<CreateAccount>,
    view: PhantomData<fn() -> V>,
}

impl<V: View> SetOperation for Creation<V> {
    fn claims(&self) -> Option<&str> {
        self.command.get().ok().map(|command| command.email.canonical())
    }

    fn carry_out(
        tx: &mut StoreConnection,
        tools: &Tools,
        asked: &[Asked<'_, Self>],
    ) -> Result<Vec<Result<(Answer, AccountId)>>> {
        let commands: Vec<Result<Asked<'_, CreateAccount>>> = asked
            .iter()
            .map(|Asked { operation, actor, now }| {
                actor.may(Target::Accounts(V::TIER))?;
                Ok(Asked { operation: operation.command.get()?, actor, now: *now })
            })
            .collect();
        let (mut given, mut refused) = (Vec::new(), Vec::new());
        for command in commands {
            refused.push(command.map(|command| given.push(command)).err());
        }
        let mut created = create::all(tx, tools, &given)?.into_iter();
        let answer = |refused: Option<Error>| {
            let created = match refused {
                Some(error) => Err(error),
                None => created.next().unwrap_or_else(|| Err(Refusal::NotFound.into())),
            }?;
            let id = created.id;
            Ok((V::created(created)?, id))
        };
        Ok(refused.into_iter().map(answer).collect())
    }
}

/// Responds with one account.
pub async fn get<V: View>(call: Call<Read>, id: String, conditions: Conditions) -> Result<Answer> {
    Ok(conditions.answer(V::answer(call.read_account(V::TIER, id).await?)?))
}

/// Responds with a page of accounts.
pub async fn list<V: View>(call: Call<Read>, query: String) -> Result<Answer> {
    let question = format!("GET {}?{query}", V::PATH);
    let searches = is_search(&query);
    let find = move |tx: &mut Tx<'_>, actor: &Actor| {
        actor.may(Target::Accounts(V::TIER))?;
        let request = ListRequest::read(V::TIER, V::PATH, &query)?;
        let caller = actor.name();
        let rows = accounts::list(tx, &actor.scope(), &request.filter(&caller)?)?;
        request.paging.answer(&caller, rows, |account| account.id.uuid(), V::from)
    };
    if searches { call.read_long(find).await } else { call.read_question(&question, find).await }
}

/// Changes an account with a merge patch. `change` carries the result of parsing the body: errors in it are reported
/// only after the caller's permission was checked.
pub async fn patch<V: View>(
    call: Call<Change>,
    id: String,
    conditions: Conditions,
    change: Parsed<accounts::Change>,
) -> Result<Answer> {
    call.write(move |tx, actor| {
        let account = actor.load_account(tx, V::TIER, &id)?;
        let change = change.get()?.clone();
        conditions.check_version(account.version)?;
        V::answer(change::update(tx, actor, account, change)?)
    })
    .await
}

/// Runs an action on an account.
pub async fn step<V: View>(
    call: Call<Change>,
    id: String,
    conditions: Conditions,
    key: IdempotentRequest,
    step: Step,
) -> Result<Answer> {
    call.write_once(key, move |tx, actor: &Actor| {
        let account = actor.load_account(tx, V::TIER, &id)?;
        conditions.check_version(account.version)?;
        V::answer(match step {
            Step::Suspend => life_cycle::suspend(tx, &account)?,
            Step::Resume => life_cycle::resume(tx, &account)?,
            Step::ResendActivation => life_cycle::resend_activation(tx, &account)?,
        })
    })
    .await
}

/// Closes an account and responds with 204.
pub async fn close<V: View>(call: Call<Change>, id: String, conditions: Conditions) -> Result<Answer> {
    call.write(move |tx, actor| {
        let account = actor.load_account(tx, V::TIER, &id)?;
        conditions.check_version(account.version)?;
        life_cycle::close(tx, &account)?;
        Ok(Answer::no_content())
    })
    .await
}

/// Responds with everything that has to be closed or removed before the account can be closed.
pub async fn closing_blockers<V: View>(call: Call<Read>, id: String) -> Result<Answer> {
    call.read(move |tx, actor| {
        let account = actor.load_account(tx, V::TIER, &id)?;
        Answer::ok(&BlockersView::from(blockers::open_descendants(tx, &account)?))
    })
    .await
}
