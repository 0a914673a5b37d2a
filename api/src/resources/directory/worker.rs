//! The worker that reads the users of tenants from Microsoft's directory. Any number of replicas may run it: only one of
//! them leases a directory at a time.

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use domain::account::{Account, Scope, Tier};
use domain::directory::{Directory, Link};
use domain::refusal::Refusal;
use domain::values::tenant::Tenant;
use persistence::accounts::Lock;
use persistence::{StoreConnection, accounts, directories};

use crate::access::Origin;
use crate::app::App;
use crate::error::{Error, Result};
use crate::graph::client::Unanswered;
use crate::graph::directory::{Page, read_page};
use crate::resources::accounts::routing::tenant_of;

/// Timeout of one page.
const TIMEOUT: Duration = Duration::from_mins(1);
/// How often the worker looks for due directories if it is not notified.
const LOOK: Duration = Duration::from_secs(5);

/// Runs the worker until its task is cancelled.
pub async fn run(app: Arc<App>) {
    loop {
        match read_next(&app).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the directories could not be read"),
        }
        let _ = tokio::time::timeout(LOOK, app.directories_ready.notified()).await;
    }
}

/// Reads the next page of the directory that has been due longest. Returns whether there was one.
pub async fn read_next(app: &App) -> Result<bool> {
    let Some(graph) = &app.graph else { return Ok(false) };
    let (now, also_pending) = (app.clock.now(), graph.has_one_tenant());
    let leased = app.database.write(move |tx| load(tx, also_pending, now)).await?;
    let Some((directory, account)) = leased else { return Ok(false) };
    let read = tokio::time::timeout(TIMEOUT, read_page(graph, &directory.tenant, directory.link.as_deref(), now));
    let read = read.await.unwrap_or_else(|_| {
        let detail = "Microsoft Graph took too long to answer.".to_owned();
        Err(Unanswered::Trouble { detail, retry_after: None })
    });
    // Where enterprises share a tenant, each sees the users of its own domain only.
    let own = Tenant::of_address(account.email.canonical()).ok();
    let domain = own.filter(|_| graph.has_one_tenant()).map(|own| own.as_str().to_owned());
    store(app, directory, read, domain).await?;
    Ok(true)
}

/// Leases the directory that is due, with its enterprise.
fn load(tx: &mut StoreConnection, also_pending: bool, now: Timestamp) -> Result<Option<(Directory, Account)>> {
    let Some(directory) = directories::lease(tx, also_pending, now)? else { return Ok(None) };
    let account = accounts::by_id(tx, &Scope::Platform, Tier::Enterprise, directory.account)?;
    Ok(Some((directory, account.ok_or(Refusal::NotFound)?)))
}

/// Stores what was read, unless the directory has changed since.
async fn store(
    app: &App,
    tried: Directory,
    read: Result<Option<Page>, Unanswered>,
    domain: Option<String>,
) -> Result<()> {
    app.write_as(Origin::system("microsoft_graph"), move |tx| {
        accounts::lock(tx, tried.account, Lock::Exclusive)?;
        let now = tx.now;
        let account = accounts::by_id(tx, &Scope::Platform, Tier::Enterprise, tried.account)?;
        let known = directories::by_account(tx, tried.account)?.filter(|known| *known == tried);
        let (Some(known), Some(account)) = (known, account) else { return Ok(()) };
        if tenant_of(tx, &account)? != known.tenant {
            // Another address names another tenant: nothing of the old one is shown.
            return Ok(directories::forget(tx, known.account)?);
        }
        let after = match &read {
            Ok(Some(Page { changes, removed, link })) => {
                let is_last = matches!(link, Link::Changes(_));
                let page = (changes.clone(), removed.clone());
                directories::store_page(tx, &known, page, domain.as_deref(), is_last)?;
                known.read(link.clone(), now)
            }
            Ok(None) => known.begun_anew(now),
            Err(Unanswered::Trouble { detail, retry_after }) => known.failed(detail.clone(), *retry_after, now),
            Err(Unanswered::Refused { detail, .. }) => known.failed(detail.clone(), None, now),
        };
        directories::save(tx, &after).map_err(Error::from)
    })
    .await
}
