//! The worker that reads the users of tenants from Microsoft's directory. Any number of replicas may run it: only one of
//! them leases a directory at a time.

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use domain::account::{Account, Scope, Tier};
use domain::direct_routing::anchor_name;
use domain::directory::{Change, Directory, Link};
use domain::refusal::Refusal;
use domain::values::tenant::Tenant;
use persistence::accounts::Lock;
use persistence::{StoreConnection, accounts, direct_routing, directories};

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
    let now = app.clock.now();
    let leased = app.database.write(move |tx| load(tx, now)).await?;
    let Some((directory, account)) = leased else { return Ok(false) };
    let read = tokio::time::timeout(
        TIMEOUT,
        read_page(graph, &directory.tenant, (directory.link.as_deref(), directory.is_full), now),
    );
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

/// Leases the directory that is due, with its enterprise. One of a tenant that is no longer the enterprise's begins anew.
fn load(tx: &mut StoreConnection, now: Timestamp) -> Result<Option<(Directory, Account)>> {
    let Some(directory) = directories::lease(tx, now)? else { return Ok(None) };
    let account = accounts::by_id(tx, &Scope::Platform, Tier::Enterprise, directory.account)?;
    let account = account.ok_or(Refusal::NotFound)?;
    let tenant = tenant_of(tx, &account)?;
    if tenant == directory.tenant {
        return Ok(Some((directory, account)));
    }
    directories::forget(tx, account.id)?;
    let directory = Directory::new(account.id, tenant, now);
    directories::save(tx, &directory)?;
    Ok(Some((directory, account)))
}

/// Stores what was read, unless the directory has got elsewhere since.
async fn store(
    app: &App,
    tried: Directory,
    read: Result<Option<Page>, Unanswered>,
    domain: Option<String>,
) -> Result<()> {
    app.write_as(Origin::system("microsoft_graph"), move |tx| {
        accounts::lock(tx, tried.account, Lock::Exclusive)?;
        let now = tx.now;
        let known = directories::by_account(tx, tried.account)?.filter(|known| known.is_at(&tried));
        let Some(known) = known else { return Ok(()) };
        let after = match &read {
            Ok(Some(Page { changes, link })) => {
                // The service's own users are nobody to pick.
                let routing = direct_routing::load(tx, known.account)?;
                let own: Vec<String> =
                    routing.routes.iter().filter_map(|route| route.state.domain().map(anchor_name)).collect();
                let is_own =
                    |change: &Change| change.name.as_ref().is_some_and(|name| own.contains(&name.to_lowercase()));
                let changes = changes.iter().filter(|(_, change)| !change.as_ref().is_some_and(is_own)).cloned();
                let is_last = matches!(link, Link::Changes(_));
                directories::store_page(tx, &known, changes.collect(), domain.as_deref(), is_last)?;
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
